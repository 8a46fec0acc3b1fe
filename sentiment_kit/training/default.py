"""The recipe of the bundled model, from the table of examples to a trained network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import (
    ONNX_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Bundle,
    Calibration,
    sha256,
    write_manifest,
)
from sentiment_kit.encoder.network import FeedbackNetwork, Part, Shape, to_stored
from sentiment_kit.encoder.torch import load_network
from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import NORMALISATION_VERSION
from sentiment_kit.training.calibration import calibrate
from sentiment_kit.training.corpora import OWN_SETS
from sentiment_kit.training.examples import TokenisedExamples, load_table, tokenise
from sentiment_kit.training.export import export_onnx
from sentiment_kit.training.lessons import MeaningLesson, TemplateLesson, Turns, WordLesson
from sentiment_kit.training.meaning import Meanings
from sentiment_kit.training.metrics import macro_f1
from sentiment_kit.training.templates import load_templates
from sentiment_kit.training.trainer import Judgements, Lesson, Marks, Recipe, Surroundings, predict, train
from sentiment_kit.training.vocabulary import BEGIN, END, PAD, UNKNOWN, spelling
from sentiment_kit.training.words import load_words

Report = Callable[[str], None]

_DEEP = Recipe(
    "deep",
    examples=700_000,
    rate=6e-4,
    own_share=0.50,
    part="transformer",
    seed=7,
    budget=2048,
    theme_weight=12,
    churn_weight=2,
    matrix_rate=1e-3,
)
_OWN = replace(
    _DEEP,
    name="own",
    examples=120_000,
    rate=3e-4,
    own_share=0.60,
    part="both",
    seed=4,
    matrix_rate=5e-4,
    lessons=("templates", "words"),
)
STAGES = (
    Recipe("sets", examples=500_000, rate=1e-3, own_share=0.0, part="transformer", seed=2),
    Recipe("meanings", examples=150_000, rate=6e-4, own_share=0.0, part="transformer", seed=5, lessons=("meanings",)),
    _DEEP,
    replace(_DEEP, name="aligned", seed=8, lessons=("meanings",)),
    replace(_DEEP, name="drilled", examples=400_000, seed=9, lessons=("meanings", "templates", "words")),
    Recipe(
        "grams",
        examples=1_000_000,
        rate=1e-3,
        own_share=0.50,
        part="grams",
        seed=3,
        round_size=100_000,
        theme_weight=12,
    ),
    _OWN,
    replace(_OWN, name="settle", examples=30_000, rate=1e-4, seed=6, matrix_rate=2e-4, lessons=("words",)),
)
"""The transformer by itself on all sets but the project's own, once more beside sentences in a teacher's space, and
long on a mixture in which the project's own labels are half of each language, first by itself, then beside those
sentences, then beside them, templates and the words of lexicons in turns; the n-grams by themselves on that mixture;
then both together, beside templates and words, and a short stage without templates, which settles what they disturb.

The first two stages do not depend on the project's own labels, so whoever adds to them trains the others alone. The
parts learn apart because the n-grams know the training texts by heart after a few passes and would leave the
transformer little. The first two stages ran before Muon was tried here, and stayed. Themes weigh twelvefold: at twice,
their average precision on dev was lower in every language, and sentiment no better.
"""

CONTINUED = ("drilled", "own", "settle")
"""The stages that a bundled model goes through when it learns on, from more texts of the project's own for instance."""

JUDGED_SHARE = 0.5
"""Share of the judgement of other networks in the loss of these stages, where it is wanted at all."""


def stages(*, continued: bool, judged: bool) -> list[Recipe]:
    """Return the stages of a model that begins with nothing, or of one that goes on from a bundle.

    Args:
        continued: Whether it goes on from a bundle.
        judged: Whether the stages `CONTINUED` learn from what other networks say too, and not from the labels alone.
    """
    share = JUDGED_SHARE if judged else 0.0
    last = [replace(stage, judged=share) for stage in STAGES if stage.name in CONTINUED]
    return last if continued else [next((new for new in last if new.name == old.name), old) for old in STAGES]


