"""Ray Data, for real: the table of the local engine, row by row, and refusals that say what to do."""

import datetime
import json
import logging
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from sentiment_kit import FileFormatError, MissingExtraError, ModelError
from sentiment_kit.batch import ray_engine
from sentiment_kit.batch.predictor import Predictor
from sentiment_kit.batch.run import score_file
from sentiment_kit.batch.scoring import Options
from sentiment_kit.batch.source import CHUNK
from sentiment_kit.cli import app

# Ray's own, about the settings that it copies
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*", "ignore:.*is deprecated:DeprecationWarning")

# Two processes that score, and the core that reads and writes.
CORES = 3


@pytest.fixture(scope="module")
def ray():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # or a busy machine leaves them nothing
    ray = pytest.importorskip("ray", reason="needs the ray extra", exc_type=ImportError)
    pytest.importorskip("ray.data", reason="needs the ray extra", exc_type=ImportError)
    ray.init("local", num_cpus=CORES, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield ray
    ray.shutdown()


def table(texts, **columns):
    return pa.table({"n": range(len(texts)), "Review": pa.array(texts, pa.string()), **columns})


def score(*arguments):
    return CliRunner().invoke(app, ["score", *map(str, arguments), "--engine", "ray"])


@pytest.fixture
def folder(tmp_path, reviews):
    """A data set of two files with 1,040 rows; the second chunk begins in one and ends in the other."""
    texts = [text for text, _ in reviews] * 5 + ["", None, " ", "Das war leider nicht gut.", "5/5"] * 8
    when = pa.array([datetime.datetime(2024, 5, 1, 12)] * 700, pa.timestamp("ns"))
    shop = pa.array(["Kyiv", None] * 350).dictionary_encode()
    folder = tmp_path / "in"
    (folder / "later").mkdir(parents=True)
    pq.write_table(table(texts[:700], when=when, shop=shop), folder / "first.parquet")
    pq.write_table(table(texts[700:]), folder / "later" / "second.parquet")
    (folder / "_SUCCESS").touch()
    (folder / "_old.parquet").touch()
    return folder


def test_the_same_table_as_the_local_engine(ray, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, "_TASK_ROWS", CHUNK)  # or one task would score all, and write one file
    monkeypatch.setattr(ray_engine, "_FILE_ROWS", CHUNK)
    files = [folder / "first.parquet", folder / "later" / "second.parquet"]
    wanted = score_file(files, tmp_path / "local.parquet", columns={"text": "Review"}, workers=1)
    done = score(folder, "-o", tmp_path / "ray.parquet", "--text", "Review", "--workers", "2")
    assert done.exit_code == 0, done.output
    assert "1,040 rows" in done.output
    assert len(list((tmp_path / "ray.parquet").iterdir())) > 1
    local, far = (pq.read_table(tmp_path / name) for name in ("local.parquet", "ray.parquet"))
    assert far.schema.equals(local.schema)
    assert [name for name in local.column_names if not far[name].equals(local[name])] == []
    assert wanted.errors == {"SK101": 16, "SK102": 8}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in", "local.parquet", "ray.parquet"]


def test_one_scored_file_and_relative_names(ray, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # Ray's processes stay where they began
    own = {"id": "own.plush", "label": "exit", "pattern": [{"LOWER": "plush"}], "weight": 0.95}
    own |= {"positive": "So plush.", "negative": "So soft."}
    (tmp_path / "own.en.jsonl").write_text(json.dumps(own), encoding="utf-8")
    texts = ["The seats were really plush and the staff was kind.", "", "I won't be ordering here again."]
    pq.write_table(table(texts, sk_file=["a.csv", None, "b.csv"], sk_language=["ja"] * 3), "in.parquet")
    options = Options(patterns=("own.en.jsonl",))
    wanted = score_file(Path("in.parquet"), Path("local.parquet"), options, workers=1)
    assert ray_engine.score_dataset([Path("in.parquet")], Path("ray.parquet"), options) == wanted
    assert wanted.levels["high"] == 2
    scored = pq.read_table("ray.parquet")
    assert scored.equals(pq.read_table("local.parquet"))
    assert scored["sk_file"].to_pylist() == ["a.csv", None, "b.csv"]


def test_a_pool_that_would_leave_no_core_is_refused(ray, folder, tmp_path):
    done = score(folder, "-o", tmp_path / "out.parquet", "--text", "Review", "--workers", CORES)
    assert done.exit_code == 1
    assert f"SK255: the cluster has {CORES} cores, too few for {CORES} processes" in done.output
    assert done.output.strip().endswith(f"--workers {CORES - 1}")
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("cores", [0, 1])
def test_a_cluster_without_a_core_to_spare_is_refused(cores):
    with pytest.raises(FileFormatError, match="SK255: .*scoring needs two; add a machine"):
        ray_engine._pool(None, cores)


def test_the_predictor_in_map_batches(ray):
    texts = ["Third email, still no answer. I won't be ordering here again.", "", "とても美味しかったです。"]
    data = ray.data.from_items([{"review": text} for text in texts], override_num_blocks=1)
    batches = data.map_batches(Predictor("review"), batch_size=2, batch_format="pyarrow").to_arrow_refs()
    rows = pa.concat_tables(ray.get(batches)).sort_by("review").to_pylist()
    assert [row["sk_language"] for row in rows] == [None, "en", "ja"]
    assert rows[0]["sk_error"] == "SK101: the text is empty"
    assert rows[1]["sk_churn_level"] == "high"


def test_a_table_without_rows_keeps_its_columns(ray, tmp_path):
    pq.write_table(table([]), tmp_path / "in.parquet")
    score_file(tmp_path / "in.parquet", tmp_path / "local.parquet")
    assert ray_engine.score_dataset([tmp_path / "in.parquet"], tmp_path / "ray.parquet").rows == 0
    assert pq.read_table(tmp_path / "ray.parquet").equals(pq.read_table(tmp_path / "local.parquet"))


def test_a_failure_far_away_is_told_with_its_reason_and_leaves_nothing(ray, folder, tmp_path):
    damaged = folder / "later" / "second.parquet"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:4] + bytes(200) + content[204:])
    with pytest.raises(FileFormatError, match="SK254: Ray has failed: SK208: cannot read .*second.parquet"):
        ray_engine.score_dataset([folder], tmp_path / "out.parquet", columns={"text": "Review"})
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


