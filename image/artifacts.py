"""What lies beside an image: its packed form, checksums, and the lists of its parts for people and programs.

Called by the step that made the image, with the layers of the root that is in it.
"""

import hashlib
from pathlib import Path

import fingerprint
import parts
import release
import sbom
from licences import Licences
from steps import run, step

# Above it, zstd takes minutes for a few megabytes: most of an image is packed already.
ZSTD_LEVEL = "-10"


def write(image: Path, layers: list[Path], tools: list[Path], folder: Path) -> None:
    """Puts into the empty `folder`, on the same disk, everything that is given away under its public name:
    the raw `image`, the same packed, manifest, SPDX document, and the checksums of them all.

    `layers` make the root that is in the image, top first, and `tools` the root that it was made with.
    """
    what = release.release()
    raw, packed, manifest, spdx, checksums = (
        folder / f"{what.image_name}{ending}"
        for ending in (".img", ".img.zst", ".manifest", ".spdx.json", ".sha256")
    )
    with step(f"packing {raw.name} and listing its parts"):
        raw.hardlink_to(image)
        run("zstd", "-q", "-T0", ZSTD_LEVEL, "-o", packed, raw, what="packing the image")
        licences = Licences()
        found = parts.parts(layers, tools, licences)
        manifest.write_text(render_manifest(what, found, [fingerprint.digest(layer) for layer in layers]))
        spdx.write_text(sbom.render(what, found, licences, _sha256(raw)), "utf-8")
        files = (raw, packed, manifest, spdx)
        checksums.write_text("".join(f"{_sha256(file)}  {file.name}\n" for file in files))


def render_manifest(what: release.Release, found: list[parts.Part], digests: list[str]) -> str:
    """A line for each part: where it is from, name, version. And digests of the layers of the root (see
    image/fingerprint.py), base last, for whoever builds the same again.
    """
    lines = [f"# {what.image_name}, commit {what.commit or 'unknown'}"]
    lines += [f"layer {number} {digest}" for number, digest in enumerate(reversed(digests))]
    lines += [f"{part.kind} {part.name} {part.version}" for part in found]
    return "\n".join(lines) + "\n"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
