"""The run: interrupted anywhere it goes on, and writes the same bytes, however many processes score.

Texts that are numbers give each row a result of its own without loading the model's libraries in every process.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sentiment_kit import FileFormatError, InputError
from sentiment_kit.analyzer import Analyzer
from sentiment_kit.batch.checkpoint import Checkpoint, work_folder
from sentiment_kit.batch.run import score_file
from sentiment_kit.batch.scoring import Options

CHUNK = 512
COLUMNS = {"text": "text"}

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and limits of POSIX")


def numbers(file, count=20 * CHUNK + 7):
    file.write_text("".join(f'{{"n": {n}, "text": {n}}}\n' for n in range(count)), encoding="utf-8")
    return file


def start(source, target, *options, **settings):
    command = [sys.executable, "-m", "sentiment_kit", "score", str(source), "-o", str(target), "--text", "text"]
    return subprocess.Popen(
        [*command, "--json-log", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **settings,
    )


def until_progress(process, events):
    """Read the log of a run until it has told its progress so many times; return what it told before."""
    log = []
    while sum(entry["event"] == "progress" for entry in log) < events:
        line = process.stderr.readline()
        assert line, f"the run ended early: {log}"
        log.append(json.loads(line))
    return log


def finish(process):
    out, log = process.communicate(timeout=300)
    assert "Traceback" not in log
    return process.returncode, [json.loads(line) for line in log.splitlines()]


def interrupt_after(events):
    """Return a watcher that interrupts the run after so many chunks, as Ctrl-C does."""
    seen = []

    def watch(event, facts):
        seen.append(event)
        if seen.count("progress") == events:
            raise KeyboardInterrupt

    return watch


def interrupted(source, target, options=None, events=5):
    with pytest.raises(KeyboardInterrupt):
        score_file(source, target, options, columns=COLUMNS, workers=1, watch=interrupt_after(events))
    assert work_folder(target).is_dir()
    assert not target.exists()


@pytest.fixture
def source(tmp_path):
    return numbers(tmp_path / "in.jsonl")


@pytest.fixture
def wanted(source, tmp_path):
    score_file(source, tmp_path / "wanted.csv", columns=COLUMNS, workers=1)
    return (tmp_path / "wanted.csv").read_bytes()


def contents(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_run_leaves_nothing_beside_the_target(source, wanted, tmp_path):
    assert contents(tmp_path) == ["in.jsonl", "wanted.csv"]
    assert wanted.count(b"SK102") == 20 * CHUNK + 7


@posix
def test_killed_at_random_moments_it_goes_on_and_writes_the_same_bytes(source, wanted, tmp_path):
    target = tmp_path / "out.csv"
    chance = random.Random(5)
    kept = []
    for workers in ("1", "2", "1"):
        process = start(source, target, "--workers", workers)
        log = until_progress(process, chance.randint(1, 20))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL
        assert not target.exists()
        kept.append(log[0]["kept"])
    code, log = finish(start(source, target, "--workers", "2"))
    assert code == 0
    kept.append(log[0]["kept"])
    assert kept == sorted(kept)
    assert kept[0] == 0 < kept[1]
    assert target.read_bytes() == wanted
    assert contents(tmp_path) == ["in.jsonl", "out.csv", "wanted.csv"]


@posix
def test_ctrl_c_says_how_to_go_on(source, wanted, tmp_path):
    target = tmp_path / "out.csv"
    # A test run in the background ignores Ctrl-C, and what it starts would too.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = start(source, target, "--workers", "2", start_new_session=True, **heard)
    until_progress(process, 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    code, log = finish(process)
    assert code == 130
    assert log[-1] == {**log[-1], "event": "failed", "exit_code": 130, "resumable": True}
    assert score_file(source, target, columns=COLUMNS).resumed >= 2 * CHUNK
    assert target.read_bytes() == wanted


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds child processes in /proc")
@pytest.mark.parametrize("victim", ["worker", "run"])
def test_a_dying_process(tmp_path, victim):
    source, target = numbers(tmp_path / "in.jsonl", 100 * CHUNK), tmp_path / "out.csv"
    process = start(source, target, "--workers", "2")
    until_progress(process, 1)
    process.send_signal(signal.SIGSTOP)
    workers = [child for child in children(process.pid) if "spawn_main" in command_line(child)]
    assert len(workers) == 2
    os.kill(workers[0] if victim == "worker" else process.pid, signal.SIGKILL)
    process.send_signal(signal.SIGCONT)
    if victim == "worker":
        code, log = finish(process)
        assert code == 1
        assert "SK331: a worker process was killed by signal 9" in log[-1]["message"]
    else:
        process.communicate(timeout=300)
    deadline = time.monotonic() + 300
    while any(command_line(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlives its run"
        time.sleep(0.05)
    assert score_file(source, target, columns=COLUMNS, workers=1).resumed > 0
    score_file(source, tmp_path / "wanted.csv", columns=COLUMNS, workers=1)
    assert target.read_bytes() == (tmp_path / "wanted.csv").read_bytes()


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except OSError:
        return ""


@posix
def test_a_full_disk(source, wanted, tmp_path):
    import resource

    def little_space():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    target = tmp_path / "out.csv"
    code, log = finish(start(source, target, "--workers", "1", preexec_fn=little_space))
    assert code == 1
    assert log[-1]["message"].startswith(("error SK234: cannot keep", "error SK235: cannot write"))
    assert "Make some space" in log[-1]["message"]
    assert log[-1]["resumable"]
    assert not target.exists()
    code, log = finish(start(source, target, "--workers", "1"))
    assert (code, log[0]["kept"] > 0) == (0, True)
    assert target.read_bytes() == wanted


def test_real_texts_score_the_same_in_any_number_of_processes(reviews, tmp_path):
    source = tmp_path / "in.jsonl"
    rows = [{"n": n, "text": f"{reviews[n % 200][0]} {n}"} for n in range(2 * CHUNK + 50)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    one = score_file(source, tmp_path / "1.csv", columns=COLUMNS, workers=1)
    two = score_file(source, tmp_path / "2.csv", columns=COLUMNS, workers=2)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    assert one == two
    assert one.rows == len(rows)
    assert min(one.languages[language] for language in ("ja", "uk", "fa", "en")) > 200
    for analysis in one.examples():
        for phrase in analysis.churn.phrases:
            assert analysis.text[phrase.start : phrase.end] == phrase.text


def test_two_runs_on_one_target(source, tmp_path):
    target = tmp_path / "out.csv"
    with Checkpoint(target, Options().identity()):
        with pytest.raises(FileFormatError, match=rf"SK232: another run \(process {os.getpid()}\) is writing"):
            score_file(source, target, columns=COLUMNS)
        code, log = finish(start(source, target))
    assert code == 1
    assert "SK232" in log[-1]["message"]
    score_file(source, target, columns=COLUMNS, workers=1)


def test_damaged_results_are_scored_anew(source, wanted, tmp_path):
    target = tmp_path / "out.csv"
    interrupted(source, target)
    with sqlite3.connect(work_folder(target) / "scored.sqlite") as database:
        database.execute("UPDATE chunks SET results = cast(substr(results, 1, 40) || x'00' AS BLOB) WHERE number = 2")
    database.close()
    summary = score_file(source, target, columns=COLUMNS, workers=1)
    assert (summary.resumed, summary.notes) == (4 * CHUNK, [])
    assert target.read_bytes() == wanted


def test_a_damaged_work_file_is_told_and_scored_anew(source, wanted, tmp_path):
    target = tmp_path / "out.csv"
    interrupted(source, target)
    file = work_folder(target) / "scored.sqlite"
    file.write_bytes(b"not what it was" * 1000)
    summary = score_file(source, target, columns=COLUMNS, workers=1)
    assert summary.resumed == 0
    assert "is damaged" in summary.notes[0]
    assert target.read_bytes() == wanted


def test_changed_options_start_anew(source, tmp_path):
    target = tmp_path / "out.csv"
    own = tmp_path / "own.en.jsonl"
    own.write_text("", encoding="utf-8")
    interrupted(source, target)
    interrupted(source, target, Options(language="en"))
    own.write_text("\n", encoding="utf-8")
    summary = score_file(source, target, Options(patterns=(str(own),)), columns=COLUMNS, workers=1)
    assert summary.resumed == 0
    assert summary.notes == ["starting anew: since the interrupted run these have changed: patterns, language"]


def test_no_resume(source, tmp_path):
    target = tmp_path / "out.csv"
    interrupted(source, target)
    summary = score_file(source, target, columns=COLUMNS, workers=1, resume=False)
    assert (summary.resumed, summary.notes) == (0, [])


def test_a_changed_input_is_told_and_what_differs_scored_anew(source, tmp_path):
    target = tmp_path / "out.csv"
    interrupted(source, target)
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[CHUNK + 3] = '{"n": -1, "text": -1}\n'
    source.write_text("".join(lines), encoding="utf-8")
    summary = score_file(source, target, columns=COLUMNS, workers=1)
    assert summary.resumed == 4 * CHUNK
    assert summary.notes == ["the input has changed since the interrupted run; what differs is scored anew"]
    assert "found int (-1)" in target.read_text(encoding="utf-8")


def test_a_strict_run_stops_at_the_first_bad_row(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("n,text\n1,Das ist leider nicht gut.\n2,\n3,\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="SK231: row 2 could not be scored.*SK101: the text is empty"):
        score_file(source, tmp_path / "out.csv", strict=True)
    assert not (tmp_path / "out.csv").exists()
    code, log = finish(start(source, tmp_path / "out.csv", "--strict"))
    assert (code, log[-1]["event"], log[-1]["exit_code"]) == (3, "failed", 3)
    code, log = finish(start(source, tmp_path / "out.csv"))
    assert (code, log[-1]["rows"], log[-1]["errors"]) == (0, 3, 2)


def test_a_text_that_breaks_a_library_costs_only_itself(tmp_path, monkeypatch):
    analyze = Analyzer.analyze_many

    def fragile(self, texts, languages=None):
        if 2 in texts:
            raise RuntimeError("a library gave up")
        return analyze(self, texts, languages)

    monkeypatch.setattr(Analyzer, "analyze_many", fragile)
    score_file(numbers(tmp_path / "in.jsonl", 4), tmp_path / "out.jsonl", columns=COLUMNS)
    errors = [json.loads(line)["sk_error"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [error[:5] for error in errors] == ["SK102", "SK102", "SK107", "SK102"]
    assert errors[2] == "SK107: the text could not be scored: RuntimeError: a library gave up"


def test_a_fault_of_the_engine_is_no_fault_of_the_target(source, tmp_path, monkeypatch):
    def broken(options, texts):
        raise OSError("too many open files")

    monkeypatch.setattr("sentiment_kit.batch.workers.score", broken)
    with pytest.raises(OSError, match="^too many open files$"):
        score_file(source, tmp_path / "out.csv", columns=COLUMNS, workers=1)
    assert contents(tmp_path) == ["in.jsonl"]


def test_a_fault_of_the_options_is_no_fault_of_the_rows(source, tmp_path):
    for workers in (1, 2):
        with pytest.raises(InputError, match="SK104"):
            score_file(source, tmp_path / "out.csv", Options(language="de"), columns=COLUMNS, workers=workers)
    assert contents(tmp_path) == ["in.jsonl"]


def test_a_small_table_is_scored_in_this_process(tmp_path):
    told = {}
    score_file(
        numbers(tmp_path / "in.jsonl", 3 * CHUNK),
        tmp_path / "out.csv",
        columns=COLUMNS,
        watch=told.setdefault,
    )
    assert told["started"]["workers"] == 1
    assert told["started"]["text"] == "text"
    assert told["progress"] == {"rows": CHUNK, "resumed": 0, "total": 3 * CHUNK}
    assert told["done"]["rows"] == 3 * CHUNK