NEW_SHARE = 0.6
"""Share of the new weights in the mean of those that a bundle had before these stages and has after them (Wortsman et
al. 2022). The mean was better than the new weights alone in nearly every figure on dev and on the unseen sets."""

GRAMS = 3 * 2**17
"""Rows of the table of n-grams. Twice as many would not fit the bundle."""

VECTORS_FILE, MEANINGS_FILE, WORDS_FILE = "vectors.npy", "meanings.npz", "words.tsv"
JUDGEMENTS_FILE = "judgements.npz"

_DEV_GLANCE = 1500


@dataclass(frozen=True)
class Sides:
    """The tokenised examples by side, with the rows of the table that they came from."""

    table: dict[str, Dataset]
    tokens: dict[str, TokenisedExamples]


def marks_of(tokenizer: Tokenizer) -> Marks:
    """Return the ids of a tokenizer's marks."""
    vocabulary = tokenizer.get_vocab()
    return Marks(*(vocabulary[name] for name in (PAD, UNKNOWN, BEGIN, END)))


def load_sides(examples: Path, tokenizer: Tokenizer, wanted: tuple[str, ...], report: Report) -> Sides:
    """Read and tokenise the wanted sides of the table; the tokens are kept beside it for the next run."""
    table = load_table(examples, examples.parent / "cache")
    sides = np.array(table["side"])
    tables = {side: table.select(np.flatnonzero(sides == side)) for side in wanted}
    vocabulary = hashlib.sha256(tokenizer.to_str().encode()).hexdigest()
    key = hashlib.sha256(f"{sha256(examples)} {vocabulary} {NORMALISATION_VERSION}".encode()).hexdigest()[:16]
    tokens = {}
    for side, rows in tables.items():
        cache = examples.parent / f"tokens-{side}-{key}.npz"
        if not cache.exists():
            tokenise(rows, tokenizer, report).save(cache)
        tokens[side] = TokenisedExamples.load(cache)
    return Sides(tables, tokens)


_PREPARED_BY = {
    VECTORS_FILE: "prepare_text.py",
    MEANINGS_FILE: "prepare_meanings.py",
    WORDS_FILE: "prepare_words.py",
    JUDGEMENTS_FILE: "prepare_judgements.py",
}


def check_tokenizer(tokenizer: Tokenizer, base: Bundle) -> None:
    """Raise a `CorpusError` if a tokenizer is not a bundle's."""
    file = base.file(TOKENIZER_FILE)
    if Tokenizer.from_file(str(file)).to_str() != tokenizer.to_str():
        wanted = f"prepare_text.py --tokenizer {file} keeps it"
        raise CorpusError("SK631", f"the texts' tokenizer is not that of {base.folder}; {wanted}")


