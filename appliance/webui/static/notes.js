// The note of a call, saved by itself while it is typed. What the box has not confirmed yet stays in localStorage, so that
// neither a reload nor a dead network loses a word; it is sent when the box is back, also for calls long over.

const TYPING_MS = 700;
const RETRY_MS = 3_000;

/** Events: "state" (detail: empty | saving | saved | kept). */
export class Notes extends EventTarget {
  #field;
  #prefix;
  #save;
  #call = "";
  #timer = 0;
  #sending = false;

  /** `field`: the textarea; `prefix`: of the keys in localStorage; `save`: async (call, body), throws if not saved. */
  constructor(field, prefix, save) {
    super();
    this.#field = field;
    this.#prefix = prefix;
    this.#save = save;
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("blur", () => this.flush());
    addEventListener("pagehide", () => this.#keep());
    addEventListener("online", () => this.flush());
    setInterval(() => this.flush(), RETRY_MS);
  }

  /** Show the note of a call; `saved` is what the box has, unless something newer is kept here. */
  show(call, saved) {
    if (call !== this.#call) {
      this.#keep();
      this.#call = call;
      this.#field.value = this.#kept(call)?.body ?? saved;
    } else if (this.#kept(call) === null && document.activeElement !== this.#field) {
      this.#field.value = saved;
    }
    this.#tell(this.#kept(call) ? "kept" : this.#field.value ? "saved" : "empty");
  }

  get call() {
    return this.#call;
  }

  get body() {
    return this.#field.value;
  }

  /** Call `confirmed` once the box has this body by another way (with the result of the call). */
  confirmed(call, body) {
    if (this.#kept(call)?.body === body) localStorage.removeItem(this.#prefix + call);
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
        if (kept) await this.#send(call, kept.body);
      }
    } finally {
      this.#sending = false;
    }
  }

  async #send(call, body) {
    if (call === this.#call) this.#tell("saving");
    try {
      await this.#save(call, body);
      this.confirmed(call, body);
    } catch (error) {
      // The call is unknown for good (a box set back, another account's call): keeping the note would retry for ever.
      if (error.isFinal) localStorage.removeItem(this.#prefix + call);
      if (call === this.#call) this.#tell("kept");
    }
  }

  #typed() {
    this.#keep(true);
    this.#tell("saving");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), TYPING_MS);
  }

  #keep(isNew = false) {
    if (!this.#call || (!isNew && this.#kept(this.#call) === null)) return;
    localStorage.setItem(this.#prefix + this.#call, JSON.stringify({ body: this.#field.value }));
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
