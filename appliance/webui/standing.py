"""The pages that stand while foyer-webui does not, or cannot be asked: Caddy shows them from the disk.

Rendered when the system is built (image/compile.py), into a folder of their own: <name>.html in every
language one below the other, since nobody asks who reads it, and <name>.txt, the English sentence for the
kernel's log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from appliance.fault import FAULTS
from appliance.webui.assets import Assets
from appliance.webui.i18n import LOCALE_ROOT, N_, Languages
from appliance.webui.rendering import TEMPLATE_ROOT


@dataclass(frozen=True)
class Standing:
    """One page: a heading and sentences, all msgids; it loads itself anew every `again_s` seconds, 0 for
    never.
    """

    heading: str
    sentences: tuple[str, ...]
    again_s: int = 0
    is_bad: bool = False


AT_THE_BOX = N_(
    "Whoever stands before the box can do more: connect a screen and a keyboard to it and choose from its"
    " menu."
)
PAGES = {
    "starting": Standing(N_("Foyer is starting"), (N_("This page tries again by itself."),), 3),
    "too-large": Standing(
        N_("That is more than a page takes"),
        (N_("Nothing was saved. Go back and shorten it: what you typed is still there."),),
    ),
    **{
        name: Standing(fault.message, (fault.hint, AT_THE_BOX), 15, is_bad=True)
        for name, fault in FAULTS.items()
    },
}


def make(folder: Path, locale_root: Path = LOCALE_ROOT) -> None:
    """Renders every page into `folder`, which is made."""
    assets = Assets()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(static=assets.url, icon=assets.icon)
    template, languages = environment.get_template("standing.html"), Languages.load(locale_root).all
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.html").write_text(template.render(page=page, languages=languages), "utf-8")
        (folder / f"{name}.txt").write_text(page.heading + "\n", "utf-8")
