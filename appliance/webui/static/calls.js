// The pages of one call and of one person: they follow what happens, and a recording that cannot be played says why.

import "./events.js";
import "./clock.js";

document.addEventListener("error", (event) => {
  if (event.target.tagName !== "AUDIO") return;
  const words = event.target.closest("[data-recording]")?.querySelector("[role=alert]");
  if (words) words.hidden = false;
}, true);

document.addEventListener("play", (event) => {
  const words = event.target.closest("[data-recording]")?.querySelector("[role=alert]");
  if (words) words.hidden = true;
}, true);
