"""The browser libraries: fetched from npm at the versions of package-lock.json, bundled into single files.

JsSIP becomes a classic script that sets the global `JsSIP`; htmx is one already. Nothing runs npm on the box.
"""

from pathlib import Path

from steps import BUILD, CACHE, IMAGE, REPOSITORY, content_stamp, remove_tree, run, step, versioned

MANIFESTS = (REPOSITORY / "package.json", REPOSITORY / "package-lock.json")


def build() -> Path:
    """The folder, build/browser/<stamp>, of the versions that are pinned."""
    return versioned("browser", content_stamp([*MANIFESTS, IMAGE / "vendor.py"]), make)


def make(new: Path) -> None:
    """Puts the libraries and their licences into the empty folder `new`."""
    npm = BUILD / "npm"
    remove_tree(npm)
    npm.mkdir()
    for manifest in MANIFESTS:
        (npm / manifest.name).write_bytes(manifest.read_bytes())
    with step("fetching and bundling the browser libraries"):
        # No install scripts: esbuild's binary is a package of its own and needs none.
        run(
            "npm",
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            "--loglevel=error",
            "--cache",
            CACHE / "npm",
            cwd=npm,
            what="fetching the browser libraries",
        )
        run(
            npm / "node_modules/.bin/esbuild",
            "node_modules/jssip/lib/JsSIP.js",
            "--bundle",
            "--minify",
            "--format=iife",
            "--global-name=JsSIP",
            "--platform=browser",
            "--target=es2020",
            "--log-level=warning",
            f"--outfile={new / 'jssip.min.js'}",
            cwd=npm,
            what="bundling JsSIP",
        )
        modules = npm / "node_modules"
        for source, name in (
            (modules / "htmx.org/dist/htmx.min.js", "htmx.min.js"),
            (modules / "htmx.org/LICENSE", "htmx.LICENSE.txt"),
            (modules / "jssip/LICENSE.md", "jssip.LICENSE.txt"),
        ):
            (new / name).write_bytes(source.read_bytes())
