// Many WebRTC phones in one page, each with its own WebSocket: they register, answer whatever comes and speak into it.
// The page's title says how many are registered and how many talk: "20 registered, 3 talking".
const phones = JSON.parse(decodeURIComponent(location.hash.slice(1)));
let registered = 0;
let talking = 0;
const show = () => (document.title = `${registered} registered, ${talking} talking`);
JsSIP.debug.disable();

navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } }).then((microphone) => {
  for (const { url, user, password } of phones) {
    const socket = new JsSIP.WebSocketInterface(url);
    const agent = new JsSIP.UA({ sockets: [socket], uri: `sip:${user}@foyer`, password, session_timers: false });
    agent.on("registered", () => (registered++, show()));
    agent.on("newRTCSession", ({ session }) => {
      session.on("confirmed", () => (talking++, show()));
      session.on("ended", () => (talking--, show()));
      session.answer({ mediaStream: microphone.clone(), pcConfig: { iceServers: [] } });
    });
    agent.start();
  }
});
