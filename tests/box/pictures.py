"""Pictures of pages, compared by the browser that takes them: it can read them, and needs no other tool."""

import base64
from pathlib import Path

from tests.browser.browser import Browser

# The mean difference of the bytes of an area (0 to 255); another size of the picture counts as well.
COMPARE = """
const [first, second, area, done] = arguments;
async function bytesOf(encoded) {
  const file = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const image = await createImageBitmap(new Blob([file], { type: "image/png" }));
  const context = new OffscreenCanvas(area.width, area.height).getContext("2d");
  context.drawImage(image, -area.x, -area.y);
  return context.getImageData(0, 0, area.width, area.height).data;
}
Promise.all([bytesOf(first), bytesOf(second)]).then(([some, others]) => {
  let sum = 0;
  for (let at = 0; at < some.length; at += 1) sum += Math.abs(some[at] - others[at]);
  done(sum / some.length);
}, (problem) => done(String(problem)));
"""

Area = dict[str, int]


def area_of(browser: Browser, css: str) -> Area:
    """Where an element stands on the page that is shown, in whole pixels."""
    return {name: round(value) for name, value in browser.find(css).rect.items()}


def difference(browser: Browser, first: Path, second: Path, area: Area) -> float:
    """How much two pictures differ there: 0 is not at all, 255 black and white."""
    encoded = [base64.b64encode(path.read_bytes()).decode() for path in (first, second)]
    found = browser.async_script(COMPARE, *encoded, area)
    assert isinstance(found, int | float), found
    return float(found)
