// Handing a call on from the desk: to a colleague, a queue or a number, at once or after asking there. The box does it, on
// whichever phone the agent talks, and says how the asking goes: who is asked may not answer; used by desk.js.

import { post } from "./post.js";

const at = (id) => document.getElementById(id);

export class HandOn {
  #form = at("hand-on");
  #place = at("hand-on-place");
  #number = at("hand-on-number");
  #result = at("hand-on-result");
  #button;
  #words;
  #call;
  #isAsking = false;
  #news = null; // what the box said last of an asking: "" for nothing
  #since = "";

  /** `button` opens it; `words`: what to say, a dataset; `call`: tells the shown call's id. */
  constructor(button, words, call) {
    this.#call = call;
    this.#button = button;
    this.#words = words;
    this.#place.addEventListener("change", () => this.#show());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(event.submitter?.value ?? "ask");
    });
    this.#show();
  }

  /** Opens or closes. */
  toggle() {
    this.#form.hidden = !this.#form.hidden;
    this.#say("", true);
    this.#show();
  }

  /** The call is over. */
  close() {
    this.#form.hidden = true;
    this.#isAsking = false;
    this.#show();
  }

  /** What the box says of the last asking: when it began, and `how` it is (pbx/live_rows.py); "" if there was none. */
  follow(since = "", how = "") {
    const news = since && `${since} ${how}`;
    const isFirst = this.#news === null;
    if (news === this.#news || (!news && !isFirst)) return;
    const wasAsking = this.#isAsking || since !== this.#since;
    this.#news = news;
    this.#since = since;
    this.#isAsking = how === "asking";
    const { askedUnanswered: unanswered, askedBack: back, askedAlone: alone } = this.#words;
    // A page just opened has nothing to say of what was before; and who went back by its button was told.
    const isOver = wasAsking && !this.#isAsking && !isFirst;
    if (isOver) this.#say({ unanswered, back, alone }[how], how === "back");
    if (this.#isAsking || isOver) this.#form.hidden = false;
    this.#show();
  }

  #show() {
    this.#button.setAttribute("aria-expanded", String(!this.#form.hidden));
    const isQueue = this.#place.value.startsWith("queue:");
    this.#number.hidden = this.#place.value !== "" || this.#isAsking;
    this.#number.required = !this.#number.hidden;
    this.#place.disabled = this.#isAsking;
    const button = (name) => this.#form.querySelector(`button[value="${name}"]`);
    button("ask").hidden = isQueue || this.#isAsking;
    button("now").hidden = this.#isAsking;
    button("back").hidden = !this.#isAsking;
  }

  async #send(how) {
    const buttons = [...this.#form.querySelectorAll("button")];
    buttons.forEach((each) => (each.disabled = true));
    const before = this.#since;
    try {
      const to = this.#place.value || this.#number.value;
      const answer = await post("/desk/hand-on", { how, to, call: this.#call() });
      const { words, done } = await answer.json();
      // What became of it may have been told already.
      const isOver = how === "ask" && this.#since !== before && !this.#isAsking;
      if (done && !isOver) this.#isAsking = how === "ask";
      if (!isOver) this.#say(words, done);
    } catch (error) {
      this.#say(error.words || this.#words.notDone, false);
    }
    buttons.forEach((each) => (each.disabled = false));
    this.#show();
  }

  #say(words, isGood) {
    this.#result.textContent = words;
    this.#result.classList.toggle("is-bad", !isGood);
  }
}
