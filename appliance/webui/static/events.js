// News from the box. One stream per browser, shared by its tabs: the tab that holds a Web Lock reads the stream and passes
// everything on over a BroadcastChannel; a tab that hears nothing from it opens a stream of its own.
//
// Pages need no script for most of it: an element with data-fragment="/live/board" data-on="live agent" is fetched anew
// when such an event comes (with data-about="ids": only if it is about one of them; with data-every="ms": at most so often), and always after a gap. Scripts use `listen(kinds, handler)` and `onRefetch(handler)`.
//
// The stream is read with fetch, not EventSource, for its status codes: 401 means signed out, 503 come back later.

const NAME = "foyer.events";
const QUIET_MS = 35_000; // the box says something every 15 s
const ANSWER_MS = 5_000; // for the stream to begin
const WAIT_MIN_MS = 400;
const WAIT_MAX_MS = 8_000;
const REFETCH_MS = 250; // at most so often for one element
const BANNER_MS = 1_200; // a shorter cut is nobody's business
const KINDS = new Set(["conversation", "segment", "message", "agent", "live", "site", "apply", "user", "request", "person", "callback"]);

const handlers = [];
const refetchers = [];
const channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
let isLeader = false;
let ownStream = null; // a follower's own, while the leader is silent
let heardAt = Date.now();
let lastId = Number(document.querySelector("[data-event-id]")?.dataset.eventId ?? 0);
let trouble = ""; // "", "lost", or why the box has no stream for this browser
let isLeaving = false;
let bannerTimer = 0;
let giveUp = () => {}; // ends the stream that is being read, so that another is tried

/** Call `handler({kind, id, subject, ...ids})` for these kinds of event (an array, or "*"). */
export function listen(kinds, handler) {
  handlers.push({ kinds: kinds === "*" ? KINDS : new Set(kinds), handler });
}

/** Call `handler()` when events were missed: everything shown may be old. */
export function onRefetch(handler) {
  refetchers.push(handler);
}

// --- the stream -------------------------------------------------------------------------------------------------------

/** Reads the stream again and again until `signal` aborts, and gives each event to `take(name, data)`. */
async function follow(signal, take) {
  let failures = 0;
  while (!signal.aborted) {
    let waitMs = 0;
    let isExplained = false; // why there is no stream, by the box itself
    const pass = (name, data) => {
      isExplained = name === "full" || name === "signed-out";
      take(name, data);
    };
    const attempt = new AbortController();
    const end = () => attempt.abort();
    signal.addEventListener("abort", end); // by hand: AbortSignal.any() is younger than the browsers that are promised
    giveUp = end;
    const tooLong = setTimeout(end, ANSWER_MS);
    try {
      const answer = await fetch("/events", {
        headers: { "Last-Event-ID": String(lastId || ""), "X-CSRF": window.Foyer?.csrf ?? "" },
        cache: "no-store",
        signal: attempt.signal,
      });
      clearTimeout(tooLong);
      if (answer.status === 401 || answer.status === 403 || answer.redirected) pass("signed-out", {});
      else if (answer.ok) {
        failures = 0;
        await read(answer.body.getReader(), signal, pass);
      } else if (answer.status === 503 && answer.headers.get("Content-Type")?.startsWith("text/plain")) {
        // The pages' own word (Caddy's, while they are away, is a page): the box is there, but has no stream to spare.
        failures = 0;
        pass("full", { words: await answer.text() });
      }
      waitMs = Number(answer.headers.get("Retry-After") ?? 0) * 1000;
    } catch {
      // No connection; told below.
    }
    clearTimeout(tooLong);
    signal.removeEventListener("abort", end);
    if (signal.aborted || isLeaving) return;
    if (!isExplained) take("lost", {});
    failures += 1;
    const longest = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** failures);
    await sleep(waitMs + longest * (0.5 + Math.random() / 2), signal);
  }
}

/** Something else could not reach the box: if the stream was silent meanwhile, it may be dead as well. */
export function doubt() {
  if (Date.now() - heardAt < 2_000) return;
  if (isLeader || ownStream) giveUp();
  else channel?.postMessage({ name: "doubt" });
}

async function read(reader, signal, take) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const quiet = setTimeout(() => reader.cancel(), QUIET_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(quiet));
    if (done || signal.aborted) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      take(fields.event ?? "alive", fields.data ? JSON.parse(fields.data) : {});
    }
  }
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

// --- leader and followers ---------------------------------------------------------------------------------------------

/** Something from the stream, in whichever tab reads it. */
function take(name, data) {
  if (data.id) lastId = data.id;
  channel?.postMessage({ name, data });
  hear(name, data);
}

function hear(name, data) {
  heardAt = Date.now();
  if (name === "lost") return setTrouble("lost");
  if (name === "signed-out") {
    setTrouble("");
    return showSignedOut();
  }
  if (name === "full") {
    setTrouble(data.words);
    return refetchAll(); // and so at every try
  }
  setTrouble("");
  if (name === "refetch") refetchAll();
  else if (KINDS.has(name)) tell({ ...data, kind: name }); // a live row has a kind of its own
}

if (channel) {
  channel.onmessage = ({ data: message }) => {
    if (message.name === "who-leads") {
      if (isLeader) channel.postMessage({ name: "leading", data: { id: lastId, trouble } });
      return;
    }
    if (message.name === "doubt") {
      if (isLeader) doubt();
      return;
    }
    if (isLeader) return; // our own stream says the same
    ownStream?.abort();
    ownStream = null;
    if (message.name === "leading") {
      heardAt = Date.now();
      setTrouble(message.data.trouble);
      // Events between this page's making and now went to the tabs that were there.
      if (message.data.id !== lastId) refetchAll();
      lastId = message.data.id;
      return;
    }
    if (message.data.id) lastId = message.data.id;
    hear(message.name, message.data);
  };
}