@dataclass(frozen=True)
class Sources:
    """What training starts from and what its lessons are made of.

    Attributes:
        prepared: Folder with ``vectors.npy``, the initial embeddings (vocabulary, width), which are wanted with a base
            too, for the baseline, ``meanings.npz``, sentences with the teacher's vectors, ``words.tsv``, words with
            their sentiment, and if `judged` ``judgements.npz``, what other networks say of the training side.
        templates: Folder with the templates of each topic and language.
        base: A bundle to learn on from, through the last stages alone, with the mean of its weights and the new
            ones as the result; None to begin with the embeddings.
        judged: Whether what other networks say is learnt from.
    """

    prepared: Path
    templates: Path
    base: Bundle | None = None
    judged: bool = False

    def check(self) -> None:
        """Raise a `CorpusError` if a file is missing, or a template or word is not valid, before hours are spent."""
        for name, script in _PREPARED_BY.items():
            if name == JUDGEMENTS_FILE and not self.judged:
                continue
            if not (self.prepared / name).is_file():
                raise CorpusError("SK625", f"there is no {self.prepared / name}; scripts/{script} makes it")
        load_templates(self.templates)
        load_words(self.prepared / WORDS_FILE)

    def beginning(self, tokenizer: Tokenizer) -> tuple[FeedbackNetwork, list[Recipe], str]:
        """Return the network to begin with, the stages that it goes through, and what it was made from, as text.

        Raises:
            BundleError: If the base's weights are missing, truncated or altered.
            CorpusError: If the base has another tokenizer.
        """
        if self.base:
            check_tokenizer(tokenizer, self.base)
            network = load_network(self.base).to("cuda" if torch.cuda.is_available() else "cpu")
            torch.manual_seed(1)  # of dropout and of the lessons' weights
            return (
                network,
                stages(continued=True, judged=self.judged),
                f"{network.shape} {sha256(self.base.file(WEIGHTS_FILE))}",
            )
        vectors = self.prepared / VECTORS_FILE
        network = new_network(tokenizer, np.load(vectors), GRAMS)
        return network, stages(continued=False, judged=self.judged), f"{network.shape} {sha256(vectors)}"

    def lesson(self, recipe: Recipe, shape: Shape, tokenizer: Tokenizer) -> tuple[Lesson | None, str]:
        """Return what a stage learns beside the labels, if anything, and what it is made from, as text."""
        lessons: list[Lesson] = []
        made_from, marks = "", marks_of(tokenizer)
        with_grams = recipe.part != "transformer"
        if "meanings" in recipe.lessons:
            file = self.prepared / MEANINGS_FILE
            lessons.append(MeaningLesson(Meanings.load(file), 2 * shape.width, marks, recipe.budget))
            made_from += f" {sha256(file)}"
        if "templates" in recipe.lessons:
            digests = "".join(f" {sha256(file)}" for file in sorted(self.templates.glob("*/*.jsonl")))
            drawn = TemplateLesson(load_templates(self.templates), tokenizer, marks, with_grams)
            lessons.append(drawn)
            made_from += f"{digests} {drawn.settings}"
        if "words" in recipe.lessons:
            file = self.prepared / WORDS_FILE
            words = WordLesson(load_words(file), tokenizer, marks, with_grams)
            lessons.append(words)
            made_from += f" {sha256(file)} {words.settings}"
        return Turns(lessons) if lessons else None, made_from

    def judgements(self, recipe: Recipe, examples: TokenisedExamples) -> tuple[Judgements | None, str]:
        """Return what other networks say of the texts if a stage learns from it, and what that is from, as text.

        Raises:
            CorpusError: If it judged other texts.
        """
        if not recipe.judged:
            return None, ""
        file = self.prepared / JUDGEMENTS_FILE
        judgements = Judgements.load(file)
        if judgements.examples != examples.digest():
            raise CorpusError(
                "SK633",
                f"{file} judges another table of examples; scripts/{_PREPARED_BY[JUDGEMENTS_FILE]} makes it anew",
            )
        return judgements, f" {sha256(file)}"


def fit(sides: Sides, tokenizer: Tokenizer, sources: Sources, folder: Path, report: Report) -> FeedbackNetwork:
    """Train the network through all stages; a rerun continues from the last checkpoint.

    Args:
        sides: Examples with the sides ``train`` and ``dev``.
        tokenizer: The tokenizer that they were tokenised with.
        sources: What the network begins as and what the lessons are made from.
        folder: Where checkpoints go.
        report: Called with a line of progress after each round.

    Raises:
        BundleError: If the weights of the base are missing, truncated or altered.
        CorpusError: If one of these files is missing, or made for another table or tokenizer.
    """
    sources.check()
    network, recipes, before = sources.beginning(tokenizer)
    sources.judgements(recipes[-1], sides.tokens["train"])  # of another table? Better now than after hours
    marks = marks_of(tokenizer)
    folder.mkdir(parents=True, exist_ok=True)

    def evaluate(network: FeedbackNetwork, part: Part) -> str:
        return glance(network, sides.tokens["dev"], marks, part)

    for recipe in recipes:
        examples = sides.tokens["train"] if recipe.own_share else sides.tokens["train"].without(OWN_SETS)
        lesson, made_from = sources.lesson(recipe, network.shape, tokenizer)
        judgements, said = sources.judgements(recipe, examples)
        inputs = f"{before} {examples.digest()}{made_from}{said}"
        train(network, examples, recipe, Surroundings(marks, folder, inputs, report, evaluate, judgements), lesson)
        before = f"{inputs} {recipe}"  # a stage stands on the one before it
    network = network.cpu().eval()
    if sources.base:
        _mix(network, load_network(sources.base), NEW_SHARE)
    return network


