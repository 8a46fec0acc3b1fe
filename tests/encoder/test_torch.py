"""Other people's checkpoints, on a tiny one that the test makes: the real loading code, no hub."""

import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.training

transformers = pytest.importorskip("transformers")

from sentiment_kit import Analyzer, BundleError, ModelError  # noqa: E402
from sentiment_kit.encoder.torch import TransformersEncoder  # noqa: E402

LABELS = {
    "three": {0: "NEGATIVE", 1: "Neutral", 2: "positive"},
    "stars": {i: f"{i + 1} star{'s' if i else ''}" for i in range(5)},
    "two": {0: "neg", 1: "pos"},
    "bad": {0: "LABEL_0", 1: "LABEL_1"},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Make a tiny BERT with the given labels, once each."""
    made = {}

    def make(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
            (folder / "vocab.txt").write_text("\n".join([*words, *[f"##{w}" for w in words[5:]]]), encoding="utf-8")
            tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"))
            tokenizer.model_max_length = 40
            tokenizer.save_pretrained(folder)
            config = transformers.BertConfig(
                vocab_size=57, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                max_position_embeddings=40, num_labels=len(LABELS[kind]), id2label=LABELS[kind],
            )  # fmt: skip
            transformers.set_seed(1)
            transformers.BertForSequenceClassification(config).save_pretrained(folder)
            made[kind] = folder
        return made[kind]

    return make


def test_info_on_a_checkpoint_and_a_folder_that_holds_none(checkpoint, tmp_path):
    def info(model):
        command = [sys.executable, "-m", "sentiment_kit", "info", "--model", str(model)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert "a Hugging Face checkpoint: sentiment only" in info(checkpoint("three")).stdout
    nothing = info(tmp_path)
    assert nothing.returncode == 1
    assert "SK311" in nothing.stderr
    with pytest.raises(BundleError, match="SK311"):
        Analyzer(model=tmp_path)


@pytest.mark.parametrize("kind", ["three", "stars", "two"])
def test_a_checkpoint_scores_sentiment(checkpoint, kind):
    encoder = TransformersEncoder(str(checkpoint(kind)))
    texts = ["good shop", "x " * 200, "I won't be ordering here again."]
    together = encoder.score(texts, ["en"] * 3)
    for text, score in zip(texts, together, strict=True):
        assert score.sentiment.sum() == pytest.approx(1, abs=1e-5)
        assert (score.themes, score.churn) == (None, None)
        np.testing.assert_allclose(encoder.score([text], ["en"])[0].sentiment, score.sentiment, atol=1e-4)
    assert together[1].n_windows > 3
    assert together[0].n_windows == 1
    if kind == "two":
        assert together[0].sentiment[1] == 0


def test_a_checkpoint_in_the_analyzer(checkpoint):
    a = Analyzer(model=checkpoint("three")).analyze("I won't be ordering here again.")
    assert a.sentiment is not None
    assert a.themes == ()
    assert a.churn.level == "high"


def test_labels_that_are_no_sentiments(checkpoint):
    with pytest.raises(ModelError, match=r"SK332.*LABEL_0, LABEL_1.*id2label"):
        TransformersEncoder(str(checkpoint("bad")))


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="SK331.*cannot load"):
        Analyzer(model=str(tmp_path / "none"))
