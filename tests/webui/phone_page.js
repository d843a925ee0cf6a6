// The phone's scripts on a bare page, for phone_bench.py: no box behind it but an Asterisk.
import { Headset } from "/static/headset.js";
import { Phone } from "/static/phone.js";

const account = async () => ({ url: document.body.dataset.url, host: "127.0.0.1", user: "a1", password: "secret" });
const headset = new Headset(document.querySelector("audio"));
const open = headset.open.bind(headset);
headset.open = () => {
  microphones += 1;
  return open();
};
const { RTCPeerConnection } = window;
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
    for (const news of ["connectionstatechange", "iceconnectionstatechange"]) this.addEventListener(news, untold);
  }
  setRemoteDescription({ type, sdp }) {
    return super.setRemoteDescription({ type, sdp: isBlocked ? nowhere(sdp) : sdp });
  }
};
// What a blocked leg is told of its way, the test says, when it is its time: the browser would after 16 s.
function untold(event) {
  if (isBlocked && event.isTrusted) event.stopImmediatePropagation();
}
// As if a firewall let no UDP through: each side looks for the other where nobody is.
function nowhere(sdp) {
  return sdp.replace(/^(a=candidate:\S+ \d+ \w+ \d+) \S+ \d+/gim, "$1 192.0.2.98 9");
}
function blocked(message) {
  const [head, body] = message.split("\r\n\r\n").map((part, at) => (at ? nowhere(part) : part));
  return [head.replace(/^(Content-Length:) *\d+/im, `$1 ${body.length}`), body].join("\r\n\r\n");
}
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  sent.push(data.split(" ")[0]);
  if (isBlocked) data = blocked(data);
  if (deafTo && data.startsWith(deafTo)) unheard += 1;
  else if (refusals.length && data.startsWith("INVITE")) setTimeout(() => this.onmessage({ data: refuse(data) }));
  else send.call(this, data);
};
function refuse(request) {
  const kept = request.split("\r\n").filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  const tagged = kept.map((line) => (line.startsWith("To:") ? `${line};tag=far` : line));
  return [`SIP/2.0 ${refusals.shift()}`, ...tagged, "Content-Length: 0", "", ""].join("\r\n");
}
const { UA } = JsSIP;
window.JsSIP = {
  ...JsSIP,
  UA: class extends UA {
    constructor(...given) {
      super(...given);
      agents.push(this);
    }
  },
};
window.agents = []; // JsSIP's
window.deafTo = ""; // the far end does not hear what begins so
window.unheard = 0;
window.isBlocked ??= false; // no sound gets through
window.sent = []; // the methods of requests, and versions of answers
window.refusals = []; // its next answers to calls
window.connections = [];
window.microphones = 0; // how often one was opened
window.phone = new Phone(account, headset, "foyer.phone.a1");
window.said = [];
window.phases = [];
phone.addEventListener("change", () => phases.push(phone.call?.phase));
phone.addEventListener("problem", (event) => said.push(`problem ${event.detail}`));
phone.addEventListener("over", (event) => said.push(`over ${event.detail.reason}`));
phone.start();
