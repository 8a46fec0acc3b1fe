"""The kept results of an unfinished run."""

import subprocess
import sys

import pytest

from sentiment_kit import FileFormatError
from sentiment_kit.batch.checkpoint import Checkpoint, digest_of, work_folder
from sentiment_kit.batch.scoring import pack

IDENTITY = {"model": "a", "language": "detected"}
RESULTS = [{"sk_language": "en", "sk_churn_phrases": 'a lone surrogate \ud800 and "quotes"', "sk_negative": 0.1234}]


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.csv"


def keep(target, number=0, texts=("a",)):
    with Checkpoint(target, IDENTITY) as checkpoint:
        checkpoint.put(number, digest_of(list(texts)), 1, pack(RESULTS))


def test_results_come_back_for_the_same_texts_in_the_same_place(target):
    keep(target, 3)
    with Checkpoint(target, IDENTITY) as checkpoint:
        assert checkpoint.rows == 1
        assert checkpoint.notes == []
        assert checkpoint.get(3, digest_of(["a"])) == RESULTS
        assert checkpoint.get(3, digest_of(["b"])) is None
        assert checkpoint.get(2, digest_of(["a"])) is None
        assert checkpoint.differs(3, digest_of(["b"]))
        assert not checkpoint.differs(3, digest_of(["a"]))
        assert not checkpoint.differs(2, digest_of(["a"]))


def test_the_later_result_counts(target):
    keep(target)
    keep(target, texts=("b",))
    with Checkpoint(target, IDENTITY) as checkpoint:
        assert (checkpoint.rows, checkpoint.get(0, digest_of(["b"]))) == (1, RESULTS)


def test_nothing_is_left_of_complete_work_nor_of_none(target, tmp_path):
    with Checkpoint(target, IDENTITY):
        assert work_folder(target).is_dir()
    assert list(tmp_path.iterdir()) == []
    keep(target)
    with Checkpoint(target, IDENTITY) as checkpoint:
        checkpoint.complete = True
    assert list(tmp_path.iterdir()) == []


def test_another_identity_starts_anew_and_says_what_has_changed(target):
    keep(target)
    with Checkpoint(target, {**IDENTITY, "model": "b"}) as checkpoint:
        assert checkpoint.rows == 0
        assert checkpoint.notes == ["starting anew: since the interrupted run these have changed: model"]


def test_no_resume(target):
    keep(target)
    with Checkpoint(target, IDENTITY, resume=False) as checkpoint:
        assert (checkpoint.rows, checkpoint.notes) == (0, [])


def test_wrong_number_of_results_is_damage(target):
    with Checkpoint(target, IDENTITY) as checkpoint:
        checkpoint.put(0, b"x", 2, pack(RESULTS))
        checkpoint.put(1, b"x", 1, pack(RESULTS)[:-3])
        assert (checkpoint.get(0, b"x"), checkpoint.get(1, b"x")) == (None, None)


def test_the_lock_goes_with_the_process_however_it_ends(target):
    code = (
        "import os, sys; from pathlib import Path; from sentiment_kit.batch.checkpoint import Checkpoint;"
        f"c = Checkpoint(Path(sys.argv[1]), {IDENTITY!r}); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(FileFormatError, match=rf"SK232.*process {other.pid}"):
            Checkpoint(target, IDENTITY)
        other.kill()
    with Checkpoint(target, IDENTITY) as checkpoint:
        assert checkpoint.rows == 0


def test_a_folder_that_cannot_be_made(tmp_path):
    work_folder(tmp_path / "out.csv").write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(FileFormatError, match="SK233: cannot keep the work in"):
        Checkpoint(tmp_path / "out.csv", IDENTITY)


def test_digests():
    assert digest_of(["a", None, 1.5]) == digest_of(["a", None, 1.5])
    assert len({digest_of(texts) for texts in (["1"], [1], ["1", ""], ["\ud800"], ["?"], [None], ["None"])}) == 7
