"""Read a whole study in a real browser, by readers whose skill is known; keep its pictures and its export.

    python scripts/read_with_scripted_readers.py [--out FOLDER] [--pictures docs/images] [--cases 44] [--readers 3]

Virtual chest radiographs, half of them with an opacity, are read as they are and as a blurred stand-in for a
generator's, by readers who press keys in headless Chromium. Their ratings are drawn from two normal distributions whose
distance is the reader's skill in each arm, so that what the analysis should find is known. The room is killed and
opened again in the middle. Nothing here says anything about real readers.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image as Pillow
from scipy import ndimage

from synthassay.data.phantoms.recipes import PHANTOMS
from synthassay.randomness import stream
from synthassay.reading.chain import ChainCheck
from synthassay.reading.compiling import compile_study
from synthassay.reading.exporting import export
from synthassay.reading.joining import join, ratings_of
from synthassay.reading.serving import make_invitation, verify_readings
from synthassay.stats.roc import auc

CHROMIUM = "/usr/bin/chromium"
SKILL = {"real": 2.0, "synthetic": 1.1}  # distance of both distributions of ratings, in standard deviations
SEED = 20260101

DIAGNOSTIC = """\
title = "Chest radiographs, autumn reading"
question = "Is an opacity seen as well on synthetic radiographs as on the real ones of the same virtual patients?"
kind = "diagnostic"
instructions = "Rate how likely an opacity is. Read each image as you would at work."
readers = {readers}
cases = "cases.csv"
arms = [{{ name = "real", role = "real", path = "real" }},
  {{ name = "synthetic", role = "synthetic", path = "synthetic" }}]
scale = {{ finding = "an opacity", marks = "one" }}
design = {{ practice = 4, catch = 2, repeats = 0.1, blocks = 2 }}
analysis = {{ hypothesis = "non_inferiority", margin = 0.05 }}
[reencode]
reason = "The stand-in is blurred, which is what the study asks about; files are of one size and depth."
accept = ["8x8 grid of JPEG", "grey levels used", "clipped share", "darkest value", "brightest value"]
"""
VOLUMES = """\
title = "Head CT, one volume a case"
question = "What does the room look like with a volume and two series?"
kind = "quality"
readers = 1
artefacts = ["blur", "streaks", "seam between slices", "wrong anatomy"]
arms = [{ name = "real", role = "real", path = "ct", beside = "smooth" }]
design = { practice = 0, catch = 0, repeats = 0.0, blocks = 1 }
items = [{ name = "realism", text = "This volume could come from my own scanner." },
  { name = "anatomy", text = "The anatomy is plausible." }]
windows = [{ name = "brain", low = 0, high = 80 }, { name = "bone", low = -500, high = 1500 }]
"""
TILES = """\
title = "Sections, which one is synthetic?"
question = "What does the room look like with two large tiles?"
kind = "choice"
readers = 1
arms = [{ name = "real", role = "real", path = "tiles" }, { name = "synthetic", role = "synthetic", path = "others" }]
design = { practice = 0, catch = 0, repeats = 0.0, blocks = 1 }
[reencode]
reason = "Two small sets of one source, for the picture alone."
"""


class Server:
    """The room in a process of its own."""

    def __init__(self, study: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.study, self.url = study, f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Open the room and wait until it answers."""
        words = ["reader", "serve", str(self.study), "--port", str(self.port)]
        code = f"import sys; from synthassay.cli import main; sys.argv[1:] = {words!r}; main()"
        command = [sys.executable, "-c", code]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ.copy())  # noqa: S603
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url, timeout=1).close()  # noqa: S310 - our own loopback address
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the room did not open")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def link(self, who: str, *, coordinator: bool = False) -> str:
        """Invite someone."""
        return make_invitation(self.study, who, url=self.url, coordinator=coordinator)


