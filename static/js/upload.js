/*
 * Uploads with progress, and files dropped on a form[data-upload]; without this script the same forms work as forms.
 * The server's answer is the record's whole section, which takes the place of the old one. The server alone decides what
 * comes in: the check of the size here only saves a wait. Several dropped files are sent one after the other.
 */
"use strict";

(() => {
  const prepare = (root) => {
    for (const form of root.querySelectorAll("form[data-upload]")) {
      const hint = form.querySelector(".upload-hint");
      if (hint) hint.hidden = false;
    }
  };
  const say = (form, text) => {
    form.querySelector(".upload-state").textContent = text;
  };
  const worded = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

  const show = (section, html, item) => {
    const answer = new DOMParser().parseFromString(html, "text/html").getElementById(section.id);
    if (!answer) return null;
    const fresh = document.adoptNode(answer);
    section.replaceWith(fresh);
    window.htmx?.process(fresh);
    prepare(fresh);
    const paper = [...fresh.querySelectorAll("input[name=item]")].find((input) => input.value === item)?.closest(".paper");
    const next = paper?.querySelector("[data-upload-error]") ?? paper?.querySelector("input[type=file]");
    if (next) {
      if (!next.matches("input")) next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
    return fresh;
  };

  // Sends one file; resolves with the form that takes the next one, or null when this one was refused.
  const send = (form, file) => new Promise((resolve) => {
    const texts = form.dataset;
    const values = { name: file.name, percent: 0 };
    if (file.size > Number(texts.limit) * 1024 * 1024) {
      say(form, worded(texts.textLarge, values));
      resolve(null);
      return;
    }
    const section = form.closest(".papers");
    const item = form.elements.item.value;
    const data = new FormData(form);
    data.set("file", file);
    const bar = form.querySelector("progress");
    const request = new XMLHttpRequest();
    const done = (text) => {
      bar.hidden = true;
      delete form.dataset.busy;
      if (text) say(form, text);
    };
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      values.percent = Math.floor((100 * event.loaded) / event.total);
      bar.value = values.percent;
      say(form, worded(values.percent < 100 ? texts.textSending : texts.textExamining, values));
    });
    request.addEventListener("error", () => {
      done(texts.textFailed);
      resolve(null);
    });
    request.addEventListener("load", () => {
      const here = new URL(request.responseURL).pathname === new URL(form.action).pathname;
      if (!here || request.status === 403) done(texts.textSignedOut);
      else if (![200, 422].includes(request.status)) done(texts.textFailed);
      else {
        done("");
        const fresh = show(section, request.responseText, item);
        const forms = fresh ? [...fresh.querySelectorAll("form[data-upload]")] : [];
        const next = forms.find((other) => other.elements.item.value === item && !other.elements.replaces);
        resolve(request.status === 200 ? next ?? null : null);
        return;
      }
      resolve(null);
    });
    form.dataset.busy = "1";
    bar.hidden = false;
    bar.value = 0;
    say(form, worded(texts.textSending, values));
    request.send(data);
  });

  const sendAll = async (form, files) => {
    let target = form.dataset.busy ? null : form;
    for (const file of files) {
      if (!target) return;
      target = await send(target, file);
    }
  };

  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (form && event.target.matches("input[type=file]") && event.target.files.length) {
      sendAll(form, [...event.target.files]);
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-upload]")) return;
    event.preventDefault();
    sendAll(form, [...form.querySelector("input[type=file]").files]);
  }, true);

  const over = (event) => event.target.closest?.("form[data-upload]");
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      for (const form of document.querySelectorAll(".upload.is-target")) {
        if (form !== over(event)) form.classList.remove("is-target");
      }
      over(event)?.classList.add("is-target");
    });
  }
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    // Beside a form a dropped file would replace the page.
    event.preventDefault();
    const form = over(event);
    document.querySelectorAll(".upload.is-target").forEach((other) => other.classList.remove("is-target"));
    if (form) sendAll(form, [...event.dataTransfer.files]);
  });
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  prepare(document);
})();
