/* Keys of the officials' pages: each leads to what carries its letter in data-key; "?" lists them. None while typing. */
"use strict";

(() => {
  const list = document.querySelector("[data-keys]");
  const typing = (target) =>
    target.closest("input, textarea, select, [contenteditable]") !== null || document.querySelector("dialog[open]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.key === "?" && list?.open) {
      event.preventDefault();
      list.close();
      return;
    }
    if (!(event.target instanceof Element) || typing(event.target)) return;
    if (event.key === "?" && list) {
      event.preventDefault();
      list.showModal();
      return;
    }
    const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key && !one.disabled);
    if (!found) return;
    event.preventDefault();
    // A decision is never made by one key: the key leads to the button.
    found.focus();
    found.scrollIntoView({ block: "nearest" });
  });
})();
