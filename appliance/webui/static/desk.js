// The agent's desk: brings the phone (phone.js), the headset, the ring tone, the notes and the box's parts of the page
// together. What the page shows is decided in `show()` from three things: the phone's call, the call that the box knows
// (a desk phone's), and the call that has just ended.

import { duration, now } from "./clock.js";
import { forget, listen, onRefetch, refetchNow } from "./events.js";
import { HandOn } from "./hand_on.js";
import { Headset } from "./headset.js";
import { Notes } from "./notes.js";
import { Phone } from "./phone.js";
import { Ring } from "./ring.js";
import { post } from "./post.js";
import { SoundChoice } from "./sound_choice.js";
import { browserName, holdPhone } from "./phone_tab.js";

const at = (id) => document.getElementById(id);
const desk = at("desk");
const card = at("call");
const words = at("words").dataset;
const agent = desk.dataset.agent;
const queues = JSON.parse(desk.dataset.queues);

const headset = new Headset(at("far"));
const ring = new Ring();
const phone = new Phone(fetchAccount, headset, `foyer.phone.${agent}`);
const notes = new Notes(at("note"), `foyer.note.${agent}.`, saveNote);
const handOn = new HandOn(card.querySelector('[data-do="hand-on"]'), words, () => shownCall ?? "");
new SoundChoice(headset, ring, { microphone: at("microphone"), speaker: at("speaker"), silent: at("silent") });

let hasPhone = false; // this tab is the one with the phone
let isElsewhere = false;
let after = new URLSearchParams(location.search).get("call") ?? ""; // the call that waits for its result
let shownCall = null;
let isCalling = false; // the agent calls somebody, whose phone rings yet
let answered = { call: "", at: 0 }; // the last call like that, and when it was still ringing

const page = crypto.randomUUID?.() ?? String(Math.random()); // so that the box knows which page has the phone
const browser = browserName();
let wantedAt = 0; // of two wishes of one browser, the later one counts, whichever comes first
let wantsPhone = true; // a page that was just opened takes the phone; later it only keeps it
let turn = 0; // the box's count of changes of hands when this page got the phone; an older status tells nothing of it
let isTaken = false;
let isDeaf = false; // no sound gets through to here; calls go elsewhere until the agent has this page try again
let givenUp = ""; // the call that no sound gets through for: the box may take it for one of this agent's for half a minute

async function fetchAccount() {
  const answer = await post("/desk/phone", { page, client: browser, take: wantsPhone ? String(wantedAt) : "" });
  const account = await answer.json();
  // Both at once: a status that tells of the page before this one may come at any moment.
  wantsPhone = false;
  ({ turn } = account);
  return { ...account, host: location.hostname, url: `wss://${location.host}/ws` };
}

async function saveNote(call, words) {
  return (await post("/desk/note", { call, ...words() })).json();
}

// --- what is shown ----------------------------------------------------------------------------------------------------

/** What the box said of the call, with the part of the page that shows it. */
function known() {
  return at("who").querySelector("[data-phase]")?.dataset ?? { call: "", phase: "none", saved: "", savedAt: "0" };
}

function status() {
  return at("status").querySelector("[data-state]").dataset;
}

function show() {
  const call = phone.call;
  const there = known();
  const isOnDesk = !call && there.call !== givenUp && ["ringing", "calling", "talking"].includes(there.phase);
  isCalling = there.phase === "calling" && (!call || there.call === call.uuid);
  if (isCalling && call) answered = { call: call.uuid, at: Date.now() };
  let view = "idle";
  if (call) view = call.phase === "ringing" || call.phase === "answering" ? "ringing" : "talking";
  else if (isOnDesk) view = there.phase === "ringing" ? "ringing" : "talking";
  else if (after || there.phase === "after") view = "after";
  const id = call?.uuid ?? (isOnDesk ? there.call : after || (there.phase === "none" ? "" : there.call));
  card.dataset.view = view;
  if (view !== "talking") handOn.close();
  else handOn.follow(there.asked, there.asking);
  card.dataset.on = isOnDesk ? "desk" : "browser";
  at("call-place").textContent = words[placeOfCall()];
  card.classList.toggle("is-unsure", Boolean(call) && (call.phase !== "talking" || phone.isCutOff));
  at("idle").dataset.state = status().state;
  at("phase").textContent = phaseWords(view, call);
  setTimer(view, call);
  setButtons(call);
  follow(id, call);
  showAdvice();
  showLink();
}

