"""Fifty readers at once: how long the room takes to answer, on SQLite and on PostgreSQL, and whether anything is lost.

    python benchmarks/bench_reading.py [--readers 50] [--trials 30] [--think 1.0] [--json FILE]

A real server process (uvicorn, one process) and all readers as clients of one asyncio process on the same machine, so
that the latencies hold the clients' own cost too. Each reader asks for the state, fetches the picture, thinks, and
answers; ``--think 0`` answers without pause, which no reader does. PostgreSQL is started from Debian's packages in a
temporary folder, with fsync on; without them only SQLite is measured, and that is said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from reading.own_postgres import OwnPostgres, binaries
from reading.real_server import RealServer
from reading.small_studies import REENCODE, TWO_ARMS, answer_for, response_to, study_text, write_pictures
from synthassay.reading.compiling import compile_study
from synthassay.reading.joining import join
from synthassay.reading.serving import verify_readings


async def read(server, token, think, took, acknowledged, seed):
    rng = random.Random(seed)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        await client.post("/sign-in", json={"token": token})
        await asyncio.sleep(rng.random() * think)
        while True:
            start = time.perf_counter()
            state = (await client.get("/api/state")).json()
            took["state"].append(time.perf_counter() - start)
            if state["trial"] is None:
                return
            start = time.perf_counter()
            await client.get(f"/image/{state['trial']['images'][0]['image']}/0/0/0/0")
            took["picture"].append(time.perf_counter() - start)
            await asyncio.sleep(think * rng.uniform(0.5, 1.5))
            name = state["trial"]["name"]
            body = response_to(name, answer_for(state["questions"]))
            start = time.perf_counter()
            found = await client.post("/api/response", json=body, headers={"X-CSRF-Token": state["csrf"]})
            took["response"].append(time.perf_counter() - start)
            if found.status_code == 200:
                acknowledged.append((name, found.json()["hash"]))


async def read_all(server, tokens, think):
    took, acknowledged = defaultdict(list), []
    start = time.perf_counter()
    await asyncio.gather(*(read(server, t, think, took, acknowledged, i) for i, t in enumerate(tokens)))
    return took, acknowledged, time.perf_counter() - start


def measure(study, readers, think, database=""):
    server = RealServer(study, database).start()
    try:
        tokens = [server.invite(f"r{i:02d}").split("=")[1] for i in range(1, readers + 1)]
        took, acknowledged, seconds = asyncio.run(read_all(server, tokens, think))
    finally:
        server.kill()
    kept = join(study, database).readings
    names = {one.told.trial for one in kept}
    ms = {
        kind: dict(
            zip(
                ("p50", "p95", "p99", "most"),
                np.round(1000 * np.quantile(v, (0.5, 0.95, 0.99, 1)), 1).tolist(),
                strict=True,
            )
        )
        for kind, v in took.items()
    }
    return {
        "readers": readers, "think_s": think, "responses": len(acknowledged),
        "per_second": round(len(acknowledged) / seconds, 1),
        "lost": sum(name not in names for name, _ in acknowledged), "doubled": len(kept) - len(names),
        "log_whole": verify_readings(study, database).ok, "ms": ms,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--think", type=float, default=1.0, help="seconds a reader looks at a picture")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for arm, seed in (("real", 1), ("synthetic", 2)):
            write_pictures(folder / arm, given.trials // 2, seed=seed, side=256)
        text = study_text(
            "turing", arms=TWO_ARMS, design="practice = 0\ncatch = 0\nrepeats = 0.0", readers=str(given.readers)
        )
        (folder / "reader.toml").write_text(text + REENCODE, encoding="utf-8")
        compile_study(folder / "reader.toml", folder / "sqlite")
        found["sqlite"] = measure(folder / "sqlite", given.readers, given.think)
        if binaries() is None:
            found["postgresql"] = "not measured, because there is no PostgreSQL under /usr/lib/postgresql"
        else:
            compile_study(folder / "reader.toml", folder / "postgresql")
            with OwnPostgres() as url:
                found["postgresql"] = measure(folder / "postgresql", given.readers, given.think, url)
    print(json.dumps(found, indent=1))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
