// The wizard: shows the questions about the phone line only to who has one.
"use strict";

(() => {
  const parts = document.querySelectorAll("[data-when]");

  function update() {
    for (const part of parts) {
      const [name, value] = part.dataset.when.split("=");
      const chosen = document.querySelector(`input[name="${name}"]:checked`);
      part.hidden = chosen?.value !== value;
    }
  }

  document.addEventListener("change", update);
  window.addEventListener("pageshow", update);
  update();
})();
