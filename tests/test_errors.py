from synthassay.errors import DataError, Fault, NotMeasured, SpecError, UnknownName, did_you_mean


def test_message_says_where_what_value_and_remedy():
    problem = DataError("table.csv", "has no column", value="subjet", remedy="Name it subject.")
    assert str(problem) == "table.csv: has no column (subjet). Name it subject."


def test_long_values_are_shortened():
    assert len(str(DataError("a", "b", value="x" * 10_000))) < 300


def test_spec_error_lists_every_fault():
    text = str(SpecError("study.toml", [Fault("a", "is wrong"), Fault("b", "is missing", None, "Add it.")]))
    assert "2 faults" in text
    assert "- a: is wrong." in text
    assert "- b: is missing. Add it." in text


def test_unknown_name_offers_the_nearest():
    assert "Did you mean: pgan?" in str(UnknownName("generator", "pgna", ["pgan", "vae"]))


def test_nothing_near_lists_what_there_is():
    assert did_you_mean("zzz", ["pgan"]) == "Available: pgan."


def test_not_measured_keeps_its_reason():
    assert NotMeasured("there are no masks").reason == "there are no masks"


def test_exit_codes_differ_by_kind():
    assert {SpecError.exit_code, DataError.exit_code} == {2, 3}
