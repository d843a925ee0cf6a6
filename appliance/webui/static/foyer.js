// For every page: carries the session's word with scripted requests, says when the session ended or a request failed,
// offers what only makes sense with a script (copy, print, show a password), and closes the menu on Escape.
"use strict";

(() => {
  const word = document.querySelector('meta[name="csrf"]')?.content ?? "";

  // A sentence for the reader, where screen readers listen. Other scripts of the page use it: Foyer.notice(text, kind).
  function notice(text, kind = "info") {
    const place = document.getElementById("notices");
    if (!place || !text) return;
    const known = [...place.children].find((child) => child.textContent === text);
    if (known) return;
    const box = document.createElement("div");
    box.className = `notice notice-${kind}`;
    const words = document.createElement("p");
    words.className = "notice-body";
    words.textContent = text;
    box.append(words);
    place.append(box);
  }
  window.Foyer = Object.freeze({ csrf: word, notice });

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF"] = word;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const problem = answer.getResponseHeader("X-Foyer-Problem");
    if (problem) notice(decodeURIComponent(problem), "bad");
    else if (answer.status === 401) notice(answer.responseText, "warn");
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-print], [data-reveal]");
    if (!button) return;
    if (button.dataset.copy) {
      const source = document.getElementById(button.dataset.copy);
      navigator.clipboard?.writeText(source?.value ?? source?.textContent.trim() ?? "").then(() => {
        notice(button.dataset.done, "good");
      });
    } else if ("print" in button.dataset) {
      window.print();
    } else {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A form in flight is not sent again by a second click; the box would carry it out once anyway.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    window.setTimeout(() => delete form.dataset.sent, 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Elements that only work with a script are hidden until it runs.
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
})();
