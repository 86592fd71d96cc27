/*
 * What makes the pages nicer; every page works without it. All listeners sit on the document, so parts that htmx or the
 * autosave bring in need no set-up. Texts come from data attributes of <body>, because they are translated there.
 * Nothing is kept in the browser: a draft may hold personal data.
 */
"use strict";

(() => {
  document.documentElement.classList.add("js");
  const texts = document.body.dataset;
  const dirty = new Set();

  // Menus made of <details>: one open at a time, closed by a click elsewhere or Escape.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Money: thousands while typing. The server reads the commas; full-width digits of a Chinese keyboard become plain.
  const grouped = (text) => {
    const plain = text.normalize("NFKC").replace(/[,\s]/g, "");
    if (!/^-?\d*(\.\d*)?$/.test(plain)) return null;
    const [whole, ...rest] = plain.split(".");
    return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
  };
  // A comma that this script did not set may be a decimal comma: it stays, and the server asks.
  const wellGrouped = /^-?\d{1,3}(,\d{3})*(\.\d*)?$/;
  const group = (input, typed = "") => {
    const ours = input.dataset.grouped !== undefined && typed !== ",";
    if (input.value.includes(",") && !wellGrouped.test(input.value) && !ours) {
      delete input.dataset.grouped;
      return;
    }
    const value = grouped(input.value);
    if (value === null) return;
    input.dataset.grouped = "";
    if (value === input.value) return;
    const after = input.value.slice(input.selectionStart).replace(/,/g, "").length;
    const focused = document.activeElement === input;
    input.value = value;
    if (!focused) return;
    let caret = value.length;
    for (let left = after; left > 0 && caret > 0; caret -= 1) if (value[caret - 1] !== ",") left -= 1;
    input.setSelectionRange(caret, caret);
  };
  const groupAll = (root) => root.querySelectorAll("input[data-money]").forEach((input) => group(input));

  // Rows of a formset: data-formset="prefix" around rows, <template> and the button data-formset-add.
  const showButtons = (root) => {
    for (const button of root.querySelectorAll("[data-formset-remove][hidden]")) button.hidden = false;
    for (const row of root.querySelectorAll("[data-formset-row]")) {
      // The button replaces the checkbox that serves a browser without JavaScript.
      const box = row.querySelector("input[name$='-DELETE']");
      const field = box?.closest(".field");
      if (field && row.querySelector("[data-formset-remove]")) field.hidden = true;
    }
  };
  const addRow = (formset) => {
    const total = formset.querySelector(`[name="${formset.dataset.formset}-TOTAL_FORMS"]`);
    const holder = document.createElement("div");
    holder.innerHTML = formset.querySelector("template").innerHTML
      .replaceAll("__prefix__", total.value)
      .replaceAll("__number__", Number(total.value) + 1);
    const row = holder.firstElementChild;
    (formset.querySelector("[data-formset-rows]") ?? formset).append(row);
    total.value = Number(total.value) + 1;
    showButtons(formset);
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  const removeRow = (row) => {
    const formset = row.closest("[data-formset]");
    const box = row.querySelector("input[name$='-DELETE']");
    if (box) {
      box.checked = true;
      row.hidden = true;
    } else {
      // The gap in the numbers is read by the server as an empty row.
      row.remove();
    }
    formset.querySelector("[data-formset-add]")?.focus();
    changed(formset.closest("form"));
  };
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-formset-add]");
    const remove = event.target.closest("[data-formset-remove]");
    if (add) {
      event.preventDefault();
      addRow(add.closest("[data-formset]"));
    } else if (remove) {
      event.preventDefault();
      removeRow(remove.closest("[data-formset-row]"));
    }
  });

  // Who is signed in? Signing in anew makes the tokens of the page's forms worthless: they are renewed with the answer.
  const signedOut = document.querySelector("template[data-session-url]");
  const OPEN_LONG = 10 * 60 * 1000;
  let askedAt = Date.now();
  const stillSignedIn = async () => {
    const answer = await fetch(signedOut.dataset.sessionUrl, { credentials: "same-origin" });
    const { user, token } = await answer.json();
    if (user !== signedOut.dataset.user) return false;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    if (document.body.hasAttribute("hx-headers")) {
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    }
    askedAt = Date.now();
    return true;
  };
  const tellSignedOut = (form) => {
    form.previousElementSibling?.matches("[data-signed-out]") && form.previousElementSibling.remove();
    const notice = signedOut.content.firstElementChild.cloneNode(true);
    notice.dataset.signedOut = "";
    form.before(notice);
    notice.focus();
  };
  const sendIfSignedIn = async (form, button) => {
    let yes = true; // no answer is no reason to hold anything back
    try {
      yes = await stillSignedIn();
    } catch {
      askedAt = Date.now();
    }
    if (yes) form.requestSubmit(button);
    else tellSignedOut(form);
  };

  // Autosave: 800 ms after the last key, one request at a time, tried again after a failure.
  const savers = new WeakMap();
  const say = (form, text) => {
    const state = form.querySelector("[data-save-state]") ?? document.querySelector("[data-save-state]");
    if (state) state.textContent = text;
  };
  const swap = (html) => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    for (const part of answer.querySelectorAll("#save-state, #estimate, [data-swap][id]")) {
      const old = document.getElementById(part.id);
      if (!old) continue;
      old.replaceWith(document.adoptNode(part));
      window.htmx?.process(part);
    }
  };
  const schedule = (form, delay) => {
    const saver = savers.get(form);
    clearTimeout(saver.timer);
    saver.timer = setTimeout(() => save(form), delay);
  };
  const save = async (form) => {
    const saver = savers.get(form);
    if (saver.busy || saver.stopped) return;
    saver.busy = true;
    saver.again = false;
    try {
      const response = await fetch(form.dataset.autosaveUrl, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "XMLHttpRequest" },
        credentials: "same-origin",
      });
      if (response.redirected || response.status === 401 || response.status === 403) {
        // Signed in again in another window: go on at once.
        saver.renewed = !saver.renewed && (await stillSignedIn());
        if (!saver.renewed) say(form, texts.textSignIn);
        schedule(form, saver.renewed ? 0 : 30000);
      } else if (response.status >= 500 || response.status === 429) {
        throw new Error(String(response.status));
      } else {
        // A refusal (someone else changed the draft, say) arrives as the same parts, with its sentence.
        swap(await response.text());
        saver.failures = 0;
        saver.renewed = false;
        saver.stopped = response.status === 409;
        if (response.ok && !saver.again) dirty.delete(form);
      }
    } catch {
      saver.failures += 1;
      say(form, texts.textUnsaved);
      schedule(form, Math.min(30000, 1000 * 2 ** saver.failures));
    } finally {
      saver.busy = false;
      if (saver.again) schedule(form, 800);
    }
  };
  const changed = (form) => {
    if (!form?.matches("[data-autosave-url], [data-unsaved-warning]")) return;
    dirty.add(form);
    if (!form.dataset.autosaveUrl) return;
    if (!savers.has(form)) savers.set(form, { failures: 0 });
    const saver = savers.get(form);
    if (saver.stopped) return;
    if (saver.busy) saver.again = true;
    else schedule(form, 800);
    if (!saver.failures) say(form, texts.textSaving);
  };
  window.addEventListener("online", () => dirty.forEach((form) => savers.has(form) && schedule(form, 0)));

  const typed = (event) => {
    const input = event.target;
    if (event.isComposing) return;
    if (input.matches?.("input[data-money]")) group(input, event.data);
    changed(input.form);
  };
  document.addEventListener("input", typed);
  document.addEventListener("change", typed);
  document.addEventListener("compositionend", typed);

  // Leaving with something unsaved, and pressing a button twice. The server is the real guard of both.
  window.addEventListener("beforeunload", (event) => {
    if (dirty.size) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (signedOut && Date.now() - askedAt > OPEN_LONG && form.closest("main, #content")) {
      event.preventDefault();
      sendIfSignedIn(form, event.submitter);
      return;
    }
    dirty.delete(form);
    const saver = savers.get(form);
    if (saver) {
      clearTimeout(saver.timer);
      saver.stopped = true;
    }
    form.dataset.sent = "1";
    form.classList.add("is-busy");
    // Buttons stay enabled, so that the pressed one is sent; a download or a slow answer frees them again.
    setTimeout(() => release(form), 8000);
  });
  const release = (form) => {
    delete form.dataset.sent;
    form.classList.remove("is-busy");
    const saver = savers.get(form);
    if (saver) saver.stopped = false;
  };
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form.is-busy").forEach(release);
  });

  // A link to take along: the field stays for a browser that lets no script write to the clipboard.
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }

  // On arrival
  groupAll(document);
  showButtons(document);
  document.querySelector("[data-error-summary]")?.focus();
  document.querySelector("form[data-carry-on]")?.requestSubmit(); // the factor was shown: what waited goes on
  document.addEventListener("htmx:load", (event) => {
    groupAll(event.target);
    showButtons(event.target);
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
