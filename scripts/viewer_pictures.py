"""Take the pictures of the viewers: a slide by OpenSeadragon, two linked series in three planes by NiiVue, and without.

    python scripts/viewer_pictures.py [--pictures docs/images]

The slide is CMU-1-Small-Region of SYNTHASSAY_DATA (path-openslide-cmu1-small, CC0); the volumes are phantoms.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from read_with_scripted_readers import CHROMIUM, VOLUMES, Server, keep, write_volumes

from synthassay.reading.compiling import compile_study

SLIDE = Path("path-openslide-cmu1-small") / "CMU-1-Small-Region.svs"
SLIDES = """\
title = "Sections of skin"
question = "What does the room look like with a whole slide?"
kind = "diagnostic"
readers = 1
cases = "sections.csv"
arms = [{ name = "real", role = "real", path = "sections" }]
scale = { finding = "dysplasia", marks = "many" }
design = { practice = 0, catch = 0, repeats = 0.0, blocks = 1 }
"""
ON_SLIDE = (
    *["+"] * 6, "e", "Shift+ArrowLeft", "x", "d", *["Shift+ArrowRight"] * 2, *["ArrowDown"] * 6, "d",
    *["ArrowDown"] * 8, "x", "e",
)  # fmt: skip
ON_PLANES = (
    "t",
    "o",
    "e",
    *["ArrowRight"] * 4,
    *["ArrowUp"] * 6,
    "e",
    "m",
    "y",
    "e",
    "d",
    "Shift+ArrowRight",
    "d",
    "e",
)


def take(browser, study: Path, picture: Path, keys: tuple[str, ...], *, card: bool = True, wide: int = 1280) -> None:
    """Open the first trial, press the keys and keep a picture."""
    server = Server(study)
    server.start()
    page = browser.new_page(viewport={"width": wide, "height": wide * 5 // 8})
    if not card:
        page.route("**/vendor/**", lambda route: route.abort())
    page.goto(server.link("r01"))
    page.click("#go")
    page.wait_for_selector("#stage[data-ready=true]")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(1500)
    keep(page, picture)
    page.close()
    server.kill()


def main() -> None:
    """Make the studies and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, default=Path("docs/images"))
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.mkdtemp(prefix="viewers-"))
    (folder / "sections").mkdir()
    for case in ("a", "b"):
        shutil.copy(Path(os.environ["SYNTHASSAY_DATA"]) / SLIDE, folder / "sections" / f"{case}.svs")
    (folder / "sections.csv").write_text("case,subject,truth\na,a,1\nb,b,0\n", encoding="utf-8")
    write_volumes(folder)
    for name, text in (("slides", SLIDES), ("volumes", VOLUMES)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        compile_study(folder / f"{name}.toml", folder / name)
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        take(browser, folder / "slides", given.pictures / "reading-slide.png", ON_SLIDE, wide=960)
        take(browser, folder / "volumes", given.pictures / "reading-planes.png", ON_PLANES)
        take(browser, folder / "volumes", given.pictures / "reading-planes-plain.png", ON_PLANES, card=False)
        browser.close()


if __name__ == "__main__":
    main()
