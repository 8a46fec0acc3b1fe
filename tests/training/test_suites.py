"""Suites and mining, on a few plain texts."""

import json

import pytest

from sentiment_kit import CorpusError
from sentiment_kit.training.mining import mine
from sentiment_kit.training.suites import run_suites


def write(file, lines):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def test_suites_count_what_is_right(analyzer, tmp_path):
    good, bad = "Excellent, wonderful and delicious, thank you!", "最悪です。まずくて高い。"
    write(tmp_path / "plain" / "en.jsonl", [{"id": "1", "text": good, "sentiment": "positive"}])
    write(tmp_path / "plain" / "ja.jsonl", [
        {"id": "1", "text": bad, "sentiment": "negative"}, {"id": "2", "text": bad, "sentiment": "positive"}
    ])  # fmt: skip
    write(tmp_path / "swaps" / "en.jsonl", [{"id": "1", "texts": [good, good]}, {"id": "2", "texts": [good, "Awful."]}])
    (tmp_path / "README.md").write_text("no suite", encoding="utf-8")
    ja, en, swaps = run_suites(analyzer, tmp_path)
    assert (ja.language, ja.suite, ja.texts, ja.right, ja.difference, ja.wrong) == ("ja", "plain", 2, 0.5, None, (bad,))
    assert (en.language, en.right) == ("en", 1.0)
    assert (swaps.right, swaps.wrong) == (0.5, (f"{good} / Awful.",))
    assert 0.2 < swaps.difference <= 0.5


@pytest.mark.parametrize(
    "line", [{"id": "1", "text": "x"}, {"id": "1", "text": "x", "sentiment": "good"}, {"texts": []}]
)
def test_a_bad_line_is_named(analyzer, tmp_path, line):
    write(tmp_path / "plain" / "en.jsonl", [{"id": "0", "text": "Great!", "sentiment": "positive"}, line])
    with pytest.raises(CorpusError, match=r"SK613.*line 2"):
        run_suites(analyzer, tmp_path)


def test_mining_ranks_by_disagreement(analyzer):
    texts = [f"Lovely place number {n}." for n in range(300)] + [
        "I won't be ordering here again.",
        "Never coming back!",
    ]
    found = mine(analyzer, iter(texts), "en", 5)
    assert (found.texts, found.flagged) == (302, 2)
    assert {item.text for item in found.doubtful} == set(texts[-2:])
    assert len(found.missed) == 5
    assert all(not item.phrases for item in found.missed)
    for part, step in ((found.missed, -1), (found.doubtful, 1)):
        assert [item.head for item in part] == sorted((item.head for item in part), reverse=step == -1)