function followAlone() {
  if (ownStream || isLeader) return;
  ownStream = new AbortController();
  follow(ownStream.signal, hearAlone);
}

function hearAlone(name, data) {
  if (data.id) lastId = data.id;
  hear(name, data);
}

function begin() {
  if (!channel || !navigator.locks) return followAlone();
  navigator.locks.request(NAME, () => {
    isLeader = true;
    ownStream?.abort();
    ownStream = null;
    return follow(new AbortController().signal, take); // held until the tab goes
  });
  channel.postMessage({ name: "who-leads" });
  setInterval(() => {
    if (!isLeader && !ownStream && Date.now() - heardAt > QUIET_MS) followAlone();
  }, 5_000);
}

// --- what the pages do with it ------------------------------------------------------------------------------------------

function tell(event) {
  for (const { kinds, handler } of handlers) if (kinds.has(event.kind)) handler(event);
  for (const element of document.querySelectorAll("[data-fragment]")) {
    const { on, about } = element.dataset;
    const isWanted = (on ?? "").split(" ").includes(event.kind);
    const isAbout = !about || about.split(" ").some((id) => [event.subject, event.conversation, event.person].includes(id));
    if (isWanted && isAbout) refetchSoon(element, 0);
  }
}

function refetchAll() {
  refetchers.forEach((handler) => handler());
  // Not all browsers of the house at once, after the box was away.
  for (const element of document.querySelectorAll("[data-fragment]")) refetchSoon(element, Math.random() * 500);
}

const states = new WeakMap();

function refetchSoon(element, delayMs) {
  const state = states.get(element) ?? { timer: 0, isBusy: false, isAgain: false, at: 0, failures: 0 };
  states.set(element, state);
  if (state.isBusy) {
    state.isAgain = true;
    return;
  }
  if (state.timer) return;
  const everyMs = Number(element.dataset.every ?? REFETCH_MS);
  const waitMs = Math.max(delayMs, state.at + everyMs - Date.now(), 0);
  state.timer = setTimeout(() => refetch(element, state), waitMs);
}

/** Fetch an element's part of the page as soon as may be; its address may have changed. */
export function refetchNow(element) {
  refetchSoon(element, 0);
}

async function refetch(element, state) {
  Object.assign(state, { timer: 0, isBusy: true, isAgain: false, at: Date.now() });
  try {
    const html = await fetchFragment(element.dataset.fragment);
    state.failures = 0;
    if (html !== null) replace(element, html);
  } catch (error) {
    // What is forbidden or gone stays so, until the next event about it.
    const isFinal = error.status === 403 || error.status === 404;
    state.failures = isFinal ? 0 : state.failures + 1;
    state.isAgain ||= !isFinal;
    if (!error.isAnswered) doubt();
  }
  state.isBusy = false;
  if (state.isAgain && element.isConnected) refetchSoon(element, state.failures && Math.min(8000, 500 * 2 ** state.failures));
}

/** A script changed the element itself: whatever the box sends next is put in. */
export function forget(element) {
  given.delete(element);
}

/** The HTML of a part of a page, null if what is shown may stay; throws when the box does not answer as it should. */
async function fetchFragment(path) {
  const answer = await fetch(path, { headers: { "HX-Request": "true" }, cache: "no-store" });
  if (answer.status === 401) showSignedOut();
  // Up to 500 it is the pages that answer, as the stream's other end does; above, perhaps Caddy in their place.
  if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status, isAnswered: answer.status <= 500 });
  return answer.status === 204 ? null : answer.text();
}

const given = new WeakMap();

/**
 * Put HTML of the box into an element, keeping the focus and open menus; nothing is touched if nothing changed but the
 * box's time.
 */
function replace(element, html) {
  // Who listens to something is not interrupted: it is put in afterwards.
  const playing = [...element.querySelectorAll("audio")].find((each) => !each.paused);
  if (playing) {
    playing.addEventListener("pause", () => refetchSoon(element, 300), { once: true });
    return;
  }
  const timeless = html.replace(/ data-now="\d+"/g, "");
  if (given.get(element) === timeless) return;
  given.set(element, timeless);
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...element.querySelectorAll("details")].map((each) => each.open);
  element.innerHTML = html;
  element.querySelectorAll("details").forEach((each, at) => (each.open = open[at] ?? each.open));
  if (focused) document.getElementById(focused)?.focus();
  element.dispatchEvent(new CustomEvent("foyer:replaced", { bubbles: true }));
}

function setTrouble(now) {
  if (now === trouble) return;
  trouble = now;
  clearTimeout(bannerTimer);
  bannerTimer = setTimeout(() => {
    const banner = document.getElementById("connection");
    if (!banner) return;
    banner.hidden = !trouble;
    banner.lastElementChild.textContent = trouble === "lost" ? banner.dataset.lost : trouble;
  }, trouble ? BANNER_MS : 0);
}

function showSignedOut() {
  window.Foyer?.notice(document.getElementById("connection")?.dataset.signedOut, "warn");
}

document.addEventListener("foyer:due", (event) => {
  const element = event.target.closest("[data-fragment]");
  if (element) refetchSoon(element, 300);
});
addEventListener("pagehide", () => {
  isLeaving = true;
});
addEventListener("offline", doubt);
document.addEventListener("foyer:unreachable", doubt);
document.addEventListener("foyer:stale", () => {
  window.Foyer?.notice(document.getElementById("connection")?.dataset.stale, "warn");
});
begin();
