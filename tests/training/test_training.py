"""Learning, saving, continuing, exporting and scoring, on a handful of texts that a tiny network can learn by heart."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")

from sentiment_kit import Analyzer, CorpusError  # noqa: E402
from sentiment_kit.encoder.bundle import Bundle  # noqa: E402
from sentiment_kit.encoder.network import FeedbackNetwork, Shape  # noqa: E402
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES  # noqa: E402
from sentiment_kit.training import default  # noqa: E402
from sentiment_kit.training.baseline import LinearBaseline, character_ngrams  # noqa: E402
from sentiment_kit.training.calibration import calibrate  # noqa: E402
from sentiment_kit.training.card import write_card  # noqa: E402
from sentiment_kit.training.default import Sides, Sources, finish, fit, marks_of  # noqa: E402
from sentiment_kit.training.examples import TokenisedExamples, batches, draw_weights  # noqa: E402
from sentiment_kit.training.lessons import Turns  # noqa: E402
from sentiment_kit.training.metrics import (  # noqa: E402
    Interval,
    binary_balanced_accuracy,
    bootstrap,
    calibration_error,
    macro_f1,
    theme_f1,
)
from sentiment_kit.training.trainer import Recipe, Surroundings, masked_losses, predict, train  # noqa: E402
from sentiment_kit.training.vocabulary import train_tokenizer  # noqa: E402
from sentiment_kit.training.words import Word, save_words  # noqa: E402

TEXTS = {
    "ja": [("料理が最悪でまずい", 0), ("普通の店です", 1), ("最高に美味しい", 2)],
    "uk": [("жахлива якість зламалося", 0), ("звичайний магазин", 1), ("чудово дуже задоволена", 2)],
    "fa": [("کیفیت افتضاح بود", 0), ("معمولی بود", 1), ("عالی بود ممنون", 2)],
    "en": [("terrible quality it broke", 0), ("an ordinary shop", 1), ("lovely and delicious", 2)],
}

WORDS = [Word(code, text, SENTIMENTS[label]) for code, rows in TEXTS.items() for text, label in rows]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([text for rows in TEXTS.values() for text, _ in rows] * 30, 260)


@pytest.fixture(scope="module")
def examples(tokenizer):
    rows = [(text, label, i) for i, code in enumerate(LANGUAGES) for text, label in TEXTS[code]] * 12
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text, _, _ in rows]
    labels = np.array([label for _, label, _ in rows])
    themes = np.full((len(rows), len(THEMES)), -1)
    themes[:, 0] = labels == 0
    return TokenisedExamples(
        tokens=np.concatenate([np.array(i, dtype=np.uint16) for i in ids]),
        starts=np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64),
        sentiment=labels,
        themes=themes,
        churn=(labels == 0).astype(np.int64),
        kinds=np.where(labels[:, None] == 0, np.eye(8, dtype=np.int64)[0], -1),
        language=np.array([language for _, _, language in rows]),
        set=np.array(["shop"] * len(rows)),
        weight=np.ones(len(rows)),
    )


def surroundings(tokenizer, folder, lines):
    return Surroundings(marks_of(tokenizer), folder, "inputs", lines.append, lambda network, part: "-")


def tiny(tokenizer):
    torch.manual_seed(1)
    return FeedbackNetwork(
        Shape(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, inner=48, positions=32, grams=600)
    )


RECIPE = Recipe("heart", examples=3000, rate=5e-3, own_share=0.0, budget=2048, longest=32, round_size=1000)
MUON = replace(RECIPE, matrix_rate=5e-3)


def test_learn_export_and_score(tokenizer, examples, tmp_path):
    network, lines = tiny(tokenizer), []
    train(network, examples, RECIPE, surroundings(tokenizer, tmp_path, lines))
    assert len(lines) == 3
    assert "3,000 of 3,000 texts" in lines[-1]
    bundle = finish(network.eval(), examples, tokenizer, tmp_path / "bundle", "test")
    analyzer = Analyzer(model=bundle.folder)
    for language, rows in TEXTS.items():
        analyses = analyzer.analyze_many([text for text, _ in rows], languages=language)
        assert [analysis.sentiment.label for analysis in analyses] == ["negative", "neutral", "positive"]
        assert analyses[0].theme_scores["quality"] > analyses[2].theme_scores["quality"]


@pytest.mark.parametrize("recipe", [RECIPE, MUON], ids=["adamw", "muon"])
def test_a_rerun_continues_and_gives_the_same_network(tokenizer, examples, tmp_path, recipe):
    whole, lines = tiny(tokenizer), []
    train(whole, examples, recipe, surroundings(tokenizer, tmp_path, lines))

    class Stopped(Exception):
        pass

    def stop(line):
        raise Stopped

    other = tmp_path / "other"
    other.mkdir()
    broken = Surroundings(marks_of(tokenizer), other, "inputs", stop, lambda network, part: "-")
    for _ in range(2):
        with pytest.raises(Stopped):
            train(tiny(tokenizer), examples, recipe, broken)
    resumed, rest = tiny(tokenizer), []
    train(resumed, examples, recipe, surroundings(tokenizer, other, rest))
    assert len(rest) == 1
    logits = [predict(network, examples, 32, marks_of(tokenizer))[0] for network in (whole, resumed)]
    assert (logits[0].argmax(1) == logits[1].argmax(1)).all()


class Pull:
    """A lesson with one weight of its own, drawn to a number that follows from the round."""

    def __init__(self):
        self.module = torch.nn.Linear(1, 1)

    def begin(self, seed):
        self.wanted = float(np.random.default_rng(seed).normal())

    def loss(self, network):
        return (self.module.weight.sum() - self.wanted) ** 2


def test_a_stage_with_a_lesson_continues_with_its_weights(tokenizer, examples, tmp_path):
    torch.manual_seed(2)
    whole, lines = Pull(), []
    start = whole.module.weight.item()
    train(tiny(tokenizer), examples, RECIPE, surroundings(tokenizer, tmp_path, lines), whole)
    assert whole.module.weight.item() != start
    assert "lesson" in lines[-1]
    fresh, more = Pull(), []
    train(tiny(tokenizer), examples, RECIPE, surroundings(tokenizer, tmp_path, more), fresh)
    assert more == []
    assert fresh.module.weight.item() == whole.module.weight.item()


def test_lessons_take_turns_and_a_round_begins_with_the_first(tokenizer):
    network = tiny(tokenizer)
    first, second = Pull(), Pull()
    turns = Turns([first, second])
    assert {id(weight) for weight in turns.module.parameters()} == {
        id(weight) for lesson in (first, second) for weight in lesson.module.parameters()
    }
    for _ in range(2):
        turns.begin([1, 0])
        expected = [lesson.loss(network).item() for lesson in (first, second, first)]
        assert [turns.loss(network).item() for _ in range(3)] == expected
    assert expected[0] != expected[1]


def test_what_was_not_prepared_is_named_before_training(tokenizer, examples, tmp_path):
    sides = Sides({}, {"train": examples, "dev": examples})
    with pytest.raises(CorpusError, match="SK625.*prepare_text.py"):
        fit(sides, tokenizer, Sources(tmp_path, tmp_path), tmp_path / "run", print)
    np.save(tmp_path / "vectors.npy", np.zeros((2, 2)))
    with pytest.raises(CorpusError, match="SK625.*prepare_meanings.py"):
        fit(sides, tokenizer, Sources(tmp_path, tmp_path), tmp_path / "run", print)
    np.save(tmp_path / "meanings.npz", np.zeros((2, 2)))
    (tmp_path / "meanings.npz.npy").rename(tmp_path / "meanings.npz")
    with pytest.raises(CorpusError, match="SK625.*prepare_words.py"):
        fit(sides, tokenizer, Sources(tmp_path, tmp_path), tmp_path / "run", print)
    save_words(WORDS, tmp_path / "words.tsv")
    with pytest.raises(CorpusError, match="SK625.*prepare_judgements.py"):
        fit(sides, tokenizer, Sources(tmp_path, tmp_path, judged=True), tmp_path / "run", print)
    with pytest.raises(CorpusError, match="SK628"):
        fit(sides, tokenizer, Sources(tmp_path, tmp_path / "templates"), tmp_path / "run", print)


def test_training_begins_from_a_bundle_with_the_last_stages(tokenizer, examples, tmp_path, monkeypatch):
    marks = marks_of(tokenizer)
    bundle = finish(tiny(tokenizer).eval(), examples, tokenizer, tmp_path / "bundle", "test")
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    for name in ("vectors.npy", "meanings.npz"):
        (prepared / name).touch()
    save_words(WORDS, prepared / "words.tsv")
    sources = Sources(prepared, Path(__file__).parents[2] / "corpora" / "templates", bundle)
    begun = sources.beginning(tokenizer)[0].cpu().eval()
    logits = [predict(network, examples, 32, marks)[0] for network in (begun, tiny(tokenizer).eval())]
    assert np.abs(logits[0] - logits[1]).max() < 0.01, "the bundle's weights, but for their rounding"
    short = replace(RECIPE, round_size=RECIPE.examples)
    stages = tuple(replace(short, name=name) for name in ("sets", "drilled", "grams", "own", "settle"))
    monkeypatch.setattr(default, "STAGES", (*stages[:3], replace(stages[3], lessons=("words",)), stages[4]))
    lines = []
    sides = Sides({}, {"train": examples, "dev": examples})
    monkeypatch.setattr(default, "NEW_SHARE", 1.0)
    network = fit(sides, tokenizer, sources, tmp_path / "run", lines.append)
    assert [line.partition(":")[0] for line in lines] == ["drilled", "own", "settle"]
    assert "lesson" in lines[1]
    assert macro_f1(examples.sentiment, predict(network, examples, 32, marks)[0]) > 0.9
    again = []
    monkeypatch.setattr(default, "NEW_SHARE", 0.25)
    mean = fit(sides, tokenizer, sources, tmp_path / "run", again.append)
    assert again == [], "nothing is left to do"
    before, after, mixed = (n.state_dict()["norm_out.weight"] for n in (begun, network, mean))
    assert torch.allclose(mixed, 0.75 * before + 0.25 * after, atol=1e-5)
    assert not torch.allclose(before, after, atol=1e-3)
    other = finish(network, examples, tokenizer, tmp_path / "other", "test")
    fit(sides, tokenizer, replace(sources, base=other), tmp_path / "run", again.append)
    assert len(again) == 3, "checkpoints of another beginning are not continued"
    stranger = train_tokenizer([text for rows in TEXTS.values() for text, _ in rows] * 30, 250)
    with pytest.raises(CorpusError, match=r"SK631.*prepare_text\.py --tokenizer"):
        fit(sides, stranger, sources, tmp_path / "run", again.append)


def test_another_recipe_does_not_continue(tokenizer, examples, tmp_path):
    lines = []
    train(tiny(tokenizer), examples, RECIPE, surroundings(tokenizer, tmp_path, lines))
    changed = Recipe(**{**vars(RECIPE), "rate": 1e-3})
    train(tiny(tokenizer), examples, changed, surroundings(tokenizer, tmp_path, lines))
    other_inputs = replace(surroundings(tokenizer, tmp_path, lines), inputs="others")
    train(tiny(tokenizer), examples, changed, other_inputs)
    assert len(lines) == 9


def test_unknown_labels_teach_nothing():
    logits = (torch.randn(2, 3), torch.randn(2, 12), torch.randn(2), torch.randn(2, 8))
    unknown = (np.full(2, -1), np.full((2, 12), -1), np.full(2, -1), np.full((2, 8), -1))
    assert [loss.item() for loss in masked_losses(logits, unknown)] == [0] * 4


def test_batches_keep_to_the_budget_and_lose_nothing(examples):
    rows = np.arange(len(examples))
    found = list(batches(examples, rows, 64, 16, (0, 2, 3)))
    assert sorted(row for batch in found for row in batch.rows) == rows.tolist()
    assert all(batch.ids.size <= 64 or len(batch.rows) == 1 for batch in found)
    assert all((batch.ids[batch.mask == 0] == 0).all() for batch in found)


def test_each_language_is_drawn_alike(examples):
    uneven = examples.language.copy()
    uneven[: len(uneven) // 2] = 0
    weights = draw_weights(TokenisedExamples(**{**vars(examples), "language": uneven}), own_share=0.3)
    assert weights.sum() == pytest.approx(1)
    shares = [weights[uneven == language].sum() for language in np.unique(uneven)]
    assert shares == pytest.approx([shares[0]] * len(shares))


def test_with_judgements_the_judged_texts_are_drawn_and_no_others(examples):
    bare = examples.sentiment.copy()
    bare[:4] = -1
    themes, churn = examples.themes.copy(), examples.churn.copy()
    themes[:4], churn[:4] = -1, -1
    some = replace(examples, sentiment=bare, themes=themes, churn=churn)
    judged = np.zeros(len(examples), bool)
    judged[1:3] = True
    assert (draw_weights(some, 0.3)[:4] == 0).all()
    assert ((draw_weights(some, 0.3, judged) > 0) == judged).all()


def test_tokenised_examples_survive_a_file(examples, tmp_path):
    examples.save(tmp_path / "x.npz")
    loaded = TokenisedExamples.load(tmp_path / "x.npz")
    assert all((getattr(loaded, name) == value).all() for name, value in vars(examples).items())


def test_calibration_recovers_a_temperature(examples):
    rng = np.random.default_rng(0)
    n = 8000
    logits = rng.normal(0, 2, (n, 3))
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([rng.choice(3, p=p) for p in chances])
    themes = (rng.random((n, 12)) < 0.3).astype(np.int64)
    dev = TokenisedExamples(
        tokens=np.zeros(0, np.uint16), starts=np.zeros(n + 1, np.int64), sentiment=labels, themes=themes,
        churn=np.full(n, -1), kinds=np.full((n, 8), -1), language=rng.integers(0, 4, n),
        set=np.array(["s"] * n), weight=np.ones(n),
    )  # fmt: skip
    sure = calibrate((logits * 3, np.where(themes == 1, 2.0, -2.0), np.zeros(n), np.zeros((n, 8))), dev)
    for calibration in sure.values():
        assert calibration.temperature == pytest.approx(3, rel=0.15)
        assert calibration.bias == pytest.approx((0, 0, 0), abs=0.3)
        assert (calibration.churn_scale, calibration.churn_shift) == (1.0, 0.0)
        assert all(0.1 <= threshold <= 0.9 for threshold in calibration.theme_thresholds)
    json.dumps([vars(calibration) for calibration in sure.values()])


def test_baseline_learns():
    texts = [text for rows in TEXTS.values() for text, _ in rows] * 10
    labels = np.array([label for rows in TEXTS.values() for _, label in rows] * 10)
    themes = np.full((len(texts), len(THEMES)), -1)
    themes[:, 0] = labels == 0
    sentiment, flags = LinearBaseline(character_ngrams()).fit(texts, labels, themes).predict(texts)
    assert (sentiment.argmax(1) == labels).all()
    assert ((flags[:, 0] > 0.5) == (labels == 0)).all()
    assert (flags[:, 1:] == 0).all()


def test_metrics_by_hand():
    labels = np.array([0, 0, 1, 2])
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])
    assert macro_f1(labels, scores) == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert binary_balanced_accuracy(labels, scores) == pytest.approx(0.75)
    assert theme_f1(np.array([[1, 0], [-1, 1]]), np.array([[True, True], [True, False]])) == pytest.approx(0.5)
    right = np.array([[1.0, 0, 0]] * 4)
    assert calibration_error(np.array([0, 0, 0, 0]), right) == pytest.approx(0)
    assert calibration_error(np.array([0, 0, 1, 1]), right) == pytest.approx(0.5)
    interval = bootstrap(lambda rows: float((labels[rows] == 0).mean()), 4)
    assert interval.low <= interval.value == 0.5 <= interval.high
    assert str(interval).startswith("0.500 (")


def test_the_card_says_what_a_model_went_through(tokenizer, examples, tmp_path):
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps({"kept": {"en/own_feedback": {"train": 7}}}), encoding="utf-8")
    row = {"language": "en", "side": "dev", "system": "model", "texts": 3, "macro-F1": Interval(0.5, 0.4, 0.6)}
    corpora = Path(__file__).parents[2] / "corpora"
    base = finish(tiny(tokenizer).eval(), examples, tokenizer, tmp_path / "base", "1.5")
    cards = []
    for begun in (Sources(tmp_path, tmp_path, judged=True), Sources(tmp_path, tmp_path, base)):
        bundle = finish(tiny(tokenizer).eval(), examples, tokenizer, tmp_path / "bundle", "1.6")
        write_card(bundle, [row], corpora, counts, begun)
        cards.append((bundle.folder / "MODEL_CARD.md").read_text(encoding="utf-8"))
        Bundle.open(bundle.folder)
    whole, continued = (" ".join(card.split()) for card in cards)
    assert "0.500 (0.400-0.600)" in whole
    assert "| en | own_feedback | own | Apache-2.0 | 7 | 0 | 0 | 0 |" in whole
    assert whole.count("texts for the transformer") == 5
    assert "goes on from the published weights of 1.5" in continued
    assert continued.count("texts for the transformer") == 1
    assert "judgement of other networks" in whole
    assert "judgement of other networks" not in continued
    assert "words with their sentiment" in continued