def test_a_model_that_is_none_is_told_before_ray_begins(tmp_path):
    pytest.importorskip("ray", reason="needs the ray extra", exc_type=ImportError)
    pq.write_table(table(["Great!"]), tmp_path / "in.parquet")
    with pytest.raises(ModelError, match="SK311"):
        ray_engine.score_dataset([tmp_path / "in.parquet"], tmp_path / "out.parquet", Options(model=str(tmp_path)))
    assert [file.name for file in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["in.csv", "-o", "out.parquet"], "SK251: --engine ray reads .parquet files"),
        (["in.parquet", "-o", "out.csv"], "SK251: --engine ray writes a folder named .parquet"),
        (["-", "-o", "out.parquet", "--strict"], "SK251: standard input, --strict cannot be used with --engine ray"),
        (["in.parquet", "-o", "out.parquet", "--report", "out.html"], "SK251: --report cannot be used"),
        (["in.parquet", "-o", "old.parquet"], "SK252: old.parquet exists; remove it"),
        (["in.parquet", "-o", "killed.parquet"], "killed.parquet.partial is being written by another run, or was left"),
        (["empty", "-o", "out.parquet"], "SK251: the folder empty holds no .parquet file"),
        (["hive", "-o", "out.parquet"], "SK251: hive is cut into folders such as country=JP"),
        (["in.parquet", "other.parquet", "-o", "out.parquet"], "SK253: the files disagree about the type"),
        (["none.parquet", "-o", "out.parquet"], "SK202"),
        (["in.parquet", "-o", "out.parquet", "--text", "body"], "SK203: there is no column 'body'"),
        (["binary.parquet", "-o", "out.parquet"], "SK253: the text column 'Review' is binary"),
    ],
)
def test_what_does_not_go_with_ray_is_refused(tmp_path, monkeypatch, arguments, wanted):
    pytest.importorskip("ray", reason="needs the ray extra", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    pq.write_table(table(["Great!"]), "in.parquet")
    pq.write_table(pa.table({"n": ["1"], "Review": ["Great!"]}), "other.parquet")
    pq.write_table(pa.table({"Review": [b"Great!"]}), "binary.parquet")
    for name in ("empty", "old.parquet", "killed.parquet.partial"):
        (tmp_path / name).mkdir()
    (tmp_path / "hive" / "country=JP").mkdir(parents=True)
    shutil.copy("in.parquet", "hive/country=JP")
    before = sorted(tmp_path.iterdir())
    done = score(*arguments)
    assert done.exit_code == 1
    assert wanted in done.output
    assert sorted(tmp_path.iterdir()) == before


def test_of_a_folder_only_the_files_that_are_data_are_read(tmp_path):
    for name in ("b/part.parquet", "a.parquet/part.parquet", "_temporary/x.parquet", ".old/x.parquet", "_x.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = ray_engine._files([tmp_path])
    assert [file.relative_to(tmp_path).as_posix() for file in found] == ["a.parquet/part.parquet", "b/part.parquet"]


def test_a_report_of_a_folder_reads_its_files_only(tmp_path):
    (tmp_path / "nested.parquet").mkdir()
    done = CliRunner().invoke(app, ["report", str(tmp_path), "-o", str(tmp_path / "page.html")])
    assert f"SK202: the folder {tmp_path} holds no .parquet file" in str(done.exception)


def test_of_two_runs_begun_together_one_is_refused_and_the_other_kept(tmp_path, monkeypatch):
    pytest.importorskip("ray.data", reason="needs the ray extra", exc_type=ImportError)
    pq.write_table(table(["Great!"]), tmp_path / "in.parquet")
    other = tmp_path / "out.parquet.partial"
    monkeypatch.setattr(ray_engine, "score", lambda *_: (other.mkdir(), (other / "part").touch()))
    with pytest.raises(FileFormatError, match="SK252: .*is being written by another run"):
        ray_engine.score_dataset([tmp_path / "in.parquet"], tmp_path / "out.parquet")
    assert [file.name for file in other.iterdir()] == ["part"]


def test_what_is_written_while_ray_ends_is_removed_too(tmp_path, monkeypatch):
    pytest.importorskip("ray.data", reason="needs the ray extra", exc_type=ImportError)
    pq.write_table(table(["Great!"]), tmp_path / "in.parquet")

    @contextmanager
    def ending_late(_workers):
        try:
            yield 1
        finally:
            (tmp_path / "out.parquet.partial").mkdir(exist_ok=True)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_engine, "_connected", ending_late)
    monkeypatch.setattr(ray_engine, "_scored", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ray_engine.score_dataset([tmp_path / "in.parquet"], tmp_path / "out.parquet")
    assert [file.name for file in tmp_path.iterdir()] == ["in.parquet"]


def test_a_cluster_that_cannot_be_reached_is_told(tmp_path):
    pytest.importorskip("ray.data", reason="needs the ray extra", exc_type=ImportError)
    pq.write_table(table(["Great!"]), tmp_path / "in.parquet")
    command = [sys.executable, "-m", "sentiment_kit", "score", "in.parquet", "-o", "out.parquet", "--engine", "ray"]
    done = subprocess.run(
        command, env={**os.environ, "RAY_ADDRESS": "nowhere"}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "SK254: cannot connect to Ray at nowhere: Invalid address format" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.parquet"]


def test_a_failure_of_ray_without_words_is_told():
    exceptions = pytest.importorskip("ray.exceptions", reason="needs the ray extra", exc_type=ImportError)
    pytest.importorskip("ray.data", reason="needs the ray extra", exc_type=ImportError)
    with pytest.raises(FileFormatError, match="SK254: Ray has failed: RayError"), ray_engine._told():
        raise exceptions.RayError


def test_a_run_without_progress_is_told():
    data = pytest.importorskip("ray.data.exceptions", reason="needs the ray extra", exc_type=ImportError)
    with pytest.raises(FileFormatError, match="SK254: Ray has failed: no progress"), ray_engine._told():
        raise data.ExecutionTimeoutError("no progress")


def test_what_others_log_of_ray_is_left_as_it_was():
    loggers = [logging.getLogger(f"ray.data{name}") for name in ("", "._internal.progress", ".exceptions")]
    before = [logger.level for logger in loggers]
    with ray_engine._quiet():
        assert [logger.level for logger in loggers] == [logging.WARNING, logging.CRITICAL, logging.CRITICAL]
    assert [logger.level for logger in loggers] == before


def test_rows_that_ray_has_lost_are_noticed(tmp_path):
    pq.write_table(table(["Great!"]), tmp_path / "one.parquet")
    with pytest.raises(FileFormatError, match="SK254: Ray has written 1 rows of 2"):
        ray_engine._check_count(tmp_path, 2)


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sentiment-kit\[ray\]'"):
        ray_engine.score_dataset([tmp_path], tmp_path / "out.parquet")