/** Where a call is that the box knows of and this page's phone does not: its name among the words. */
function placeOfCall() {
  if (status().device === "browser" && isElsewhere) return "placeTab";
  return status().device === "browser" && isTaken ? "placeBrowser" : "placeDesk";
}

function phaseWords(view, call) {
  if (view === "after") return words.after;
  if (view === "ringing") return call?.phase === "answering" ? words.answering : words.ringing;
  if (view !== "talking") return "";
  if (!call) return isCalling ? words.calling : words.talking;
  if (call.phase !== "talking") return words[call.phase];
  if (phone.isCutOff) return words.unheard;
  if (call.held) return words.held;
  if (call.muted) return words.muted;
  return isCalling ? words.calling : words.talking;
}

function setTimer(view, call) {
  const timer = at("timer");
  const since = answered.call === call?.uuid ? answered.at : call?.since;
  if (view === "talking" && call && !isCalling) timer.dataset.since = String(since + now() - Date.now());
  else delete timer.dataset.since;
  timer.textContent = timer.dataset.since ? duration(now() - Number(timer.dataset.since)) : "";
}

function setButtons(call) {
  const press = (name, isPressed, text) => {
    const button = card.querySelector(`[data-do="${name}"]`);
    button.setAttribute("aria-pressed", String(isPressed));
    button.lastChild.textContent = text;
    return button;
  };
  press("mute", Boolean(call?.muted), call?.muted ? words.unmute : words.mute);
  press("hold", Boolean(call?.held), call?.held ? words.unhold : words.hold).disabled = phone.link !== "ready";
  card.querySelector('[data-do="answer"]').disabled = call?.phase === "answering";
  if (!call) at("keypad").hidden = true;
}

/** Show who it is: what the phone knows at once, what the box knows a moment later. */
function follow(id, call) {
  const area = at("who");
  if (id !== shownCall) {
    shownCall = id;
    area.dataset.fragment = id ? `/desk/call?call=${encodeURIComponent(id)}` : "/desk/call";
    if (known().call !== id) {
      forget(area);
      if (id) area.replaceChildren(early(call));
      refetchNow(area);
    }
  }
  if (!id) return;
  const { saved, savedAt } = known().call === id ? known() : { saved: "", savedAt: "0" };
  notes.show(id, saved, Number(savedAt));
}

function early(call) {
  const head = document.createElement("div");
  head.className = "call-head";
  const title = document.createElement("p");
  title.className = "call-title";
  const isNumber = /^\+?[0-9]{3,}$/.test(call?.number ?? "");
  title.textContent = call?.name || (isNumber ? call.number : words.unknownCaller);
  const queue = document.createElement("p");
  queue.className = "soft";
  queue.textContent = queues[call?.queue] ?? "";
  head.append(title, queue);
  return head;
}

function showLink() {
  const link = status().device === "desk" ? "desk" : isElsewhere ? "elsewhere" : isTaken ? "taken" : phone.link;
  const place = at("phone-state");
  place.textContent = words[`link${link[0].toUpperCase()}${link.slice(1)}`];
  place.dataset.kind = ["lost", "refused", "off"].includes(link) ? "bad" : "";
}

let microphone = "granted";
let problem = "";

