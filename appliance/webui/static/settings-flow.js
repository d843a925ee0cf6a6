// The editor of a flow: the form of one step at a time, chosen in the picture, which follows whatever is chosen in it.
// Without this, all steps stand below the picture, and a button draws it anew.
"use strict";

const picture = document.getElementById("picture");
const steps = [...document.querySelectorAll(".flow-step")];

// Shows these steps only, and marks them in the picture.
function show(chosen) {
  for (const step of steps) {
    step.classList.toggle("is-away", !chosen.includes(step));
    const box = document.getElementById(`box-${step.id}`);
    if (chosen.includes(step)) box?.setAttribute("aria-current", "true");
    else box?.removeAttribute("aria-current");
  }
}

// Brings a box of the picture into view, without moving the page.
function reveal(box) {
  const seen = picture.getBoundingClientRect();
  const is = box.getBoundingClientRect();
  if (is.left >= seen.left && is.right <= seen.right && is.top >= seen.top && is.bottom <= seen.bottom) return;
  picture.scrollBy(is.left + is.width / 2 - seen.left - seen.width / 2, is.top + is.height / 2 - seen.top - seen.height / 2);
}

// Goes to a step's form or to a field, as the picture's links say.
function go(id) {
  const target = document.getElementById(id);
  if (!target) return;
  const step = target.closest(".flow-step");
  if (step) show([step]);
  target.focus();
  target.scrollIntoView({ block: step === target ? "nearest" : "center" });
}

picture.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  go(link.getAttribute("href").slice(1));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#box-"]');
  if (!link) return;
  event.preventDefault();
  const box = document.getElementById(link.getAttribute("href").slice(1));
  picture.scrollIntoView({ block: "nearest" });
  reveal(box);
  box.focus();
});

// Where a step leads was chosen, and the box drew the flow anew: what was just made or does not fit, else the place of the
// choice, else the first step.
const PLACE = "foyer-flow-place";
const fresh = steps.filter((step) => "fresh" in step.dataset);
const wrong = steps.filter((step) => step.querySelector(".error"));
const places = (sessionStorage.getItem(PLACE) ?? "").split(" ").filter((id) => document.getElementById(id));
sessionStorage.removeItem(PLACE);
if (fresh.length || wrong.length) show([...new Set([...fresh, ...wrong])]);
else show(steps.slice(0, 1));
if (places.length && !fresh.length && !wrong.length) go(places[0]);
for (const box of picture.querySelectorAll("[aria-current]")) reveal(box);

function draw(select) {
  waiting = null;
  sessionStorage.setItem(PLACE, `${select.id} ${select.closest(".flow-step")?.id ?? ""}`);
  select.form.requestSubmit(select.form.querySelector('button[name="stage"][value="edit"]'));
}

// With the keyboard a choice changes at every arrow: it counts once it is confirmed, or left.
let byKey = false;
let waiting = null;

document.addEventListener("pointerdown", () => { byKey = false; });
document.addEventListener("keydown", (event) => {
  byKey = event.key !== "Enter";
  if (event.key === "Enter" && waiting === event.target) {
    event.preventDefault();
    draw(waiting);
  }
});
document.addEventListener("change", (event) => {
  if (!(event.target instanceof HTMLSelectElement) || !("way" in event.target.dataset)) return;
  if (byKey) waiting = event.target;
  else draw(event.target);
});
document.addEventListener("focusout", (event) => {
  if (waiting === event.target) draw(waiting);
});
