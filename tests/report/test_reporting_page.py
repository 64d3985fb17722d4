from __future__ import annotations

from synthassay.records.appraisal import Answer, Appraisal, ItemAppraisal, Pointer
from synthassay.records.instrument import Reply
from synthassay.report.contents import read_contents
from synthassay.report.reporting_page import write_reporting_page

OPEN = Answer(reply=Reply.NO_INFORMATION, by="the run", why="only a person can answer this")


def test_the_page_tells_where_and_leaves_the_rest_to_the_authors(make_run, tmp_path):
    stands = Pointer(file="cohort.json", place="split", says="HOSP-4711 <i>and</i> others")
    items = (
        ItemAppraisal(
            item="20", domain="partitions", asks="At which level?", reply=Reply.YES,
            answers=(Answer(reply=Reply.YES, by="the run", evidence=(stands,)),),
        ),
        ItemAppraisal(item="44", domain="other", asks="Funding.", answers=(OPEN,), needs_person=True),
    )  # fmt: skip
    appraisal = Appraisal(
        instrument="claim-2024", title="CLAIM", purpose="reporting", source="doi:10.1000/x", instrument_sha256="",
        run_sha256="", items=items, titles={"partitions": "Data partitions", "other": "Other"},
    )  # fmt: skip
    contents = read_contents(make_run(title="A <b>study</b>"))
    text = write_reporting_page(appraisal, "About it.", contents, tmp_path / "out" / "claim.html").read_text()
    assert "1 of 2 items stand in the run folder; 1 are for the authors" in text
    assert "Data partitions" in text
    assert "HOSP-4711" not in text
    assert "<i>" not in text
    assert "A &lt;b&gt;study" in text
    assert text.count('<td class="open">for the authors</td>') == 1
    assert "only a person" not in text
