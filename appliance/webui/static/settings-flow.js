// The editor of a flow: a new step that was chosen appears at once. Without this, a button shows it.
"use strict";

document.addEventListener("change", (event) => {
  const chosen = event.target;
  if (chosen instanceof HTMLSelectElement && chosen.value.startsWith("new:")) {
    chosen.form.requestSubmit(chosen.form.querySelector('button[name="stage"][value="edit"]'));
  }
});
