"""The int8 encoder: the same scores alone and in a batch, and the same labels as the fp32 weights."""

import random

import numpy as np
import pytest

from sentiment_kit.encoder.bundle import Bundle, default_folder
from sentiment_kit.encoder.onnx import OnnxEncoder


def numbers(score):
    return np.concatenate([score.sentiment, score.themes, [score.churn]])


def test_scores_do_not_depend_on_the_batch(analyzer, reviews):
    texts, languages = zip(*reviews, strict=True)
    together = analyzer.encoder.score(texts, languages)
    alone = [analyzer.encoder.score([text], [language])[0] for text, language in reviews]
    order = random.Random(5).sample(range(len(reviews)), len(reviews))
    shuffled = analyzer.encoder.score([texts[i] for i in order], [languages[i] for i in order])
    back = dict(zip(order, shuffled, strict=True))
    for index, (one, other) in enumerate(zip(together, alone, strict=True)):
        np.testing.assert_allclose(numbers(one), numbers(other), atol=1e-3)
        np.testing.assert_allclose(numbers(one), numbers(back[index]), atol=1e-3)


def test_threads_do_not_change_scores(reviews):
    texts, languages = zip(*reviews[:60], strict=True)
    bundle = Bundle.open(default_folder())
    one, two = (OnnxEncoder(bundle, threads).score(texts, languages) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(numbers(a), numbers(b), atol=1e-3)


@pytest.mark.training
def test_int8_agrees_with_the_fp32_weights(analyzer, reviews):
    from sentiment_kit.encoder.torch import TorchEncoder

    texts, languages = zip(*reviews, strict=True)
    int8 = analyzer.encoder.score(texts, languages)
    fp32 = TorchEncoder(Bundle.open(default_folder())).score(texts, languages)
    same = [a.sentiment.argmax() == b.sentiment.argmax() for a, b in zip(int8, fp32, strict=True)]
    assert np.mean(same) >= 0.98
    thresholds = np.stack([analyzer.encoder.theme_thresholds(language) for language in languages])
    themes = [np.stack([score.themes for score in scores]) >= thresholds for scores in (int8, fp32)]
    assert (themes[0] == themes[1]).mean() >= 0.98


@pytest.mark.training
def test_a_tiny_network_exports_faithfully(tiny_bundle):
    from sentiment_kit.encoder.torch import TorchEncoder

    texts = ["good bad", "良い" * 40, "погано добре " * 30, "بد"]
    languages = ["en", "ja", "uk", "fa"]
    int8 = OnnxEncoder(tiny_bundle).score(texts, languages)
    fp32 = TorchEncoder(tiny_bundle).score(texts, languages)
    for one, other in zip(int8, fp32, strict=True):
        assert one.n_windows == other.n_windows
        np.testing.assert_allclose(numbers(one), numbers(other), atol=0.05)
    assert int8[1].n_windows > 1


def test_a_repeated_text_is_scored_alike(analyzer):
    scores = analyzer.encoder.score(["Great shop!"] * 5 + ["Awful"], ["en"] * 6)
    for score in scores[1:5]:
        np.testing.assert_array_equal(numbers(scores[0]), numbers(score))


def test_no_texts_no_scores(analyzer):
    assert analyzer.encoder.score([], []) == []
