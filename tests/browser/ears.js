// Runs in every page of a test's browser before the page's own scripts: keeps the last moments of what comes in over
// WebRTC, so that a test can measure what the agent hears. `foyerHeard()` gives {rate, samples} or null.
(() => {
  const Native = window.RTCPeerConnection;
  if (!Native) return;
  let analyser = null;
  let context = null;
  const listen = (track) => {
    context ??= new AudioContext({ sampleRate: 48000 });
    const source = context.createMediaStreamSource(new MediaStream([track]));
    analyser = context.createAnalyser();
    analyser.fftSize = 32768;
    source.connect(analyser);
  };
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("track", (event) => listen(event.track));
    }
  };
  window.foyerHeard = () => {
    if (!analyser) return null;
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return { rate: context.sampleRate, samples: Array.from(samples, (value) => Math.round(value * 32767)) };
  };
})();
