/* The officials' desk, better with JavaScript: menus apply at once, a running calculation is looked after. */
"use strict";

(() => {
  for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select")) form.requestSubmit();
    });
    // An address without the filters that filter nothing is one that a person can pass on.
    form.addEventListener("submit", () => {
      for (const field of form.querySelectorAll("select, input[type='search']")) field.disabled = field.value === "";
    });
    window.addEventListener("pageshow", () => {
      for (const field of form.elements) field.disabled = false;
    });
  }

  const waiting = document.querySelector("[data-reload-after]");
  if (waiting) {
    const url = waiting.querySelector("a").href;
    setTimeout(() => location.replace(url), Number(waiting.dataset.reloadAfter) * 1000);
  }
})();