function showAdvice() {
  const isBrowser = status().device === "browser";
  const shown = new Set();
  if (isBrowser && isElsewhere) shown.add("elsewhere");
  if (isBrowser && isTaken) shown.add("taken");
  if (isBrowser && hasPhone && !isTaken) {
    if (isDeaf || problem) shown.add(isDeaf ? "deaf" : problem);
    else if (microphone === "insecure" || microphone === "denied" || microphone === "prompt") shown.add(microphone);
    const isQuiet = !shown.size && card.dataset.view === "idle";
    if (isQuiet && ring.isBlocked && status().state !== "offline") shown.add("sound");
    else if (isQuiet && ring.notifications === "default" && status().state === "available") shown.add("notify");
  }
  for (const element of at("advice").children) element.hidden = !shown.has(element.id.replace("advice-", ""));
}

// --- the phone ----------------------------------------------------------------------------------------------------------

phone.addEventListener("change", () => {
  if (phone.call?.phase === "ringing") startRinging();
  else ring.stop();
  if (phone.call && phone.call.phase !== "ringing") after = "";
  show();
});

phone.addEventListener("problem", ({ detail }) => {
  problem = { "click-to-hear": "hear", unknown: "busy" }[detail] ?? detail;
  show();
});

phone.addEventListener("over", ({ detail: { call, reason } }) => {
  const wasUp = ["talking", "reconnecting", "leaving"].includes(call.phase);
  if (wasUp && reason !== "returned") after = call.uuid;
  // What the box said of this call was before its end: no other phone has it until the box says so anew.
  if (known().call === call.uuid) {
    forget(at("who"));
    known().phase = "none";
  }
  // A call that only rang goes on ringing, here as soon as the phone is back, or at a colleague's.
  if (wasUp && (reason === "lost" || reason === "gone")) window.Foyer.notice(words[reason === "lost" ? "overLost" : "overGone"], "info");
  if (problem === "hear") problem = "";
  card.classList.remove("is-unsure");
  if (reason === "deaf") [givenUp, isDeaf] = [call.uuid, true];
  setTimeout(tendPhone, 0); // what had to wait for the end of the call
});

let ringingFor = "";

function startRinging() {
  if (ringingFor === phone.call.uuid + phone.call.since) return;
  ringingFor = phone.call.uuid + phone.call.since;
  const { name, number, queue } = phone.call;
  card.scrollIntoView({ block: "nearest" });
  ring.start(words.ringing, [name || number, queues[queue]].filter(Boolean).join(" · "));
}

/** The phone belongs to one tab, runs while calls ring in this browser, and never leaves a running call. */
function tendPhone() {
  if (!hasPhone) return;
  const { device, holder, turn: since } = status();
  if (holder && holder !== page && !wantsPhone && Number(since) > turn) isTaken = true;
  if (device === "browser" && !isTaken && !isDeaf) phone.start();
  else if (!phone.call) phone.stop();
}

/** The agent wants the phone on this page, wherever it was. */
function takePhone() {
  isTaken = isDeaf = false;
  problem = "";
  wantsPhone = true;
  wantedAt = Date.now();
  phone.start();
}

holdPhone(
  () => {
    hasPhone = true;
    isElsewhere = false;
    wantedAt = Date.now(); // the page that had it is gone
    tendPhone();
    show();
  },
  () => {
    isElsewhere = true;
    show();
  },
);

async function checkMicrophone() {
  microphone = await headset.permission();
  show();
}

async function allowMicrophone() {
  problem = await headset.allow().then(() => "", ({ code }) => code);
  await checkMicrophone();
}

// --- what the agent does --------------------------------------------------------------------------------------------------

