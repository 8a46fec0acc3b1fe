"""Fixtures: the bundled model once a run, and a tiny bundle with random weights that tests may break."""

import importlib.util
import json
import os
import random
from pathlib import Path

import pytest

from sentiment_kit import Analyzer

# No test may reach a hub; the libraries then say at once that they cannot.
os.environ["HF_HUB_OFFLINE"] = "1"

CORPORA = Path(__file__).parents[1] / "corpora"

HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "onnxscript"))

FEEDBACK = {
    "ja": "三度問い合わせても返事がないので、これで最後にします。",
    "uk": "Жахливий сервіс: доставка запізнилась на тиждень, більше тут не замовлятиму.",
    "fa": "غذا سرد بود و پشتیبانی جواب نداد، دیگه سفارش نمی‌دم.",
    "en": "Third email, still no answer. I won't be ordering here again.",
}


def pytest_collection_modifyitems(items):
    """Skip what needs the train extra where it is not installed, as in the test of the bare wheel."""
    if HAS_TORCH:
        return
    skip = pytest.mark.skip(reason="needs the train extra (torch, transformers, onnxscript)")
    for item in items:
        if item.get_closest_marker("training"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def analyzer():
    """The bundled model."""
    return Analyzer()


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    """A bundle of a network with random weights, small enough to make in a few seconds."""
    import torch

    from sentiment_kit.encoder.bundle import Calibration
    from sentiment_kit.encoder.network import FeedbackNetwork, Shape
    from sentiment_kit.training.default import write_bundle
    from sentiment_kit.training.vocabulary import train_tokenizer

    torch.manual_seed(3)
    tokenizer = train_tokenizer([*FEEDBACK.values(), "good bad 良い 悪い добре погано خوب بد"] * 20, 300)
    shape = Shape(tokenizer.get_vocab_size(), width=32, layers=2, heads=2, inner=48, positions=24)
    network = FeedbackNetwork(shape).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(4.0)  # the small initial weights would score every text alike
    calibration = Calibration(1.0, (0.0, 0.0, 0.0), 1.0, (0.5,) * 12, 1.0, 0.0)
    folder = tmp_path_factory.mktemp("bundle")
    return write_bundle(network, tokenizer, dict.fromkeys(FEEDBACK, calibration), folder, "tiny")


@pytest.fixture(scope="session")
def reviews():
    """Two hundred of the project's own texts, fifty a language, drawn by chance, as (text, language)."""
    drawn = []
    for language in FEEDBACK:
        lines = (CORPORA / "feedback" / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
        drawn += [(json.loads(line)["text"], language) for line in random.Random(11).sample(lines, 50)]
    return drawn
