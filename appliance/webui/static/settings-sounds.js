// The sounds of a prompt or of a set of music: uploading, listening to what the box will say, recording on a phone.
// What comes of it stands in the form, and is saved with it.

import { post } from "./post.js";

const MOST_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 1000;
const PATIENCE_MS = 10 * 60 * 1000;
const NAME_MAX = 80;
const REFUSED = 400;
const words = document.getElementById("sound-words").dataset;

function say(block, text, isBad = false) {
  const place = block.querySelector("[data-state]");
  place.textContent = text;
  place.classList.toggle("error", isBad);
}

// A sound of the box takes the place of the text, or of another.
function take(block, sound, text) {
  block.querySelector("[data-sound]").value = sound;
  const player = block.querySelector("audio");
  player.src = `/settings/sounds/${sound}`;
  for (const shown of block.querySelectorAll("[data-has-sound], [data-noted]")) shown.hidden = false;
  for (const gone of block.querySelectorAll("[data-listen], [data-spoken]")) gone.hidden = true;
  say(block, text);
}

// Sends a file, and tells how far it is. Throws an error with `words`, and the `status` of the box's answer.
function send(block, kind, file) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const fail = (text) => failed(Object.assign(new Error(text), { words: text, status: request.status }));
    request.open("POST", `/settings/sounds/${kind}`);
    request.setRequestHeader("X-CSRF", window.Foyer.csrf);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => {
      const share = event.lengthComputable ? Math.floor(100 * event.loaded / event.total) : 0;
      say(block, share < 100 ? words.busy.replace("{share}", String(share)) : words.converting);
    });
    request.addEventListener("error", () => fail(words.failed));
    request.addEventListener("load", () => {
      if (request.status === 200) return done(JSON.parse(request.responseText));
      const problem = decodeURIComponent(request.getResponseHeader("X-Foyer-Problem") ?? "");
      return fail(problem || (request.status === 413 ? words.large : words.failed));
    });
    request.send(file);
  });
}

// What the box cannot read, such as a voice memo of a phone (AAC), the browser often can: as a WAV file, mono, 16 kHz.
async function decoded(file) {
  const rate = 16000;
  const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await file.arrayBuffer());
  const bytes = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const text = (at, name) => [...name].forEach((char, n) => bytes.setUint8(at + n, char.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + sound.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, rate * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, sound.length * 2, true);
  const sides = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  for (let at = 0; at < sound.length; at += 1) {
    const mixed = sides.reduce((sum, side) => sum + side[at], 0) / sides.length;
    bytes.setInt16(44 + at * 2, Math.max(-1, Math.min(1, mixed)) * 0x7fff, true);
  }
  return new Blob([bytes]);
}

async function kept(block, kind, file) {
  if (file.size > MOST_BYTES) throw Object.assign(new Error("large"), { words: words.large });
  return send(block, kind, file).catch(async (error) => {
    if (error.status !== REFUSED) throw error;
    const plain = await decoded(file).catch(() => { throw error; });
    return send(block, kind, plain);
  });
}

async function upload(block, field) {
  const files = [...field.files];
  try {
    for (const file of files) {
      const { sound } = await kept(block, field.dataset.upload, file).catch((error) => {
        const name = files.length > 1 ? `${file.name}: ` : "";
        throw Object.assign(error, { words: name + (error.words ?? words.failed) });
      });
      if ("add" in block.dataset) add(block, sound, file.name);
      else take(block, sound, words.done);
    }
  } catch (error) {
    say(block, error.words ?? words.failed, true);
  } finally {
    field.value = "";
  }
}

// A piece more of a set of music, called like its file.
function add(block, sound, name) {
  const list = document.querySelector("[data-pieces]");
  const at = list.querySelectorAll("[data-piece]").length;
  if (at >= Number(block.dataset.add)) throw Object.assign(new Error("many"), { words: words.many });
  const piece = document.getElementById("piece").content.firstElementChild.cloneNode(true);
  const title = piece.querySelector("[name=titles]");
  title.id = `title-${at}`;
  title.value = name.replace(/\.[^.]*$/, "").slice(0, NAME_MAX);
  for (const button of piece.querySelectorAll("[name=stage]")) {
    button.value += String(at);
    button.querySelector("span").textContent += title.value;
  }
  list.append(piece);
  take(piece, sound, "");
  say(block, words.done);
}

async function listen(block) {
  const language = block.dataset.voice;
  say(block, words.speaking);
  try {
    const text = block.querySelector("textarea").value;
    const answer = await post("/settings/sounds/speech", { language, text });
    await new Audio(URL.createObjectURL(await answer.blob())).play();
    say(block, "");
  } catch (error) {
    say(block, error.words || words.failed, true);
  }
}

// The phone rings; each time that something was spoken to the end, it stands here.
async function record(block, button) {
  button.disabled = true;
  try {
    const agent = document.getElementById("phone").value;
    const begun = await (await post("/settings/sounds/takes", { agent })).json();
    say(block, begun.words, !begun.take);
    if (begun.take) follow(block, `/settings/sounds/takes/${begun.take}`);
  } catch (error) {
    say(block, error.words || words.failed, true);
  } finally {
    button.disabled = false;
  }
}

async function follow(block, place) {
  const until = performance.now() + PATIENCE_MS;
  block.dataset.following = place;
  for (let last = 0; performance.now() < until && block.dataset.following === place;) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    try {
      const { mark } = await (await fetch(place)).json();
      if (!mark || mark === last) continue;
      last = mark;
      const kept = await (await post(place, {})).json();
      take(block, kept.sound, words.heard);
    } catch (error) {
      if (error.words) say(block, error.words, true);
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-listen], [data-record]");
  const block = button?.closest("[data-voice]");
  if (!block) return;
  if ("listen" in button.dataset) listen(block);
  else record(block, button);
});

document.addEventListener("change", (event) => {
  const block = event.target.closest("[data-voice]");
  if (block && event.target.matches("[data-upload]")) upload(block, event.target);
});
