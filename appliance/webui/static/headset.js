// Microphone and loudspeaker of the agent's page: permission, choice of devices, playing the far end. Used by desk.js,
// which gives it to phone.js. Problems are codes (insecure, denied, missing, busy, unknown); desk.js has the words.

const MICROPHONE = "foyer.microphone";
const SPEAKER = "foyer.speaker";

export class HeadsetProblem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const CODES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class Headset extends EventTarget {
  #player;

  /** `player`: the audio element that plays the far end. */
  constructor(player) {
    super();
    this.#player = player;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.dispatchEvent(new Event("devices")));
    this.useSpeaker(localStorage.getItem(SPEAKER) ?? "");
  }

  /** A fresh microphone stream; its owner stops it. Throws HeadsetProblem. */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new HeadsetProblem("insecure");
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const chosen = localStorage.getItem(MICROPHONE);
    try {
      return await this.#ask(chosen ? { ...wanted, deviceId: { exact: chosen } } : wanted);
    } catch (error) {
      // The chosen headset is unplugged: a call on the built-in microphone is better than none.
      if (chosen && (error.name === "OverconstrainedError" || error.name === "NotFoundError")) {
        try {
          return await this.#ask(wanted);
        } catch (second) {
          throw new HeadsetProblem(CODES[second.name] ?? "unknown");
        }
      }
      throw new HeadsetProblem(CODES[error.name] ?? "unknown");
    }
  }

  async #ask(audio) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio, video: false });
    this.dispatchEvent(new Event("devices"));
    return stream;
  }

  /** Ask for the permission now, so that it does not stand between a caller and the answer. Throws HeadsetProblem. */
  async allow() {
    const stream = await this.open();
    stream.getTracks().forEach((track) => track.stop());
  }

  /** "granted", "prompt", "denied" or "insecure". Firefox before 131 does not tell: "prompt". */
  async permission() {
    if (!navigator.mediaDevices?.getUserMedia) return "insecure";
    try {
      return (await navigator.permissions.query({ name: "microphone" })).state;
    } catch {
      return "prompt";
    }
  }

  /** The named devices: [{kind: "audioinput" | "audiooutput", id, label}]; empty before the permission. */
  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return all
      .filter((device) => device.kind !== "videoinput" && device.label)
      .map((device) => ({ kind: device.kind, id: device.deviceId, label: device.label }));
  }

  get microphone() {
    return localStorage.getItem(MICROPHONE) ?? "";
  }

  get speaker() {
    return localStorage.getItem(SPEAKER) ?? "";
  }

  useMicrophone(id) {
    localStorage.setItem(MICROPHONE, id);
    this.dispatchEvent(new Event("microphone"));
  }

  async useSpeaker(id) {
    localStorage.setItem(SPEAKER, id);
    if (!this.#player.setSinkId) return; // Safari plays on the system's own choice.
    try {
      await this.#player.setSinkId(id);
    } catch {
      await this.#player.setSinkId("");
    }
  }

  /** Play the far end; false when the browser wants a click first. */
  async play(stream) {
    this.#player.srcObject = stream;
    try {
      await this.#player.play();
      return true;
    } catch (error) {
      return error.name !== "NotAllowedError";
    }
  }

  silence() {
    this.#player.srcObject = null;
  }
}
