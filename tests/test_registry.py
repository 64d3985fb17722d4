import sys
import types
from importlib.metadata import EntryPoint

import pytest

from synthassay import registry as registry_module
from synthassay.errors import UnknownName
from synthassay.registry import Registry


@pytest.fixture
def empty_package(monkeypatch):
    package = types.ModuleType("empty_package")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, "empty_package", package)
    return "empty_package"


def test_adds_and_finds(empty_package):
    metrics = Registry("metric", package=empty_package, group="none.at.all")
    metrics.add("mae")(1)
    metrics.add("bias")(2)
    assert metrics.get("mae") == 1
    assert list(metrics) == ["bias", "mae"]
    assert "mae" in metrics
    assert "psnr" not in metrics


def test_unknown_name_offers_the_nearest(empty_package):
    metrics = Registry("metric", package=empty_package, group="none.at.all")
    metrics.add("psnr")(1)
    with pytest.raises(UnknownName, match="Did you mean: psnr"):
        metrics.get("pnsr")


def test_a_name_cannot_be_claimed_twice(empty_package):
    metrics = Registry("metric", package=empty_package, group="none.at.all")
    metrics.add("mae")(1)
    with pytest.raises(ValueError, match="two metrics claim"):
        metrics.add("mae")(2)


def test_outside_packages_register_by_entry_point(empty_package, monkeypatch):
    point = EntryPoint("entropy", "math:log", "synthassay.metrics")
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [point] if group == point.group else [])
    metrics = Registry("metric", package=empty_package, group="synthassay.metrics")
    assert metrics.get("entropy")(1.0) == 0.0


def test_an_outside_module_may_register_by_itself_under_another_name(empty_package, monkeypatch):
    metrics = Registry("metric", package=empty_package, group="synthassay.metrics")

    class Point:
        name, group = "theirs", "synthassay.metrics"

        def load(self):
            metrics.add("entropy")("the metric")
            return "the bare function"

    monkeypatch.setattr(registry_module, "entry_points", lambda group: [Point()] if group == Point.group else [])
    assert metrics.names() == ["entropy"]
    assert metrics.get("entropy") == "the metric"
