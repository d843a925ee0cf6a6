// The note of a call, saved by itself while it is typed. What the box has not confirmed yet stays in localStorage, so that
// neither a reload nor a dead network loses a word; it is sent when the box is back, also for calls long over. Only the
// page in which somebody types keeps; other tabs show it, and any of them may send it. Of what the box has, the newest is
// shown: what another computer wrote as well, but no part of the page that was made earlier and comes late.

const TYPING_MS = 700;
const RETRY_MS = 3_000;
// The record of a call may come late. After a day of answers that there is none, none will come (a box set back). Counted
// in answers: time in which the box was off, or the page closed, says nothing.
const EARLY_MAX = (24 * 3_600_000) / RETRY_MS;

/** Events: "state" (detail: empty | saving | saved | kept), "refused" (detail: why the box will never take a note). */
export class Notes extends EventTarget {
  #field;
  #prefix;
  #save;
  #call = "";
  #newest = new Map(); // of each call shown or written to: the newest that the box is known to have, and its number
  #timer = 0;
  #sending = false;

  /**
   * `field`: the textarea; `prefix`: of the keys in localStorage; `save`: async (call, body), gives the number that the
   * box has for it, larger for a newer note, and throws if it is not saved.
   */
  constructor(field, prefix, save) {
    super();
    this.#field = field;
    this.#prefix = prefix;
    this.#save = save;
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("blur", () => this.flush());
    addEventListener("storage", (event) => this.#elsewhere(event));
    addEventListener("online", () => this.flush());
    setInterval(() => this.flush(), RETRY_MS);
  }

  /** Show the note of a call; `saved` is what the box had when it was asked, `at` its number. */
  show(call, saved, at) {
    this.#call = call;
    this.#learn(call, saved, at);
    this.#put();
    this.#tell(this.#kept(call) ? "kept" : this.#field.value ? "saved" : "empty");
  }

  get call() {
    return this.#call;
  }

  get body() {
    return this.#kept(this.#call)?.body ?? this.#field.value;
  }

  /** Call `confirmed` once the box has this body by another way (with the result of the call), under this number. */
  confirmed(call, body, at) {
    this.#learn(call, body, at);
    if (this.#kept(call)?.body === body) this.#drop(call, at);
    if (call === this.#call) this.#tell(body ? "saved" : "empty");
  }

  /** Send whatever the box has not confirmed. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (const key of Object.keys(localStorage).filter((name) => name.startsWith(this.#prefix))) {
        const call = key.slice(this.#prefix.length);
        const kept = this.#kept(call);
        if (kept) await this.#send(call, kept);
      }
    } finally {
      this.#sending = false;
    }
  }

  async #send(call, { body, early = 0 }) {
    if (call === this.#call) this.#tell("saving");
    try {
      this.confirmed(call, body, await this.#save(call, body));
    } catch (error) {
      // Nothing will change that (another account's call, an erased person): keeping the note would retry for ever.
      if (error.isFinal || (error.isEarly && early >= EARLY_MAX)) this.#refuse(call, error.words);
      else if (error.isEarly && this.#kept(call)?.body === body) this.#keep(call, body, early + 1);
      if (call === this.#call) this.#tell(this.#kept(call) ? "kept" : "empty");
    }
  }

  #refuse(call, words) {
    this.#drop(call);
    this.dispatchEvent(new CustomEvent("refused", { detail: words }));
  }

  #typed() {
    if (!this.#call) return;
    this.#keep(this.#call, this.#field.value);
    this.#tell("saving");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), TYPING_MS);
  }

  /** Another tab of this browser has written, or got its words to the box. */
  #elsewhere({ key, oldValue, newValue }) {
    if (!key?.startsWith(this.#prefix)) return;
    const call = key.slice(this.#prefix.length);
    const { body, at } = JSON.parse(newValue ?? oldValue);
    if (!newValue && at) this.#learn(call, body, at);
    if (call !== this.#call) return;
    this.#put();
    this.#tell(newValue ? "kept" : body ? "saved" : "empty");
  }

  #learn(call, body, at) {
    const known = this.#newest.get(call);
    if (!known || at > known.at) this.#newest.set(call, { body, at });
  }

  #keep(call, body, early = 0) {
    localStorage.setItem(this.#prefix + call, JSON.stringify({ body, early }));
  }

  /** With `at`, other tabs are told under which number the box has it. */
  #drop(call, at = 0) {
    if (at) localStorage.setItem(this.#prefix + call, JSON.stringify({ ...this.#kept(call), at }));
    localStorage.removeItem(this.#prefix + call);
  }

  /** Leaves the cursor where it is. */
  #put() {
    const body = this.#kept(this.#call)?.body ?? this.#newest.get(this.#call)?.body ?? "";
    if (this.#field.value === body) return;
    const { selectionStart, selectionEnd } = this.#field;
    this.#field.value = body;
    if (document.activeElement === this.#field) this.#field.setSelectionRange(selectionStart, selectionEnd);
  }

  #kept(call) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + call) ?? "null");
    } catch {
      return null;
    }
  }

  #tell(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
