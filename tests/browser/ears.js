// Runs in every page of a test's browser before the page's own scripts: keeps the last moments of what comes in over
// WebRTC, so that a test can measure what the agent hears. `foyerHeard()` gives {rate, samples} or null.
//
// The microphone's sound is taken as it is, like that of a headset with processing of its own: the browser's noise
// suppression takes the tests' tone for noise, and its echo canceller takes it for the caller's, now and then.
(() => {
  const devices = navigator.mediaDevices;
  if (devices) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = ({ audio, ...others }) => {
      const asked = typeof audio === "object" ? audio : {};
      const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      return open({ ...others, audio: audio && { ...asked, ...plain } });
    };
  }
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
