"""Duplicates found and records wrongly merged on a labelled set, beside bib-dedupe, and the seconds of 50,000 records.

    python benchmarks/bench_deduplication.py [--json FILE] [--seeds N ...] [--many N]

The set is made by ``tests/review/labelled_records.py``, which knows the habits of databases and nothing of the matcher;
the seeds are ones on which no rule was tried. bib-dedupe (PyPI, MIT) runs where it can be imported, in its own defaults
(``prep``, ``block``, ``match``, without its network of venues). Pairs of records are counted: found of all pairs that
show one report, and wrong among those that were joined. Only ours runs where bib-dedupe is not installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from review.labelled_records import labelled_records
from synthassay.records.review import Publication
from synthassay.review.clusters import clusters
from synthassay.review.deduplicate import propose


def pairs_of(groups):
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def true_pairs(entries):
    groups = defaultdict(list)
    for number, entry in enumerate(entries):
        groups[entry.report].append(f"r-{number:06d}")
    return pairs_of(groups.values())


def ours(entries):
    records = [
        Publication(
            id=f"r-{n:06d}", source=e.source, title=e.title, authors=tuple(e.authors), year=e.year, journal=e.journal,
            volume=e.volume, number=e.number, pages=e.pages, doi=e.doi, pmid=e.pmid, abstract=e.abstract, kind=e.kind,
        )
        for n, e in enumerate(entries)
    ]  # fmt: skip
    start = time.process_time()
    found = propose(records)
    groups = clusters([r.id for r in records], found.links).members.values()
    seconds = time.process_time() - start
    return pairs_of(groups), {(q.a, q.b) for q in found.questions}, seconds


def bib_dedupe(entries):
    import pandas as pd
    from bib_dedupe.bib_dedupe import block, match, prep

    table = pd.DataFrame(
        {
            "ID": f"r-{n:06d}", "ENTRYTYPE": "inproceedings" if e.kind == "conference" else "article", "title": e.title,
            "author": " and ".join(e.authors), "year": str(e.year or ""), "journal": e.journal, "booktitle": "",
            "volume": e.volume, "number": e.number, "pages": e.pages.replace("–", "-"), "doi": e.doi,
            "abstract": e.abstract,
        }
        for n, e in enumerate(entries)
    )  # fmt: skip
    meeting = table["ENTRYTYPE"] == "inproceedings"
    table.loc[meeting, "booktitle"], table.loc[meeting, "journal"] = table.loc[meeting, "journal"], ""
    start = time.process_time()
    matched = match(block(prep(table, cpu=1), cpu=1), cpu=1)
    seconds = time.process_time() - start
    by = {
        label: {
            tuple(sorted(pair))
            for pair in matched.loc[matched["duplicate_label"] == label, ["ID_1", "ID_2"]].itertuples(index=False)
        }
        for label in ("duplicate", "maybe")
    }
    return connected(by["duplicate"]), by["maybe"], seconds


def connected(pairs):
    """Pairs and what they imply: if a is b and b is c, a is c."""
    group = {}
    for a, b in pairs:
        joined = group.get(a, {a}) | group.get(b, {b})
        for name in joined:
            group[name] = joined
    return pairs_of({id(members): members for members in group.values()}.values())


def measured(tool, entries):
    found, asked, seconds = tool(entries)
    same = true_pairs(entries)
    works = {f"r-{number:06d}": entry.work for number, entry in enumerate(entries)}
    return {
        "records": len(entries),
        "pairs of one report": len(same),
        "found": len(found & same),
        "recall": len(found & same) / len(same),
        "wrong merges": len(found - same),
        "of these two reports of one work": sum(works[a] == works[b] for a, b in found - same),
        "asked": len(asked - found),
        "recall with all questions answered": len((found | asked) & same) / len(same),
        "seconds": seconds,
    }


def main() -> None:
    """Print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[2027, 2028, 2029])
    parser.add_argument("--many", type=int, default=50_000)
    chosen = parser.parse_args()
    tools = {"synthassay": ours}
    try:
        import bib_dedupe as _  # noqa: F401

        tools["bib-dedupe"] = bib_dedupe
    except ImportError:
        print("bib-dedupe is not installed: only ours runs (pip install bib-dedupe)")
    found = {"labelled": {name: {} for name in tools}}
    for seed in chosen.seeds:
        entries = labelled_records(1000, seed)
        for name, tool in tools.items():
            row = found["labelled"][name][seed] = measured(tool, entries)
            print(seed, name, row, flush=True)
    if chosen.many:
        entries = labelled_records(int(chosen.many / 2.8), 99)[: chosen.many]
        row = found["many"] = measured(ours, entries)
        row["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(row)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    sys.exit(main())
