// Makes an agent notice a call: a ring tone made by WebAudio (no file), a notification of the system, a flashing title.
// Browsers keep a page silent until its first click or key: `isBlocked` says so, and the first one unlocks the sound.

const FREQUENCIES = [440, 480];
const ON_S = 1.2;
const PERIOD_MS = 3200;
const SILENT = "foyer.ring.silent";

export class Ring extends EventTarget {
  #context = null;
  #timer = 0;
  #titleTimer = 0;
  #title = document.title;
  #notification = null;

  constructor() {
    super();
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => this.unlock(), { passive: true });
  }

  get isSilent() {
    return localStorage.getItem(SILENT) === "1";
  }

  set isSilent(value) {
    localStorage.setItem(SILENT, value ? "1" : "0");
    if (value) this.#silence();
  }

  /** Whether the browser still waits for a click before it lets this page sound. */
  get isBlocked() {
    return navigator.userActivation ? !navigator.userActivation.hasBeenActive && this.#context?.state !== "running" : false;
  }

  /** May be called from a click only: lets the page sound from now on. */
  async unlock() {
    if (this.#context?.state === "running") return;
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.dispatchEvent(new Event("unlocked"));
  }

  /** Ask for the system's notifications; from a click only. Returns granted, denied or default. */
  async allowNotifications() {
    if (!("Notification" in window)) return "denied";
    return Notification.permission === "default" ? Notification.requestPermission() : Notification.permission;
  }

  get notifications() {
    return "Notification" in window ? Notification.permission : "denied";
  }

  /** Ring for a call until stop(). `title` flashes in the tab, `text` stands in the notification. */
  start(title, text) {
    this.stop();
    this.#flash(title);
    this.#notify(title, text);
    if (this.isSilent) return;
    this.#sound();
    this.#timer = setInterval(() => this.#sound(), PERIOD_MS);
  }

  stop() {
    this.#silence();
    clearInterval(this.#titleTimer);
    if (this.#titleTimer) document.title = this.#title;
    this.#titleTimer = 0;
    this.#notification?.close();
    this.#notification = null;
  }

  #silence() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.gain?.gain.cancelScheduledValues(0);
    this.gain?.disconnect();
    this.gain = null;
  }

  #sound() {
    const context = this.#context;
    if (context?.state !== "running") return;
    const gain = context.createGain();
    const begin = context.currentTime;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(0.16, begin + 0.03);
    gain.gain.setValueAtTime(0.16, begin + ON_S - 0.05);
    gain.gain.linearRampToValueAtTime(0, begin + ON_S);
    gain.connect(context.destination);
    for (const frequency of FREQUENCIES) {
      const tone = context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(gain);
      tone.start(begin);
      tone.stop(begin + ON_S);
    }
    this.gain = gain;
  }

  #flash(title) {
    this.#title = document.title;
    let isOn = false;
    const turn = () => {
      isOn = !isOn;
      document.title = isOn ? `● ${title}` : this.#title;
    };
    turn();
    this.#titleTimer = setInterval(turn, 900);
  }

  #notify(title, text) {
    if (this.notifications !== "granted" || document.hasFocus()) return;
    try {
      this.#notification = new Notification(title, { body: text, tag: "foyer-call", requireInteraction: true });
      this.#notification.onclick = () => {
        window.focus();
        this.#notification?.close();
      };
    } catch {
      // Android's Chrome knows notifications of service workers only.
    }
  }
}
