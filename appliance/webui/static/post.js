// Sends a form's values to the box from a script. Throws an error with `words` for the reader, if the box gave any, and
// `isFinal` if sending the same again cannot help. For `patienceMs` it is sent again when the box says that it is too
// early: the record of a call comes a moment after the call. Where the values may change meanwhile, a function gives them.
// That somebody else was first (409) is an answer, if the box tells the script what it has now.

const TIMEOUT_MS = 8000;
const AGAIN_MS = 200;

export async function post(path, values, patienceMs = 0) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await send(path, typeof values === "function" ? values() : values);
    } catch (error) {
      if (!error.isEarly || performance.now() >= deadline) throw error;
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

async function send(path, values) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "X-CSRF": window.Foyer?.csrf ?? "", "HX-Request": "true" },
    body: new URLSearchParams(values),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error) => {
    document.dispatchEvent(new Event("foyer:unreachable")); // events.js looks whether the box is still there
    throw error;
  });
  const isOvertaken = answer.status === 409 && answer.headers.get("Content-Type")?.startsWith("application/json");
  if ((answer.ok || isOvertaken) && !answer.redirected) return answer;
  const words = decodeURIComponent(answer.headers.get("X-Foyer-Problem") ?? "");
  // The form word belongs to a session that is over: somebody signed in anew in another tab.
  if (answer.status === 403 && !words) document.dispatchEvent(new Event("foyer:stale"));
  const isRefused = Boolean(words) && [400, 403, 404].includes(answer.status);
  const isEarly = Boolean(words) && answer.status === 503;
  throw Object.assign(new Error(`${answer.status} ${path}`), { words, isFinal: isRefused, isEarly });
}
