"""What was found becomes a record with its unit, its settings and its reason."""

from __future__ import annotations

from evaluate.sets import paired
from synthassay.evaluate.metric import METRICS, Finding
from synthassay.evaluate.rows import missing_row, range_settings, row
from synthassay.protocols import Requirement
from synthassay.records.vocabulary import Axis


def test_a_measure_in_the_images_unit_takes_the_protocols():
    found = row(paired(), METRICS.get("mae"), Finding(value=1.0, settings={"k": 2}), {"measured": "whole image"})
    assert (found.unit, found.of) == ("arbitrary", "g")
    assert found.settings == {"clipping": "none", "measured": "whole image", "k": 2}
    assert row(paired(), METRICS.get("psnr"), Finding(value=1.0)).unit == "dB"
    assert row(paired(), METRICS.get("gradient_error"), Finding(value=1.0)).unit == "arbitrary per mm"


def test_a_requirement_without_a_metric_is_a_row_with_its_reason():
    found = missing_row(paired(), Requirement("reader_study", Axis.CLINICAL, "W.", "doi:10.1/x", missing="nobody read"))
    assert (found.title, found.value, found.not_measured) == ("Reader study", None, "nobody read")


def test_a_range_is_recorded_only_where_it_was_used():
    assert range_settings({"data_range": (-1024, 3071)}) == {"data_range_low": -1024.0, "data_range_high": 3071.0}
    assert range_settings({}) == {}
