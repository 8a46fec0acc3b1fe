"""Other people's checkpoints, on a tiny one that the test makes: the real loading code, no hub."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.training

transformers = pytest.importorskip("transformers")

from sentiment_kit import Analyzer, BundleError, ModelError  # noqa: E402
from sentiment_kit.encoder.torch import TransformersEncoder, _marks  # noqa: E402

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


@pytest.fixture(scope="module")
def japanese(checkpoint, tmp_path_factory):
    """The tiny BERT with a tokenizer that is written in Python."""
    folder = shutil.copytree(checkpoint("three"), tmp_path_factory.mktemp("ja") / "slow")
    (folder / "tokenizer.json").unlink()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"もう二度と買いません。"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    transformers.BertJapaneseTokenizer(
        str(folder / "vocab.txt"), word_tokenizer_type="basic", subword_tokenizer_type="character", model_max_length=40
    ).save_pretrained(folder)
    return folder


def test_a_tokenizer_in_python(japanese):
    encoder = TransformersEncoder(str(japanese))
    assert not encoder._tokenizer.is_fast
    short, long = encoder.score(["もう買いません。", "もう二度と" * 40], ["ja"] * 2)
    assert (short.n_tokens, short.n_windows) == (8, 1)
    assert (long.n_tokens, long.n_windows) == (200, 8)
    assert short.sentiment.sum() == pytest.approx(1, abs=1e-5)


def test_windows_have_the_marks_of_the_tokenizer_and_end_where_the_text_ends(checkpoint):
    encoder = TransformersEncoder(str(checkpoint("three")))
    text = "abcdefghijklmnopqrstuvwxyz " * 5
    windows, count = encoder._windows(text)
    tokenizer = encoder._tokenizer
    assert count == len(tokenizer(text, add_special_tokens=False)["input_ids"])
    assert {len(window) for window in windows} == {38}
    assert {(window[0], window[-1]) for window in windows} == {(tokenizer.cls_token_id, tokenizer.sep_token_id)}
    assert windows[-1][-5:] == tokenizer(text)["input_ids"][-5:]
    assert encoder._windows("good")[0] == [tokenizer("good")["input_ids"]]


def test_a_tokenizer_whose_marks_cannot_be_told():
    def tokenizer(text, *, add_special_tokens):
        return {"input_ids": [9, 9] if add_special_tokens else [1]}

    with pytest.raises(ModelError, match=r"SK324.*\[9, 9\].*\[1\]"):
        _marks("owner/model", tokenizer)


def test_a_tokenizer_that_needs_a_library(japanese, tmp_path, monkeypatch):
    folder = shutil.copytree(japanese, tmp_path / "mecab")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["word_tokenizer_type"] = "mecab"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "fugashi", None)
    with pytest.raises(ModelError, match="SK322.*fugashi"):
        TransformersEncoder(str(folder))


def test_a_checkpoint_in_the_analyzer(checkpoint):
    a = Analyzer(model=checkpoint("three")).analyze("I won't be ordering here again.")
    assert a.sentiment is not None
    assert a.themes == ()
    assert a.churn.level == "high"


def test_labels_that_are_no_sentiments(checkpoint):
    with pytest.raises(ModelError, match=r"SK323.*LABEL_0, LABEL_1.*id2label"):
        TransformersEncoder(str(checkpoint("bad")))


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="SK322.*cannot load"):
        TransformersEncoder(str(tmp_path / "none"), local_only=True)