const actions = {
  answer: () => phone.answer(),
  reject: () => phone.reject(),
  mute: () => phone.mute(!phone.call?.muted),
  hold: () => phone.hold(!phone.call?.held),
  hangup: () => phone.hangUp(),
  keypad: (button) => {
    const isHidden = at("keypad").toggleAttribute("hidden");
    button.setAttribute("aria-expanded", String(!isHidden));
  },
  "hand-on": () => handOn.toggle(),
  take: takePhone,
  microphone: allowMicrophone,
  sound: () => ring.unlock(),
  notify: () => ring.allowNotifications().then(show),
  hear: () => headset.play(at("far").srcObject).then(() => {
    problem = "";
    show();
  }),
  "test-ring": async () => {
    await ring.unlock();
    ring.start(words.ringing, "");
    setTimeout(() => phone.call?.phase !== "ringing" && ring.stop(), 2500);
  },
};

desk.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.do) actions[button.dataset.do]?.(button);
  else if (button.dataset.key) phone.tone(button.dataset.key);
  else if ("result" in button.dataset) finish(button);
});

function foldMenus(except) {
  document.querySelectorAll(".choice-menu[open]").forEach((menu) => (menu.open = menu === except));
}

document.addEventListener("click", (event) => foldMenus(event.target.closest(".choice-menu")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") foldMenus();
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (!isTyping && !at("keypad").hidden && /^[0-9*#]$/.test(event.key)) phone.tone(event.key);
});

desk.addEventListener("submit", async (event) => {
  event.preventDefault();
  const parked = event.target.closest('[data-form="parked"]');
  if (parked) return takeParked(parked);
  const form = event.target.closest('[data-form="state"]');
  if (!form || form.dataset.sending) return;
  form.dataset.sending = "1";
  const { name, value } = event.submitter;
  if (value === "available" && status().device === "browser" && microphone === "prompt") allowMicrophone();
  foldMenus();
  try {
    await post("/desk/state", { [name]: value });
    refetchNow(at("status"));
  } catch (error) {
    window.Foyer.notice(error.words || words.notDone, "bad");
  }
  delete form.dataset.sending;
});

async function takeParked(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await post("/desk/parked", { place: form.elements.place.value });
    const { words: said, done } = await answer.json();
    window.Foyer.notice(said, done ? "info" : "bad");
  } catch (error) {
    window.Foyer.notice(error.words || words.notDone, "bad");
  }
  button.disabled = false;
}

async function finish(button) {
  const disposition = button.dataset.result;
  // The words of every try: whoever waits may go on writing.
  const save = async (call, words) =>
    (await post("/desk/finish", () => ({ call, ...words(), disposition }), 5000)).json();
  const buttons = at("results").querySelectorAll("button");
  buttons.forEach((each) => (each.disabled = true));
  try {
    await notes.save(notes.call, save);
    after = "";
    history.replaceState(null, "", "/desk");
    forget(at("who"));
    known().phase = "none";
    refetchNow(at("recent"));
    show();
  } catch (error) {
    window.Foyer.notice(error.words || words.notDone, "bad");
  }
  buttons.forEach((each) => (each.disabled = false));
}

notes.addEventListener("state", ({ detail }) => {
  const { noteSaving: saving, noteSaved: saved, noteKept: kept, noteLong: long } = words;
  at("note-state").textContent = { empty: "", saving, saved, kept, long }[detail];
});

notes.addEventListener("refused", ({ detail }) => window.Foyer.notice(detail, "bad"));
notes.addEventListener("both", () => window.Foyer.notice(words.noteBoth, "info"));

// --- news -----------------------------------------------------------------------------------------------------------------

document.addEventListener("foyer:replaced", (event) => {
  if (event.target === at("status")) tendPhone();
  if (event.target === at("who") && "ended" in known()) phone.ended(known().call);
  if (event.target === at("who") && !["calling", "talking"].includes(known().phase)) givenUp = "";
  if (event.target === at("status") || event.target === at("who")) show();
});
listen(["live"], ({ subject }) => {
  if (subject === agent || (shownCall && subject === shownCall)) refetchNow(at("who"));
});
onRefetch(() => notes.flush());
ring.addEventListener("unlocked", show);
navigator.permissions?.query({ name: "microphone" }).then((permission) => (permission.onchange = checkMicrophone), () => {});

checkMicrophone();
notes.flush();
