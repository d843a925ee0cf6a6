// What a running call is made of, for phone.js: what is kept of it so that the next page or the next connection can have it
// back (the dialog's Call-ID and tags, and what the page showed), its codecs, its end.

const GATHER_MS = 400; // after the first ICE candidate; a dead VPN interface must not delay the answer
const LEGS_IN_VAIN = 2; // in a row
const KEEP_MS = 60_000; // Asterisk gives a call up after 30 s without sound: older ones are not worth a try

export class KeptCall {
  #key;
  #beat = 0;

  /** {id, local, remote} of the confirmed dialog: the Call-ID, our tag and theirs; null without a call. */
  dialog = null;

  /** `key`: its place in localStorage. */
  constructor(key) {
    this.#key = key;
  }

  /** The call that a page before this one left behind, if it may still be up. */
  recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null");
      if (!kept || Date.now() - kept.beat > KEEP_MS) return null;
      this.dialog = kept.dialog;
      this.#beat = kept.beat;
      return kept.call;
    } catch {
      return null;
    }
  }

  /** A dialog was confirmed: it is the call's from now on. */
  keep(id, local, remote) {
    this.dialog = { id, local, remote };
  }

  /** The call is up, and this is how it is. */
  beat(call) {
    this.#beat = Date.now();
    this.put(call);
  }

  /** How the call is; whether it is still up, nobody knows now. */
  put(call) {
    if (!this.dialog) return;
    localStorage.setItem(this.#key, JSON.stringify({ dialog: this.dialog, call, beat: this.#beat }));
  }

  /** Whether the last sign of life is so old that nobody waits there any more. */
  get isGone() {
    return Date.now() - this.#beat > KEEP_MS;
  }

  forget() {
    this.dialog = null;
    localStorage.removeItem(this.#key);
  }
}

/** The call that an INVITE brings. `isOwn`: the agent himself asked the box for it, so there is nothing to decide. */
export function incoming(request) {
  return {
    phase: "ringing",
    uuid: request.getHeader("X-Foyer-Call") ?? "",
    queue: request.getHeader("X-Foyer-Queue") ?? "",
    isOwn: Boolean(request.getHeader("X-Foyer-Own")),
    number: request.from.uri.user ?? "",
    name: request.from.display_name ?? "",
    since: Date.now(),
    muted: false,
    held: false,
  };
}

/** Put alaw first: on the office network its quality is the caller's, and Asterisk need not transcode. */
function alawFirst(sdp) {
  return sdp.replace(/^(m=audio \d+ \S+) (.*)$/m, (line, head, formats) => {
    const list = formats.split(" ");
    if (!list.includes("8")) return line;
    return `${head} 8 ${list.filter((format) => format !== "8").join(" ")}`;
  });
}

/**
 * When a way for the sound was found: what else there is, it waits for a moment. A way over TCP is none that Asterisk
 * could take, yet on a busy machine a browser may find it well before those over UDP: without them nobody would hear
 * anything. Where there is no other at all, JsSIP goes on by itself as soon as the browser has done looking.
 */
export function gathered({ candidate, ready }) {
  if (candidate.protocol !== "tcp") setTimeout(ready, GATHER_MS);
}

/**
 * How to ask Asterisk for the call of a dialog, for `UA.call()`. RFC 3891: the tags as their receiver sees them. It is
 * offered the microphone, or without one only ears.
 */
export function wishFor(dialog, microphone, failed) {
  const ears = { mediaConstraints: { audio: false, video: false }, rtcOfferConstraints: { offerToReceiveAudio: true } };
  return {
    ...(microphone ? { mediaStream: microphone } : ears),
    pcConfig: { iceServers: [] },
    extraHeaders: [`Replaces: ${dialog.id};to-tag=${dialog.remote};from-tag=${dialog.local}`],
    eventHandlers: {
      sdp: (event) => {
        if (event.originator === "local") event.sdp = alawFirst(event.sdp);
      },
      icecandidate: gathered,
      failed,
    },
  };
}

/**
 * Whether this answer to the wish for a call says that it is over: its dialog is unknown, or ending, or Asterisk ran the
 * number itself. Any other refusal may pass.
 */
export function isOver(response) {
  return [481, 603, 404].includes(response?.status_code);
}

/** Whether a session ended because nobody could be reached: its call goes on. */
export function isCut(cause) {
  const { causes } = globalThis.JsSIP.C;
  return [causes.CONNECTION_ERROR, causes.REQUEST_TIMEOUT, causes.DIALOG_ERROR].includes(cause);
}

/** Let the microphone go. */
export function release(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** End a session whose call goes on elsewhere, or is over; its events no longer count. */
export function retire(session) {
  if (!session) return;
  release(session.foyerMicrophone);
  if (!session.isEnded()) session.terminate();
}

/** Leave a session as if the page were gone: the far end is not told, and waits no longer than for a page. */
export function abandon(session) {
  release(session.foyerMicrophone);
  session.terminate = () => {};
  session.connection?.close();
}

/**
 * Whether sound gets through, over all legs of a call. A leg on which it never did is a sign that something lets no UDP
 * through: after the call's first leg there is no other, and after one that had sound only one.
 */
export class SoundWay {
  #inVain = 1;

  /**
   * `lost` is called when there is no way for the sound (any more), and told whether another leg would be in vain. JsSIP
   * hangs up when ICE failed, though the caller is still there: not by the event, which Chromium brings in order of
   * registration, so that JsSIP's own listener comes first. Of a way that was never found, Chromium says "disconnected".
   */
  outlast(session, connection, lost) {
    let isFound = false;
    let isCounted = false;
    connection.addEventListener("iceconnectionstatechange", () => {
      if (!["connected", "completed"].includes(connection.iceConnectionState)) return;
      isFound = true;
      this.#inVain = 0; // at once: this leg may be lost with its signalling, and nobody tells of its sound then
    });
    const fail = () => {
      if (!isFound && !isCounted) this.#inVain += 1;
      isCounted = true;
      return lost(this.#inVain >= LEGS_IN_VAIN);
    };
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "failed" && !isFound) fail();
    });
    const terminate = session.terminate.bind(session);
    session.terminate = (given) => (given?.cause === globalThis.JsSIP.C.causes.RTP_TIMEOUT ? fail() : terminate(given));
  }

  /** The call is one of a page before this one, where it was up: what comes is not its first leg. */
  recall() {
    this.#inVain = 0;
  }

  /** The call is over. */
  forget() {
    this.#inVain = 1;
  }
}

/** Speak into another microphone from now on, muted if the last one was. */
export async function swapMicrophone(session, microphone) {
  const [track] = microphone.getAudioTracks();
  const sender = session.connection.getSenders().find((each) => each.track?.kind === "audio");
  track.enabled = sender.track.enabled;
  await sender.replaceTrack(track);
  release(session.foyerMicrophone);
  session.foyerMicrophone = microphone;
}
