// The fields for microphone, loudspeaker and silent ringing on the desk: filled with this computer's devices.

export class SoundChoice {
  #headset;
  #fields;

  constructor(headset, ring, fields) {
    this.#headset = headset;
    this.#fields = fields;
    fields.microphone.addEventListener("change", () => headset.useMicrophone(fields.microphone.value));
    fields.speaker.addEventListener("change", () => headset.useSpeaker(fields.speaker.value));
    fields.silent.checked = ring.isSilent;
    fields.silent.addEventListener("change", () => (ring.isSilent = fields.silent.checked));
    headset.addEventListener("devices", () => this.#fill());
    this.#fill();
  }

  async #fill() {
    const devices = await this.#headset.devices();
    this.#options(this.#fields.microphone, devices, "audioinput", this.#headset.microphone);
    this.#options(this.#fields.speaker, devices, "audiooutput", this.#headset.speaker);
  }

  #options(field, devices, kind, chosen) {
    const options = devices
      .filter((device) => device.kind === kind && device.id !== "default")
      .map((device) => new Option(device.label, device.id, false, device.id === chosen));
    field.replaceChildren(field.options[0], ...options);
    field.value = options.some((option) => option.value === chosen) ? chosen : "";
    field.closest(".field").hidden = kind === "audiooutput" && !("setSinkId" in HTMLMediaElement.prototype);
  }
}
