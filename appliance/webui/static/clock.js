// Counts on what the box sent as moments: <span data-since="1795302771543"> shows how long ago that is, by the box's own
// clock, which is learned from the data-now that came with it. At a moment in data-refetch-at, what is shown is out of date
// without any event, and is fetched anew. Also formats lengths of time for other scripts.

let offsetMs = null; // the box's clock minus ours

// Digits as the page's language writes them, at least so many.
const digits = (least) => new Intl.NumberFormat(document.documentElement?.lang || "en", { minimumIntegerDigits: least, useGrouping: false });
const [one, two] = [digits(1), digits(2)];

/** "0:07", "12:30", "1:02:03", as the box writes them. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, two.format(seconds % 60)];
  return hours ? `${one.format(hours)}:${two.format(minutes)}:${rest}` : `${one.format(minutes)}:${rest}`;
}

/** The box's time now, in milliseconds. */
export function now() {
  return Date.now() + (offsetMs ?? 0);
}

/** Learn the box's clock. The smallest delay is the best measure, so a later sample never sets it back. */
export function learn(boxNowMs) {
  const measured = boxNowMs - Date.now();
  if (offsetMs === null || measured > offsetMs || measured < offsetMs - 60_000) offsetMs = measured;
}

function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const text = duration(now() - Number(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
    const limitS = Number(element.dataset.limit ?? 0);
    if (limitS) element.classList.toggle("is-late", now() - Number(element.dataset.since) > limitS * 1000);
  }
  for (const element of document.querySelectorAll("[data-refetch-at]")) {
    if (now() < Number(element.dataset.refetchAt)) continue;
    delete element.dataset.refetchAt; // events.js fetches what it is in
    element.dispatchEvent(new CustomEvent("foyer:due", { bubbles: true }));
  }
}

function learnFrom(root) {
  const sources = root.matches?.("[data-now]") ? [root] : root.querySelectorAll("[data-now]");
  for (const source of sources) learn(Number(source.dataset.now));
}

learnFrom(document);
tick();
setInterval(tick, 1000);
document.addEventListener("foyer:replaced", (event) => {
  learnFrom(event.target);
  tick();
});
