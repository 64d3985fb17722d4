"""The README's tables are what the kept measurements say."""

import importlib.util
from pathlib import Path

from synthassay.bench.sight import cries_wolf
from synthassay.protocols import PROTOCOLS
from synthassay.records.bench import FailureBench

ROOT = Path(__file__).resolve().parents[1]


def test_the_readmes_tables_come_from_the_kept_measurements():
    where = importlib.util.spec_from_file_location("results", ROOT / "scripts" / "results.py")
    results = importlib.util.module_from_spec(where)
    where.loader.exec_module(results)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert results.rewrite(readme) == readme
    assert "not measured" not in results.table("ct-low-dose")


def test_kept_reports_are_small_and_the_pictures_named_in_the_readme_exist():
    for report in (ROOT / "docs" / "results").glob("*/report.html"):
        assert report.stat().st_size < 3_000_000
    assert (ROOT / "docs" / "images" / "report.png").stat().st_size < 1_000_000


def test_the_page_of_the_failure_bench_comes_from_the_kept_records():
    where = importlib.util.spec_from_file_location("failure_page", ROOT / "scripts" / "failure_page.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    benches = script.kept()
    assert benches
    assert script.PAGE.read_text(encoding="utf-8") == script.page(benches)
    for bench in benches:
        place = script.KEPT / bench.protocol
        assert (place / "map.svg").read_text(encoding="utf-8") == script.heat_map_picture(bench) + "\n"
        # what cries wolf counts as seeing nothing, and is no detector
        alarms = [r.false_alarms for r in bench.responses if r.false_alarms is not None and not cries_wolf(r)]
        assert sum(alarms) / len(alarms) <= bench.level
        assert max((place / name).stat().st_size for name in ("map.svg", "failures.html", "bench.json")) < 1_500_000


def test_the_protocols_of_the_kept_benches_are_those_of_today():
    """A requirement that was added or dropped since must be tried again before the page speaks of the protocol."""
    for path in (ROOT / "docs" / "results" / "failure-bench").glob("*/bench.json"):
        bench = FailureBench.read(path)
        today = {r.metric for r in PROTOCOLS.get(bench.protocol).requirements if not (r.missing or r.sign)}
        assert set(bench.required) == today, f"{path}: rerun {bench.command} and collect it"


def test_the_readmes_table_of_sight_is_what_the_bench_found():
    bench = FailureBench.read(ROOT / "docs" / "results" / "failure-bench" / "ct" / "bench.json")

    def seen(metric, failure):
        return bench.response(metric, failure).first_seen

    assert [seen(m, "lesion_erased") for m in ("ssim", "frechet_distance", "lesion_sensitivity")] == [None, None, 2]
    assert [seen(m, "hu_shift") for m in ("ssim", "frechet_distance", "hu_bias")] == [None, None, 5]
    assert [seen(m, "oversmoothing") for m in ("ssim", "frechet_distance", "spectral_fidelity")] == [6, 1, 1]
    assert [seen(m, "mode_collapse") for m in ("frechet_distance", "repeated_images")] == [90, 5]
    assert {f.name: f.matters_at for f in bench.failures}.items() >= {
        "lesion_erased": 6, "hu_shift": 20, "oversmoothing": 4, "mode_collapse": 10,
    }.items()  # fmt: skip
