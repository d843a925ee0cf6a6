// One tab of a browser has the phone; when it is closed, another takes over within seconds. A reloading tab is back sooner
// than the others ask, so that it keeps its call. Which browser has it, the box decides: by the browser's name.

const NAME = "foyer.phone";
const ASK_MS = 3000;

/** Calls `have()` once this tab has the phone (until it is closed), and `miss()` if another one has it first. */
export function holdPhone(have, miss) {
  if (!navigator.locks) {
    have();
    return;
  }
  let isMissing = false;
  const ask = () => {
    navigator.locks.request(NAME, { ifAvailable: true }, (lock) => {
      if (lock) {
        have();
        return new Promise(() => {}); // held for as long as the tab lives
      }
      if (!isMissing) miss();
      isMissing = true;
      setTimeout(ask, ASK_MS);
      return undefined;
    });
  };
  ask();
}

/** A name that all pages of this browser share; "" where it keeps nothing. */
export function browserName() {
  try {
    return (localStorage["foyer.browser"] ??= crypto.randomUUID?.() ?? String(Math.random()));
  } catch {
    return "";
  }
}
