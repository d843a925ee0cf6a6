// The note of a call, saved by itself while it is typed. What the box has not confirmed yet stays in localStorage, so that
// neither a reload nor a dead network loses a word; it is sent when the box is back, also for calls long over. Of what the
// box has, the newest is shown: what another computer wrote as well, but no part of the page that was made earlier and
// comes late.
//
// Each page keeps words of its own, under its own key, with those that they were made of and the box's number for these.
// The box takes none that were made of an older note than it has: they are put together with what it has
// (notes_merge.js) and sent again, so that neither a second tab nor a computer that was cut off writes over anything. Other
// tabs show what a page keeps, and send it once that page is gone.

import { merge } from "./notes_merge.js";

const TYPING_MS = 700;
const RETRY_MS = 3_000;
// The record of a call may come late. After a day of answers that there is none, none will come (a box set back). Counted
// in answers: time in which the box was off, or the page closed, says nothing.
const EARLY_MAX = (24 * 3_600_000) / RETRY_MS;
const LONGEST = 10_000; // of what the box takes
const SENT_MAX = 20;
const AGAIN_MAX = 4; // how often the box may have a newer note at once
const NOTHING = { body: "", at: 0 };

/**
 * Events: "state" (detail: empty | saving | saved | kept | long), "refused" (detail: why the box will never take a note),
 * "both" (the same place was written elsewhere; both texts stand in the note now).
 */
export class Notes extends EventTarget {
  #field;
  #prefix;
  #save;
  #call = "";
  #page = crypto.randomUUID?.() ?? String(Math.random());
  #newest = new Map(); // of each call shown or written to: the newest that the box is known to have, and its number
  #mine = new Map(); // of each call: the words of this page that the box has not confirmed, as they are in localStorage
  #timer = 0;
  #sending = false;

