// The phone's WebSocket, as JsSIP wants one (its Socket interface), with two things JsSIP's own lacks: an attempt to
// connect that ends after CONNECT_MS, and `drop()`, which reports a dead connection at once (closing a WebSocket
// whose network is gone waits a minute for the far end). And its user agent, with what it lacks: a registration that is
// tried again. Used by phone.js only.

const CONNECT_MS = 5000;
const REGISTER_S = 120;
const REGISTER_WAIT_MS = 10_000; // for a new connection to be of use
const REGISTER_AGAIN_MS = 1_000;

/**
 * JsSIP's user agent for an account {host, user, password}. It connects and registers again by itself, and knows no session
 * timers. `isNeeded`: whether a connection without a registration is of use nevertheless.
 */
export function userAgent(account, socket, isNeeded) {
  const ua = new globalThis.JsSIP.UA({
    sockets: [socket],
    uri: `sip:${account.user}@${account.host}`,
    authorization_user: account.user,
    password: account.password,
    user_agent: "Foyer",
    register_expires: REGISTER_S,
    session_timers: false,
    no_answer_timeout: 600,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 4,
  });
  keepRegistered(ua, socket, isNeeded);
  return ua;
}

/**
 * JsSIP gives a REGISTER up that has no answer within 32 s, and never sends another: here it is tried again while there is
 * a connection. A new connection that gets no answer is of no use, and is left for the next one sooner.
 */
function keepRegistered(ua, socket, isNeeded) {
  let tooLong = 0;
  const settle = () => clearTimeout(tooLong);
  ua.on("connected", () => {
    settle();
    tooLong = setTimeout(() => isNeeded() || socket.drop("not registered"), REGISTER_WAIT_MS);
  });
  ua.on("registered", settle);
  ua.on("disconnected", settle);
  ua.on("registrationFailed", ({ response }) => {
    settle();
    if (!response) setTimeout(() => ua.isConnected() && ua.register(), REGISTER_AGAIN_MS);
  });
}

export class PhoneSocket {
  #ws = null;
  #timer = 0;

  // Set by JsSIP before it calls connect().
  onconnect = () => {};
  ondisconnect = () => {};
  ondata = () => {};

  constructor(url) {
    const address = new URL(url);
    this.url = url;
    this.via_transport = address.protocol === "wss:" ? "WSS" : "WS";
    this.sip_uri = `sip:${address.host};transport=ws`;
  }

  connect() {
    if (this.#ws) return;
    const ws = new WebSocket(this.url, "sip");
    this.#ws = ws;
    this.#timer = setTimeout(() => this.drop("timeout"), CONNECT_MS);
    ws.onopen = () => {
      clearTimeout(this.#timer);
      this.onconnect();
    };
    ws.onmessage = (message) => this.ondata(message.data);
    ws.onclose = (close) => this.#closed(ws, !close.wasClean, close.code, close.reason);
  }

  disconnect() {
    this.#forget();
  }

  send(data) {
    if (this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(data);
    return true;
  }

  isConnected() {
    return this.#ws?.readyState === WebSocket.OPEN;
  }

  isConnecting() {
    return this.#ws?.readyState === WebSocket.CONNECTING;
  }

  /** Treat the connection as dead now; JsSIP connects again by itself. */
  drop(reason) {
    if (this.#ws) this.#closed(this.#ws, true, 0, reason);
  }

  #closed(ws, isError, code, reason) {
    if (ws !== this.#ws) return;
    this.#forget();
    this.ondisconnect(isError, code, reason);
  }

  #forget() {
    clearTimeout(this.#timer);
    const ws = this.#ws;
    this.#ws = null;
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
  }
}