@torch.no_grad()
def _mix(network: FeedbackNetwork, before: FeedbackNetwork, share: float) -> None:
    """Give a network the mean of its weights, which count as `share`, and those of a network of the same shape."""
    old = before.state_dict()
    for name, weights in network.state_dict().items():
        if weights.is_floating_point():
            weights.lerp_(old[name], 1 - share)


def new_network(tokenizer: Tokenizer, start: NDArray[np.float32], grams: int, layers: int = 3) -> FeedbackNetwork:
    """Return an untrained network, on the GPU if there is one.

    Args:
        tokenizer: The tokenizer, which says what characters a piece has.
        start: The initial embeddings, (vocabulary, width).
        grams: Rows of the table of n-grams, or 0.
        layers: Blocks of the transformer.
    """
    spelled = spelling(tokenizer)
    torch.manual_seed(1)
    vocabulary, width = start.shape
    letters = spelled.shape[1] if grams else 0
    network = FeedbackNetwork(Shape(vocabulary, width, layers=layers, grams=grams, letters=letters))
    with torch.no_grad():
        network.tokens.weight.copy_(torch.from_numpy(start))
    if network.grams is not None:
        network.grams.spelling.copy_(torch.from_numpy(spelled))
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def glance(network: FeedbackNetwork, dev: TokenisedExamples, marks: Marks, part: Part = "both") -> str:
    """Return the sentiment macro-F1 of each language on a fixed part of the dev side."""
    picked: list[int] = []
    for language in range(len(LANGUAGES)):
        picked += np.flatnonzero((dev.language == language) & (dev.sentiment >= 0)).tolist()[:_DEV_GLANCE]
    rows = dev.select(np.array(picked))
    scores = predict(network, rows, 96, marks, part)[0]
    return " ".join(
        f"{code} {macro_f1(rows.sentiment[rows.language == i], scores[rows.language == i]):.3f}"
        for i, code in enumerate(LANGUAGES)
    )


def finish(
    network: FeedbackNetwork, dev: TokenisedExamples, tokenizer: Tokenizer, folder: Path, version: str
) -> Bundle:
    """Calibrate a trained network on the dev side and write it as a bundle, without its card.

    Args:
        network: The trained network, on the CPU.
        dev: The dev side.
        tokenizer: The network's tokenizer.
        folder: The bundle's folder; it is made if need be.
        version: Version of the model.
    """
    logits = predict(network, dev, network.shape.positions, marks_of(tokenizer))
    return write_bundle(network, tokenizer, calibrate(logits, dev), folder, version)


def write_bundle(
    network: FeedbackNetwork, tokenizer: Tokenizer, calibration: dict[str, Calibration], folder: Path, version: str
) -> Bundle:
    """Write a network, its tokenizer and its calibration by language as a bundle, without a card."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER_FILE), pretty=False)
    export_onnx(network, folder / ONNX_FILE)
    save_file(to_stored(network.state_dict()), folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors makes it readable by its owner alone
    marks = marks_of(tokenizer)
    positions = network.shape.positions
    tokens = {"padding": marks.padding, "begin": marks.begin, "end": marks.end}
    manifest = {
        "name": "default",
        "version": version,
        "shape": network.shape.to_dict(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "tokens": {**tokens, "window": positions, "overlap": positions // 4},
        "calibration": {language: asdict(values) for language, values in calibration.items()},
    }
    write_manifest(folder, manifest)
    return Bundle.open(folder)