def write_radiographs(folder: Path, cases: int, size: int) -> None:
    """Write both arms and the table of cases."""
    lines = ["case,subject,truth"]
    for arm in ("real", "synthetic"):
        (folder / arm).mkdir(parents=True, exist_ok=True)
    taken = {"0": 0, "1": 0}
    index = 0
    while min(taken.values()) < cases // 2:
        patient = PHANTOMS["phantom:chest-xray"].make(SEED, index, (size, size))
        truth = str(int("normal" not in patient.facts["label"]))
        index += 1
        if taken[truth] >= cases // 2:
            continue
        taken[truth] += 1
        pixels = next(iter(patient.pictures.values())).astype(np.float64)
        low, high = np.percentile(pixels, (0.1, 99.9))
        name = f"case-{index:03d}"
        for arm, sigma in (("real", 0.0), ("synthetic", size / 220)):
            made = ndimage.gaussian_filter(pixels, sigma) if sigma else pixels
            grey = np.clip((made - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
            Pillow.fromarray(grey).save(folder / arm / f"{name}.png")
        lines.append(f"{name},{name},{truth}")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_volumes(folder: Path) -> None:
    """Write two virtual head CTs, and a smoothed second series of each."""
    for arm in ("ct", "smooth"):
        (folder / arm).mkdir(parents=True, exist_ok=True)
    phantom = PHANTOMS["phantom:head-ct"]
    shape = (112, 132, 60)
    for index in range(2):
        volume = next(iter(phantom.make(SEED, index, shape).pictures.values())).astype(np.float32)
        for arm, sigma in (("ct", 0.0), ("smooth", 1.2)):
            name = folder / arm / f"head-{index}.nii.gz"
            made = ndimage.gaussian_filter(volume, sigma).round().astype(np.int16)
            nib.save(nib.Nifti1Image(made, phantom.geometry(shape)["affine"]), name)
            (folder / arm / f"head-{index}.json").write_text('{"Units": "HU"}\n', encoding="utf-8")


def write_tiles(folder: Path) -> None:
    """Write two sets of virtual sections."""
    for arm, first in (("tiles", 0), ("others", 3)):
        (folder / arm).mkdir(parents=True, exist_ok=True)
        for index in range(first, first + 3):
            tile = next(iter(PHANTOMS["phantom:histology"].make(SEED, index, (768, 768)).pictures.values()))
            Pillow.fromarray(np.asarray(tile, dtype=np.uint8)).save(folder / arm / f"tile-{index}.png")


def rating_of(told: dict, reader: str) -> int:
    """Draw what a reader of known skill says: the same for the same reader, case and arm."""
    rng = stream(SEED, "rating", reader, told["case"], told["treatment"], told["purpose"])
    separation = SKILL[told["treatment"]] * told["truth"]
    return int(np.clip(round(35 + 18 * (rng.normal() + separation)), 0, 100))


def go_on(page, before: str) -> bool:
    """Wait for the next trial, past breaks; False where there is none."""
    page.wait_for_function(
        "(before) => ['done', 'intro', 'break'].includes(document.body.dataset.phase) || "
        "document.body.dataset.trial !== before && document.querySelector('#stage').dataset.ready === 'true'",
        arg=before,
    )
    if page.evaluate("document.body.dataset.phase") == "done":
        return False
    if page.locator("#go").is_visible():
        page.click("#go")
        page.wait_for_selector("#stage[data-ready=true]")
    return True


def set_slider(page, value: int) -> None:
    """Set the one slider as a reader's hand does, then let it go."""
    page.locator(".sliding input").first.evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def read_all(page, server: Server, told: dict[str, dict], reader: str, pictures: Path | None) -> int:
    """Read everything as one reader; the first is interrupted by a killed room."""
    page.goto(server.link(reader))
    page.wait_for_selector("#go")
    if pictures:
        keep(page, pictures / "reading-begin.png")
    page.click("#go")
    page.wait_for_selector("#stage[data-ready=true]")
    count, more = 0, True
    while more:
        name = page.evaluate("document.body.dataset.trial")
        trial = told[name]
        rating = trial["expected"].get("rating", rating_of(trial, reader))
        set_slider(page, rating)
        if trial["truth"] and rating > 50:
            box = page.locator("#stage canvas").first.bounding_box()
            page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.45)
        if pictures and count == 9:
            keep(page, pictures / "reading-diagnosis.png")
        if pictures and count == 20:
            server.kill()
            page.keyboard.press("Enter")
            page.wait_for_selector("#status.bad")
            keep(page, pictures / "reading-unsaved.png")
            server.start()
        else:
            page.keyboard.press("Enter")
        count += 1
        more = go_on(page, name)
    return count


def keep(page, path: Path) -> None:
    """Keep a picture of a page, in so few colours that it stays small."""
    page.screenshot(path=str(path))
    picture = Pillow.open(path).convert("RGB").quantize(120, dither=Pillow.Dither.NONE)
    picture.save(path, optimize=True)


def show(browser, folder: Path, text: str, name: str, picture: Path, act) -> None:
    """Open one trial of a small study and keep a picture."""
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    compile_study(folder / f"{name}.toml", folder / f"{name}-study")
    server = Server(folder / f"{name}-study")
    server.start()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(server.link("r01"))
    page.click("#go")
    page.wait_for_selector("#stage[data-ready=true]")
    act(page)
    page.wait_for_timeout(400)
    keep(page, picture)
    page.close()
    server.kill()


def look_at_volume(page) -> None:
    """What a reader does with a volume."""
    for key in ("4", "5", "+", "PageUp", "PageUp"):
        page.keyboard.press(key)
    page.click("button.choice[value=blur]")


def look_at_tiles(page) -> None:
    """What a reader does with two tiles."""
    page.keyboard.press("2")
    set_slider(page, 64)


def main() -> int:
    """Read the study, print what was found beside what was put in, and write pictures and tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="Folder to keep the study and its export in.")
    parser.add_argument("--pictures", type=Path, help="Folder for pictures of the room.")
    parser.add_argument("--cases", type=int, default=44)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--size", type=int, default=384)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    folder = given.out or Path(tempfile.mkdtemp(prefix="reading-"))
    write_radiographs(folder, given.cases, given.size)
    (folder / "reader.toml").write_text(DIAGNOSTIC.format(readers=given.readers), encoding="utf-8")
    made = compile_study(folder / "reader.toml", folder / "study")
    told = {one.trial: one.model_dump(mode="json") for one in made.truth.trials}
    server = Server(folder / "study")
    server.start()
    start = time.perf_counter()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        count = 0
        for number, plan in enumerate(made.design.readers):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            count += read_all(page, server, told, plan.reader, given.pictures if number == 0 else None)
            page.close()
            if given.pictures and number == 0:
                chief = browser.new_context(viewport={"width": 1280, "height": 500}).new_page()
                chief.goto(server.link("chief", coordinator=True))
                chief.wait_for_selector("table")
                keep(chief, given.pictures / "reading-progress.png")
                chief.close()
        server.kill()
        if given.pictures:
            write_volumes(folder)
            write_tiles(folder)
            show(browser, folder, VOLUMES, "volumes", given.pictures / "reading-volume.png", look_at_volume)
            show(browser, folder, TILES, "tiles", given.pictures / "reading-choice.png", look_at_tiles)
        browser.close()
    return report(folder, count, time.perf_counter() - start)


def report(folder: Path, count: int, seconds: float) -> int:
    """Print what was read and found."""
    check: ChainCheck = verify_readings(folder / "study")
    joined = join(folder / "study")
    export(joined, folder / "export")
    ratings = ratings_of(joined)
    areas = {}
    for arm, skill in SKILL.items():
        own = [one for one in ratings if one.treatment == arm]
        found = auc(np.array([one.rating for one in own]), np.array([one.truth for one in own]).astype(bool))[0]
        areas[arm] = {"auc": round(float(found), 3), "put_in": round(float(ndtr(skill / np.sqrt(2))), 3)}
    about = {
        "read": count, "seconds": round(seconds, 1), "responses": check.responses, "unread": joined.unread,
        "log_whole": check.ok, "areas": areas, "export": str(folder / "export"),
    }  # fmt: skip
    sys.stdout.write(json.dumps(about, indent=1) + "\n")
    return 0 if check.ok and not joined.unread and check.responses == count else 1


def ndtr(value: float) -> float:
    """Return the normal distribution function."""
    from scipy.stats import norm

    return float(norm.cdf(value))


if __name__ == "__main__":
    sys.exit(main())