  /**
   * `field`: the textarea; `prefix`: of the keys in localStorage; `save`: async (call, words), sends what words() gives:
   * `body`, and `base`, the number of the note that it was made of. Gives `at`, the number that the box has for it, larger
   * for a newer note; with it `body` if the box has another one than `base`, and has not saved. It is a newer one, unless
   * the box was put back from a backup. Throws if it is not saved for another reason.
   */
  constructor(field, prefix, save) {
    super();
    this.#field = field;
    this.#prefix = prefix;
    this.#save = save;
    navigator.locks?.request(prefix + this.#page, () => new Promise(() => {})); // held for as long as the page lives
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
    this.#tellNow(call);
  }

  get call() {
    return this.#call;
  }

  /** Save the note of a call at once; `save` as for the constructor, for what saves more than the note. */
  async save(call, save = this.#save) {
    for (let times = 0; times < AGAIN_MAX; times += 1) {
      let sent;
      const words = () => (sent = { body: this.#now(call).body, base: this.#sends(call) });
      const answer = await save(call, words);
      if (answer.body === undefined) {
        this.#confirmed(call, sent, answer.at);
        return;
      }
      this.#overtaken(call, sent, answer);
    }
    throw new Error("written elsewhere again and again");
  }

  /** The words of the call are on their way; gives the number of the note that they were made of. */
  #sends(call) {
    const { body, base, sent } = this.#now(call);
    const mine = this.#mine.get(call);
    if (mine && !sent.includes(body)) this.#keep(call, { ...mine, sent: [...sent, body].slice(-SENT_MAX) });
    return base.at;
  }

  /** Send whatever the box has not confirmed. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    try {
      await this.#adopt();
      for (const call of [...this.#mine.keys()]) await this.#send(call);
    } finally {
      this.#sending = false;
    }
  }

  async #send(call) {
    const { body, early } = this.#mine.get(call) ?? NOTHING;
    if (Array.from(body).length > LONGEST) {
      this.#tellNow(call);
      return;
    }
    if (call === this.#call) this.#tell("saving");
    try {
      await this.save(call);
    } catch (error) {
      const mine = this.#mine.get(call);
      // Nothing will change that (another account's call, an erased person): keeping the note would retry for ever.
      if (error.isFinal || (error.isEarly && early >= EARLY_MAX)) this.#refuse(call, error.words);
      else if (error.isEarly && mine?.body === body) this.#keep(call, { ...mine, early: early + 1 });
    }
    this.#tellNow(call);
  }

  #refuse(call, words) {
    this.#drop(call);
    this.dispatchEvent(new CustomEvent("refused", { detail: words }));
  }

  /** Two may be on the way: this answer is to words sent before, and those of this page were made of a newer note since. */
  #isLate(call, sent, at) {
    const { base } = this.#now(call);
    return at < base.at && base.at !== sent.base;
  }

  /** The box has these words of this page now, under this number. */
  #confirmed(call, sent, at) {
    const { body } = sent;
    const isLate = this.#isLate(call, sent, at);
    this.#learn(call, body, at, isLate ? 0 : sent.base);
    const mine = this.#mine.get(call);
    if (mine?.body === body && !isLate) this.#drop(call, at);
    else if (mine && !isLate) this.#keep(call, { ...mine, base: { body, at }, sent: [] });
    if (call === this.#call) this.#put();
    this.#tellNow(call);
  }

  /** The box has other words than those of which this page's were made. */
  #overtaken(call, sent, { body, at }) {
    if (this.#isLate(call, sent, at)) return;
    const mine = this.#now(call);
    this.#learn(call, body, at, sent.base);
    // Another tab's words were made of what it says; put together they are this page's, and it finds them in the box.
    const base = mine.madeOf ?? mine.base;
    if (mine.key) localStorage.removeItem(mine.key);
    // A box that was put back has lost what these were made of: then all of them are this page's.
    const lost = at < base.at ? "" : base.body;
    // They may be this page's own: the box had saved them when its answer was lost.
    const { text, isBoth } = merge(mine.sent.includes(body) ? body : lost, mine.body, body);
    if (text === body) this.#drop(call, at);
    else this.#keep(call, { ...mine, body: text, base: { body, at }, sent: [] });
    if (call === this.#call) this.#put();
    if (isBoth) this.dispatchEvent(new Event("both"));
  }

  #typed() {
    if (!this.#call) return;
    const { base, sent, key } = this.#now(this.#call);
    this.#keep(this.#call, { body: this.#field.value, base, sent, early: 0 });
    if (key) localStorage.removeItem(key); // taken over: who wrote that sees it in `base`
    this.#tell("saving");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), TYPING_MS);
  }

  /** The words of the call as they are shown, and of what they were made: of this page, of another tab, of the box. */
  #now(call) {
    const mine = this.#mine.get(call);
    if (mine) return mine;
    const [key, other] = this.#others(call)[0] ?? [];
    const known = this.#newest.get(call) ?? NOTHING;
    if (!other) return { body: known.body, base: known, sent: [], early: 0 };
    return { ...other, base: { body: other.body, at: other.base.at }, key, madeOf: other.base };
  }

  /** Another tab of this browser has written, or got its words to the box. */
  #elsewhere({ key, oldValue, newValue }) {
    if (!key?.startsWith(this.#prefix)) return;
    const [call, page] = this.#parts(key);
    if (page === this.#page) return;
    const { body, at, base } = JSON.parse(newValue ?? oldValue);
    if (!newValue && at) this.#learn(call, body, at);
    if (newValue && base && base.body === this.#mine.get(call)?.body) this.#drop(call); // the words have grown there
    if (call !== this.#call) return;
    this.#put();
    this.#tellNow(call);
  }

  /** `base`: the number of the note in the answer to whose words this is; a box that has an older one was put back. */
  #learn(call, body, at, base = 0) {
    const known = this.#newest.get(call);
    if (!known || at > known.at || at < base) this.#newest.set(call, { body, at });
  }

  // --- what this browser keeps ------------------------------------------------------------------------------------------

  #key(call) {
    return `${this.#prefix}${call}/${this.#page}`;
  }

  /** Call and page of a key; keys of an earlier version have no page. */
  #parts(key) {
    const [call, page = ""] = key.slice(this.#prefix.length).split("/");
    return [call, page];
  }

  #keep(call, { body, base, sent, early }) {
    this.#mine.set(call, { body, base, sent, early });
    localStorage.setItem(this.#key(call), JSON.stringify(this.#mine.get(call)));
  }

  /** With `at`, other tabs are told under which number the box has it. */
  #drop(call, at = 0) {
    const mine = this.#mine.get(call);
    if (!mine) return;
    this.#mine.delete(call);
    if (at) localStorage.setItem(this.#key(call), JSON.stringify({ ...mine, ...this.#newest.get(call) }));
    localStorage.removeItem(this.#key(call));
  }

  /** Key and words of other pages, of this call or of all. */
  #others(call = "") {
    const isWanted = ([of, page]) => page !== this.#page && (!call || of === call);
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix) && isWanted(this.#parts(key)));
    return keys.map((key) => [key, this.#read(key)]).filter(([, words]) => words);
  }

  #read(key) {
    try {
      const words = JSON.parse(localStorage.getItem(key));
      return typeof words?.body === "string" ? { base: NOTHING, sent: [], early: 0, ...words } : null;
    } catch {
      return null;
    }
  }

  /** Takes over what pages have kept that are gone. */
  async #adopt() {
    for (const [key] of this.#others()) {
      const [call, page] = this.#parts(key);
      const take = (lock) => {
        const words = this.#read(key);
        if (!lock || !words || this.#mine.has(call)) return;
        this.#keep(call, words);
        localStorage.removeItem(key);
      };
      if (navigator.locks) await navigator.locks.request(this.#prefix + page, { ifAvailable: true }, take);
      else take(true);
    }
  }

  // --- what is shown ----------------------------------------------------------------------------------------------------

  /** Leaves the cursor where it is in the words. */
  #put() {
    const { body } = this.#now(this.#call);
    const { value, selectionStart, selectionEnd } = this.#field;
    if (value === body) return;
    this.#field.value = body;
    const isBefore = !body.startsWith(value.slice(0, selectionEnd)) && body.endsWith(value.slice(selectionEnd));
    const shift = isBefore ? body.length - value.length : 0;
    const [start, end] = [Math.max(0, selectionStart + shift), Math.max(0, selectionEnd + shift)];
    if (document.activeElement === this.#field) this.#field.setSelectionRange(start, end);
  }

  #tellNow(call) {
    if (call !== this.#call) return;
    const { body } = this.#now(call);
    if (Array.from(body).length > LONGEST) this.#tell("long");
    else this.#tell(this.#mine.has(call) || this.#others(call).length ? "kept" : body ? "saved" : "empty");
  }

  #tell(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
