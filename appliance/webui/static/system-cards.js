// The page of the telephone cards: sends a file of a card's maker to the box, as it was downloaded. The list of the cards is
// fetched anew meanwhile; what became of the file stands above it.

const MOST_BYTES = 4 * 1024 * 1024;
const place = document.getElementById("card-file-state");
const words = place.dataset;

function say(text, isBad = false) {
  place.hidden = false;
  place.textContent = text;
  place.classList.toggle("notice-bad", isBad);
}

async function send(file) {
  const answer = await fetch("/system/cards/file", {
    method: "POST",
    headers: { "X-CSRF": window.Foyer.csrf, "HX-Request": "true" },
    body: file,
  });
  if (answer.ok && !answer.redirected) return (await answer.json()).words;
  const problem = decodeURIComponent(answer.headers.get("X-Foyer-Problem") ?? "");
  throw Object.assign(new Error(String(answer.status)), { words: problem });
}

document.addEventListener("change", async (event) => {
  const field = event.target.closest("[data-card-file]");
  const file = field?.files[0];
  if (!file) return;
  field.value = "";
  if (file.size > MOST_BYTES) {
    say(words.large, true);
    return;
  }
  say(words.busy);
  try {
    say(await send(file));
  } catch (error) {
    say(error.words || words.failed, true);
  }
});
