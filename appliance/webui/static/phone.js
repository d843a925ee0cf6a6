// The agent's phone in the browser, on JsSIP: registration, one call at a time, and getting a call back after the page
// was reloaded or the network was gone. Used by desk.js, which has the words and the elements; here are only states.
//
// A call outlives its page: nothing hangs up on unload, and the dialog's Call-ID and tags are kept in localStorage (not
// sessionStorage: a second tab of this browser may take the phone over when the first was closed). The next page, or
// this one on its next connection, sends an INVITE with `Replaces` (RFC 3891) to its own account: Asterisk puts the new
// leg where the old one was and the caller hears a short gap. A dialog that ended meanwhile is answered 481 and dropped.

import { KeptCall, SoundWay, abandon, gathered, incoming, isCut, isOver } from "./phone_call.js";
import { release, retire, swapMicrophone, wishFor } from "./phone_call.js";
import { PhoneSocket, userAgent } from "./phone_socket.js";

const BEAT_MS = 3_000; // how often the age of the kept dialog is renewed
const PING_IDLE_MS = 20_000; // in a call with every beat
const PING_WAIT_MS = 3_000;
const RECOVER_MS = 1_500; // between two tries to get the call back
const RESUME_NUMBER = "resume"; // in the dialplan (foyer-phones.conf), never run: the Replaces header says which call

/**
 * Events: "change" (link or call changed), "problem" (detail: a code), "over" (detail: {call, reason}).
 * `link`: off | connecting | ready | lost | refused.
 * `call`: null or {phase: ringing | answering | talking | reconnecting | leaving, uuid, queue, isOwn, number, name, since, muted, held}.
 */
export class Phone extends EventTarget {
  #fetchAccount;
  #headset;
  #kept; // the confirmed dialog of the running call
  #socket = null;
  #ua = null;
  #host = "";
  #session = null;
  #way = new SoundWay();
  #isStale = false; // the signalling of the running call was lost: its dialog must be replaced
  #recovering = null;
  #timer = 0;
  #retry = 0;
  #pinged = 0;

  link = "off";
  call = null;

