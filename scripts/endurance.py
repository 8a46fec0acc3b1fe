"""Score a million rows and kill runs at random moments; print Markdown.

First part: the same real texts, repeated, in a file of a few rows and one of many. Memory is the proportional set size
(/proc/*/smaps_rollup) of the whole process tree, sampled; time is that of the wall and of the processors, the second of
which a busy machine leaves alone. Second part: a run that is left in peace, then runs that get `kill -9` (parent and
workers) at a random moment and are started again with the same command; their output must have the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.examples import load_table

_SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Outcome:
    """What one run cost: seconds on the wall, seconds of the processors, largest memory in MiB."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    """Read the options, run both parts, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, required=True, help="table of real reviews (build_corpora.py)")
    parser.add_argument("--longest", type=int, default=80, help="longest text in characters (80)")
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="sizes (10000 100000 1000000)"
    )
    parser.add_argument("--kills", type=int, default=10, help="runs that are killed (10)")
    parser.add_argument("--kill-rows", type=int, default=100_000, help="rows of the runs that are killed (100000)")
    options = parser.parse_args()
    texts = _texts(options.examples, options.longest)
    print(f"{len(texts):,} real texts, {np.mean([len(t) for t in texts]):.0f} characters on average\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if options.rows:
            _growth(texts, options.rows, Path(folder))
        if options.kills:
            _kills(texts, options.kill_rows, options.kills, Path(folder))


def _growth(texts: list[str], sizes: list[int], folder: Path) -> None:
    print("| rows | memory, MiB | wall, s | processors, s | rows/s of a processor |\n|---|---|---|---|---|", flush=True)
    for rows in sizes:
        source = _write(texts, rows, folder / f"rows{rows}.csv")
        run = _run(source, folder / f"scored{rows}.parquet")
        print(f"| {rows:,} | {run.memory:.0f} | {run.wall:.0f} | {run.cpu:.0f} | {rows / run.cpu:.0f} |", flush=True)


def _kills(texts: list[str], rows: int, kills: int, folder: Path) -> None:
    source = _write(texts, rows, folder / "kill.csv")
    whole = _run(source, folder / "whole.parquet")
    wanted = _digest(folder / "whole.parquet")
    print(
        f"\n{rows:,} rows in peace: {whole.wall:.0f} s\n\n| kill -9 after rows | rest, s | same bytes |\n|---|---|---|"
    )
    rng = random.Random(1)
    for number in range(kills):
        output, moment = folder / f"killed{number}.parquet", rng.randrange(rows)
        _kill_after(moment, source, output, rng.random())
        rest = _run(source, output)
        print(f"| {moment:,} | {rest.wall:.0f} | {'yes' if _digest(output) == wanted else 'NO'} |", flush=True)
        output.unlink()


def _kill_after(rows: int, source: Path, output: Path, delay: float) -> None:
    """Begin a run, and kill it and its workers some part of a second after it has written so many rows."""
    process = _start(source, output, "--json-log", stderr=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "done" or (event["event"] == "progress" and event["rows"] >= rows):
            break
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    process.stderr.close()
    process.wait()


def _start(source: Path, output: Path, *options: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sentiment_kit", "score", str(source), "-o", str(output), "--text", "text"]
    command += options or ["--quiet"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=stderr)


def _run(source: Path, output: Path) -> Outcome:
    begun, process, memory = time.perf_counter(), _start(source, output), 0.0
    while True:
        memory = max(memory, _tree_memory(process.pid))
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        time.sleep(_SAMPLE_SECONDS)
    if status:
        raise SystemExit(f"score ended with exit code {os.waitstatus_to_exitcode(status)}")
    return Outcome(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, memory)


def _tree_memory(session: int) -> float:
    """Proportional set size of all processes of a session, in MiB."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) != session:
                continue
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except OSError:  # gone meanwhile
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _texts(examples: Path, longest: int) -> list[str]:
    table, rng = load_table(examples, examples.parent / "cache"), np.random.default_rng(1)
    languages, lengths = np.array(table["language"]), np.array([len(t) for t in table["text"]])
    rows: list[int] = []
    for language in LANGUAGES:
        found = np.flatnonzero((languages == language) & (lengths <= longest))
        rows += rng.choice(found, 2500, replace=False).tolist()
    rng.shuffle(rows)
    return [str(table["text"][row]) for row in rows]


def _write(texts: list[str], rows: int, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "text"])
        writer.writerows((number, texts[number % len(texts)]) for number in range(rows))
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
