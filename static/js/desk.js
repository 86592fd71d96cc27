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

  // Remarks for a return: empty rows wait out of sight; a pin beside a value opens one on it.
  const remarks = document.querySelector("[data-remarks]");
  if (remarks) {
    const rows = () => [...remarks.querySelectorAll("[data-remark]")];
    const isBlank = (row) => [...row.querySelectorAll("select, textarea")].every((field) => field.value === "");
    const add = remarks.querySelector("[data-remark-add]");
    const showOne = () => {
      const row = rows().find((found) => found.hidden) ?? rows().find(isBlank);
      if (row) row.hidden = false;
      else add.form.requestSubmit(add);
      return row;
    };
    for (const row of rows()) row.hidden = isBlank(row);
    add.addEventListener("click", (event) => {
      if (!rows().some((row) => row.hidden)) return;
      event.preventDefault();
      showOne().querySelector("select").focus();
    });
    for (const pin of document.querySelectorAll("[data-pin]")) {
      pin.hidden = false;
      pin.addEventListener("click", () => {
        const row = rows().find((found) => !found.hidden && isBlank(found)) ?? showOne();
        if (!row) return;
        row.querySelector("[name$='-place']").value = pin.dataset.pin;
        row.querySelector("[name$='-part']").value = pin.dataset.pinPart;
        row.querySelector("textarea").focus();
        row.scrollIntoView({ block: "center" });
      });
    }
  }

  // A paper beside the data closes by its button or by Escape, and the focus goes back to where it was opened.
  const closeLook = (look) => {
    look.open = false;
    look.querySelector("summary").focus();
  };
  for (const button of document.querySelectorAll("[data-look-close]")) {
    button.hidden = false;
    button.addEventListener("click", () => closeLook(button.closest("details")));
  }
  document.addEventListener("keydown", (event) => {
    const look = document.querySelector("details.look[open]");
    if (event.key === "Escape" && look && !document.querySelector("dialog[open]")) closeLook(look);
  });

  const waiting = document.querySelector("[data-reload-after]");
  if (waiting) {
    const url = waiting.querySelector("a").href;
    setTimeout(() => location.replace(url), Number(waiting.dataset.reloadAfter) * 1000);
  }
})();