  /** `fetchAccount`: async () => {url, host, user, password}; `key`: where the running call is kept in localStorage. */
  constructor(fetchAccount, headset, key) {
    super();
    this.#fetchAccount = fetchAccount;
    this.#headset = headset;
    this.#kept = new KeptCall(key);
    headset.addEventListener("microphone", () => this.#changeMicrophone());
  }

  /** Whether the far end cannot be told anything of the running call now: its dialog waits to be replaced. */
  get isCutOff() {
    return this.link !== "ready" || this.#isStale;
  }

  /** Whether there is somebody to talk with: not once the agent has hung up, even if nobody could be told yet. */
  get #isUp() {
    return Boolean(this.#session?.isEstablished()) && this.call?.phase !== "leaving";
  }

  async start() {
    if (this.link !== "off") return;
    this.#setLink("connecting");
    const kept = this.#kept.recall();
    if (kept && !this.call) {
      this.call = { ...kept, phase: kept.phase === "leaving" ? "leaving" : "reconnecting" };
      this.#isStale = true;
      this.#way.recall();
      this.#changed();
    }
    await this.#open();
    this.#timer = setInterval(() => this.#tick(), BEAT_MS);
    addEventListener("online", this.#onOnline);
    addEventListener("pagehide", this.#onHide);
  }

  /** Leave the phone; not while a call is up. */
  stop() {
    if (this.call || this.link === "off") return;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    removeEventListener("online", this.#onOnline);
    removeEventListener("pagehide", this.#onHide);
    const ua = this.#ua;
    this.#ua = null;
    ua?.stop();
    this.#setLink("off");
  }

  async answer() {
    const session = this.#session;
    if (this.call?.phase !== "ringing") return;
    this.#update({ phase: "answering" });
    let microphone;
    try {
      microphone = await this.#headset.open();
    } catch (problem) {
      if (this.#session === session) this.#update({ phase: "ringing" });
      this.#report(problem.code);
      return;
    }
    if (this.#session !== session || session.isEnded()) {
      release(microphone);
      return;
    }
    session.foyerMicrophone = microphone;
    session.answer({ mediaStream: microphone, pcConfig: { iceServers: [] } });
  }

  reject() {
    if (this.call?.phase === "ringing") this.#session.terminate({ status_code: 486 });
  }

  /** Without a connection the far end cannot be told: then as soon as the call is back, meanwhile in silence. */
  hangUp() {
    if (!this.call || this.call.phase === "ringing") return undefined;
    if (this.#session?.isEstablished() && !this.#isStale) return this.#session.terminate();
    this.#headset.silence();
    this.#session?.mute({ audio: true });
    return this.#update({ phase: "leaving" });
  }

  /** The box says that the call has ended. Only news when it could not be told here: else its BYE is on the way. */
  ended(uuid) {
    if (this.#isStale && this.call?.uuid === uuid) this.#finish("gone");
  }

  mute(isMuted) {
    if (!this.#isUp) return;
    if (isMuted) this.#session.mute({ audio: true });
    else this.#session.unmute({ audio: true });
    this.#update({ muted: isMuted });
  }

  /** Put the caller on hold or take them back; false when the phone is busy with the last such wish. */
  hold(isHeld) {
    if (!this.#isUp || this.link !== "ready") return false;
    const isDone = isHeld ? this.#session.hold() : this.#session.unhold();
    if (isDone) this.#update({ held: isHeld });
    return isDone;
  }

  tone(key) {
    if (this.#isUp) this.#session.sendDTMF(key, { transportType: "RFC2833", duration: 160 });
  }

  // --- the link -----------------------------------------------------------------------------------------------------

  async #open() {
    let account;
    try {
      account = await this.#fetchAccount();
    } catch {
      this.#setLink("lost");
      this.#openLater(3000);
      return;
    }
    this.#host = account.host;
    this.#socket = new PhoneSocket(account.url);
    this.#ua = userAgent(account, this.#socket, () => this.call !== null);
    this.#listen(this.#ua);
    this.#ua.start();
  }

  #listen(ua) {
    const mine = (handler) => (event) => ua === this.#ua && handler(event);
    ua.on("connected", mine(() => this.#recover()));
    ua.on("registered", mine(() => this.#setLink("ready")));
    ua.on("disconnected", mine(() => this.#disconnected()));
    ua.on("registrationFailed", mine(({ response }) => {
      if (!response && ua.isConnected() && !this.call) this.#setLink("connecting"); // it is tried again
      if (!response) return;
      this.#setLink("refused");
      this.#openLater(10_000); // the password may be a new one
    }));
    ua.on("newRTCSession", mine(({ originator, session, request }) => {
      if (originator === "remote") this.#invited(session, request);
    }));
  }

  #openLater(ms) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      // Only the connection is closed: a call that is up goes on and is taken over by the next connection.
      const ua = this.#ua;
      this.#ua = null;
      ua?.transport.disconnect();
      this.#isStale = this.call !== null;
      this.#open();
    }, ms);
  }

  #disconnected() {
    if (this.call?.phase === "ringing" || this.call?.phase === "answering") this.#finish("lost");
    if (this.call) this.#isStale = true;
    this.#setLink("lost");
  }

  /** Ask the far end for a sign of life; a WebSocket over a dead network looks open for minutes. */
  #ping() {
    if (!this.#ua?.isConnected()) return;
    this.#pinged = Date.now();
    const socket = this.#socket;
    const tooLong = setTimeout(() => socket.drop("no answer"), PING_WAIT_MS);
    const isAlive = () => clearTimeout(tooLong);
    this.#ua.sendOptions(`sip:${this.#host}`, null, { eventHandlers: { succeeded: isAlive, failed: isAlive } });
  }

  #tick() {
    this.#beat();
    if (this.call || Date.now() - this.#pinged >= PING_IDLE_MS) this.#ping();
  }

  #onOnline = () => this.#ping();
  #onHide = () => this.#beat();

  // --- the call -----------------------------------------------------------------------------------------------------

  #invited(session, request) {
    const call = incoming(request);
    // Meanwhile the caller may have been put back into the queue and rings here again: then that call is new.
    if (["reconnecting", "leaving"].includes(this.call?.phase) && this.call.uuid === call.uuid) this.#finish("returned");
    if (this.call) {
      session.terminate({ status_code: 486 });
      return;
    }
    this.#session = session;
    this.call = call;
    session.on("icecandidate", gathered);
    session.on("ended", (event) => this.#ended(session, event));
    session.on("failed", (event) => this.#ended(session, event));
    session.on("peerconnection", ({ peerconnection }) => this.#watch(session, peerconnection));
    session.on("accepted", () => {
      this.#kept.keep(request.call_id, request.to_tag, request.from_tag);
      this.#update({ phase: "talking", since: Date.now() });
      if (this.call.phase === "leaving") session.terminate();
    });
    if (call.isOwn) this.answer();
    else this.#changed();
  }

  #watch(session, connection) {
    connection.addEventListener("track", ({ streams, track }) => {
      session.foyerSound = streams[0] ?? new MediaStream([track]);
      if (session === this.#session) this.#listenTo(session);
    });
    const lost = (isInVain) => session === this.#session && (isInVain ? this.#giveUp() : this.#comeBack());
    this.#way.outlast(session, connection, lost);
  }

  async #listenTo(session) {
    if (session.foyerSound && !(await this.#headset.play(session.foyerSound))) this.#report("click-to-hear");
  }

  #ended(session, { originator, cause }) {
    release(session.foyerMicrophone);
    if (session !== this.#session) return;
    if (this.#recovering) {
      this.#session = null; // another leg takes its place, or is told that there is no call any more
      return;
    }
    if (this.#kept.dialog && isCut(cause) && originator !== "remote") {
      this.#session = null;
      this.#comeBack();
      return;
    }
    this.#finish(originator === "remote" ? "remote" : cause === globalThis.JsSIP.C.causes.REJECTED ? "rejected" : "local");
  }

  #finish(reason) {
    const { call } = this;
    const session = this.#session;
    this.call = null;
    this.#session = null;
    this.#recovering = null;
    this.#isStale = false;
    this.#kept.forget();
    this.#way.forget();
    retire(session);
    this.#headset.silence();
    // A call needs the connection, the next one a registration as well, which may have been lost meanwhile.
    if (this.link === "ready" && !this.#ua?.isRegistered()) this.link = "connecting";
    this.dispatchEvent(new CustomEvent("over", { detail: { call, reason } }));
    this.#changed();
  }

  // --- getting a call back ------------------------------------------------------------------------------------------

  #beat() {
    if (this.call && !this.#isStale) this.#kept.beat(this.call);
    else if (this.call && this.#kept.isGone) this.#finish("lost");
    else if (this.call) this.#recover();
  }

  /** The dialog is lost, the call is not. */
  #comeBack() {
    this.#isStale = true;
    this.#update({ phase: "reconnecting" });
    this.#recover();
  }

  /** No further leg would have sound. Nobody hangs up: the box takes the caller back, as from an agent who is gone. */
  #giveUp() {
    abandon(this.#session);
    this.#session = null;
    this.#finish("deaf");
  }

  async #recover() {
    const { dialog } = this.#kept;
    if (!this.#isStale || !dialog || this.#recovering || !this.#ua?.isConnected()) return;
    this.#recovering = dialog;
    let microphone;
    try {
      // Who has hung up takes the call back only to end it: nobody in the room is to be heard once more.
      microphone = this.call.phase === "leaving" ? null : await this.#headset.open();
    } catch (problem) {
      this.#recovering = null;
      this.#report(problem.code);
      return;
    }
    if (this.#recovering === dialog && this.#ua?.isConnected()) this.#replace(dialog, microphone);
    else {
      release(microphone);
      this.#recovering = null;
    }
  }

  #replace(dialog, microphone) {
    const failed = ({ originator, message }) => {
      release(microphone);
      if (this.#recovering !== dialog) return;
      this.#recovering = null;
      if (originator === "remote" && isOver(message)) this.#finish("gone");
      else setTimeout(() => this.#recover(), RECOVER_MS);
    };
    const session = this.#ua.call(`sip:${RESUME_NUMBER}@${this.#host}`, wishFor(dialog, microphone, failed));
    session.foyerMicrophone = microphone;
    this.#watch(session, session.connection);
    session.on("accepted", ({ response }) => {
      if (this.#recovering === dialog) this.#resumed(session, response);
      else retire(session);
    });
  }

  #resumed(session, response) {
    const old = this.#session;
    const { muted, held } = this.call;
    this.#session = session;
    this.#recovering = null;
    this.#isStale = false;
    this.#kept.keep(response.call_id, response.from_tag, response.to_tag);
    session.on("ended", (event) => this.#ended(session, event));
    retire(old);
    if (this.call.phase === "leaving") {
      session.terminate();
      return;
    }
    this.#update({ phase: "talking" });
    this.#listenTo(session);
    if (muted) session.mute({ audio: true });
    if (held) session.once("confirmed", () => setTimeout(() => session.hold(), 0));
  }

  async #changeMicrophone() {
    if (!this.#isUp) return;
    try {
      await swapMicrophone(this.#session, await this.#headset.open());
    } catch (problem) {
      this.#report(problem.code ?? "unknown");
    }
  }

  // --- telling ------------------------------------------------------------------------------------------------------

  #setLink(link) {
    if (this.link === link) return;
    this.link = link;
    this.#changed();
  }

  #update(changes) {
    if (!this.call) return;
    const { phase } = this.call;
    Object.assign(this.call, changes);
    if (phase === "leaving") this.call.phase = phase; // a hang-up is not taken back, whatever the network does
    if (this.#isStale) this.#kept.put(this.call);
    else this.#kept.beat(this.call);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #report(code) {
    this.dispatchEvent(new CustomEvent("problem", { detail: code }));
  }
}
