"""Agreement of the readers, by hand and on the corpora's own files."""

import json
from pathlib import Path

import pytest

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.agreement import agreement, kappa
from sentiment_kit.training.feedback import load_feedback

CORPORA = Path(__file__).parents[2] / "corpora"


def test_kappa_by_hand():
    # 35 of 50 alike; by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("y", "y")] * 3) == 1.0
    assert kappa([("y", "n"), ("n", "y")]) == pytest.approx(-1)


def test_agreement_by_hand(tmp_path):
    def labels(sentiment, themes, churn):
        return {"sentiment": sentiment, "themes": themes, "churn": churn}

    rows = [
        {"id": "1", "first": labels("negative", ["delay"], [["exit", "never again"]]),
         "second": labels("negative", ["delay", "staff"], [["exit", "again"]])},
        {"id": "2", "first": labels("positive", [], []), "second": labels("positive", [], [])},
        {"id": "3", "first": labels("neutral", ["price"], [["exit", "bye"]]),
         "second": labels("positive", [], [["switching", "off"]])},
    ]  # fmt: skip
    (tmp_path / "en.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = agreement(tmp_path / "en.jsonl", {"1": "No, never again.", "2": "Fine.", "3": "bye, I am off"})
    assert (found.texts, found.churn, found.kind, found.phrase) == (3, 1.0, 0.5, 0.5)
    assert found.themes == pytest.approx(2 / 4)
    assert found.sentiment == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))


@pytest.mark.parametrize("corpus", ["feedback", "churn"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_readers_labels_belong_to_the_corpus(corpus, language):
    texts = {record.id: record.text for record in load_feedback(CORPORA / corpus / f"{language}.jsonl")}
    file = CORPORA / "readers" / corpus / f"{language}.jsonl"
    assert {json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()} <= set(texts)
    assert agreement(file, texts).churn > 0.9
