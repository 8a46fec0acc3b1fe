"""The model card: data with licences and tiers, recipe, figures, limits. Written by the run that trained the model."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sentiment_kit.encoder.bundle import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, Bundle, write_manifest
from sentiment_kit.training.calibration import NEGATIVE_BIAS
from sentiment_kit.training.cards import Card, load_cards
from sentiment_kit.training.corpora import RAW, UNLABELLED
from sentiment_kit.training.default import NEW_SHARE, Sources, stages
from sentiment_kit.training.evaluation import markdown
from sentiment_kit.training.metrics import Interval
from sentiment_kit.training.trainer import Recipe

_CARD = """# Model card: {name}

A transformer encoder of {layers} layers of {width} with {vocabulary:,} pieces, beside a linear model over
hashed pairs of pieces and runs of characters ({grams:,} rows); {parameters:.1f} million parameters in all,
`{onnx}` {onnx_size:.1f} MB in int8, `{weights}` {weights_size:.1f} MB in fp16, embeddings and n-grams in int8,
for retraining. Heads: sentiment
(negative, neutral, positive), twelve complaint themes, churn and its eight kinds. Windows of {window} tokens
with an overlap of {overlap}; longer texts are read in several.

## Intended use

Scoring customer feedback (reviews, surveys, tickets) in Japanese, Ukrainian, Persian and English, in bulk or
behind an API, where a person reads the result. Not for decisions about single people, not for clinical, legal
or political text.

## Figures

By language and side. `dev` are rows of the training sets held out by a hash, near-duplicates on one side;
thresholds and temperatures were fitted on them. `eval` are the restricted sets, which the model never saw and
which are other data sets and often other domains than those trained on. TF-IDF is character 2- to 5-grams with
a balanced logistic regression, trained in the same run on the same rows (at most 25,000 a set, 60,000 a
language); the bag of embeddings is the mean of the pieces' initial vectors with the same regression. In
brackets: 95 % bootstrap intervals. Macro-F1 (over the sentiments that occur) and balanced accuracy (negative
against positive) are means over the sets that have at least 15 rows of each; "pooled" is over all rows, which
the largest set dominates.

{figures}

Commands: `scripts/build_corpora.py`, `scripts/prepare_text.py`, `scripts/prepare_meanings.py`,
`scripts/prepare_words.py` (with `--data DATA`), then `scripts/train_default.py`; docs/model.md has them in full.

## Recipe

Tokenizer: unigram, trained on about 9 million characters a language of the training texts and raw text
(Japanese half of that). Initial embeddings: continuous bag of words over the pieces of all text, with the two
sides of translation pairs shuffled together. {begun} {stages}. The teacher is an English sentence encoder
(all-MiniLM-L6-v2, Apache-2.0); the sentences are translation pairs, word lists, and reviews with words put into
another language. The words are those of the sentiment lexicons below and, where these do not know a word, of
the English ones through bilingual word lists.{judges} Each
language is drawn equally often; inside a
language the sets by weight and size. Unknown labels are masked out of the loss. Calibration on dev: a
temperature for the sentiment of each language after {bias} is added to the negative logit, a temperature for its
themes, a threshold a theme, Platt scaling for churn.

## Data

`own_feedback`, `own_churn` and `own_extra` are the project's own texts (see corpora/GUIDE.md); a fifth of the
first two, by a hash of the id, and the texts of `own_churn` that were written to measure by, are held back as
test. `own_labels` are rows of the sets that its readers labelled again. Rows of sets that begin with `raw_` have no
labels and are learnt from only as other networks judge them, where the recipe has that. The sets below were used
through their cards in `corpora/cards`; none of their text is part of the package. Tier `restricted` only measures.

{data}

Lexicons, of which words and their sentiment were used: VADER (MIT), AFINN-165 (Apache-2.0 / ODbL), Hu and Liu 2004
(a citation is asked for), Kralj Novak et al. 2015 for emoji (CC BY-SA), Tohoku University's lists of Japanese words
and nouns (no licence stated), tone-dict-uk (none stated) and Skupriienko's list (CC BY-SA 4.0) for Ukrainian, LexiPers
(any use with citation). Bilingual word lists: Wiktionary (CC BY-SA), EJDict (CC0), Open Multilingual Wordnet, CLDR and
others. None of them is part of the package.

## Limits

- Trained from scratch on the sets above: words and domains that they lack are scored less surely. The `eval`
  rows show it.
- Ukrainian sentiment rests mostly on reviews of one shop; neutral Ukrainian on the project's own feedback.
- Theme labels of the sets are mostly English; in the other languages the themes rest on translated sets, partial
  labels, the project's own texts and its readers' labels of real rows, both the work of language models.
- Churn labels are the project's own alone; most of its texts are synthetic (corpora/README.md).
- Irony is scored by its words more often than not.
- The probabilities are calibrated on `dev`; on other domains they are over-confident.
"""


_BESIDE = {
    "meanings": "sentences with the places that a teacher gives them",
    "templates": "sentences drawn from templates (with and without negation, leaving and staying)",
    "words": "words with their sentiment",
}
_BEGUN = (
    "This version goes on from the published weights of {version}, whose card has the recipe up to there, and is the "
    "mean of those weights and of what they became, which count as {share:.0%}, with"
)
_JUDGES = (
    " The judgement is the mean of two networks: the small one before these stages, and a larger one, which is that "
    "encoder with the pieces of this model, trained on the same labels; none of its weights are in this model."
)
_PARTS = {"grams": "the n-grams", "transformer": "the transformer", "both": "both together"}


def write_card(bundle: Bundle, table: list[dict[str, Any]], corpora: Path, counts: Path, sources: Sources) -> None:
    """Write a bundle's card and figures beside it, and list the card in the manifest.

    Args:
        bundle: The bundle.
        table: Rows of figures from `sentiment_kit.training.evaluation.compare`.
        corpora: Folder that holds ``cards``.
        counts: ``counts.json`` of the table of examples.
        sources: What training began with and learnt from.
    """
    manifest = bundle.manifest
    shape, tokens, files = manifest["shape"], manifest["tokens"], manifest["files"]
    base = sources.base
    gone_through = ", then ".join(map(_described, stages(continued=base is not None, judged=sources.judged)))
    text = _CARD.format(
        name=bundle.name,
        **{name: shape[name] for name in ("layers", "width", "vocabulary", "grams")},
        bias=NEGATIVE_BIAS,
        window=tokens["window"],
        overlap=tokens["overlap"],
        onnx=ONNX_FILE,
        onnx_size=files[ONNX_FILE]["bytes"] / 1e6,
        weights=WEIGHTS_FILE,
        weights_size=files[WEIGHTS_FILE]["bytes"] / 1e6,
        parameters=manifest["parameters"] / 1e6,
        figures=markdown(table),
        stages=gone_through,
        judges=_JUDGES if sources.judged else "",
        begun=_BEGUN.format(version=base.manifest["version"], share=NEW_SHARE) if base else "Then",
        data=_data(load_cards(corpora / "cards"), json.loads(counts.read_text(encoding="utf-8"))["kept"]),
    )
    (bundle.folder / CARD_FILE).write_text(_wrapped(text), encoding="utf-8")
    plain = [
        {name: asdict(value) if isinstance(value, Interval) else value for name, value in row.items()} for row in table
    ]
    written = {name: value for name, value in manifest.items() if name != "files"}
    write_manifest(bundle.folder, {**written, "summary": _summary(table), "figures": plain})


def _described(stage: Recipe) -> str:
    """Return a stage in words."""
    muon = f" (Muon {stage.matrix_rate:g})" if stage.matrix_rate else ""
    beside = ", beside " + " and ".join(map(_BESIDE.__getitem__, stage.lessons)) if stage.lessons else ""
    judged = f", {stage.judged:.0%} of the loss against the judgement of other networks" if stage.judged else ""
    return (
        f"{stage.examples:,} texts for {_PARTS[stage.part]} at a rate of {stage.rate:g}{muon} in steps of "
        f"{stage.budget:,} tokens with {stage.own_share:.0%} of the project's own labels{beside}{judged}"
    )


def _wrapped(text: str) -> str:
    """Fill plain paragraphs; headings, lists and tables stay as they are."""
    return (
        "\n\n".join(
            part if part.lstrip().startswith(("#", "-", "|")) else textwrap.fill(" ".join(part.split()), 112)
            for part in text.strip().split("\n\n")
        )
        + "\n"
    )


def _summary(table: list[dict[str, Any]]) -> list[str]:
    return [
        f"{row['language']} {row['side']:<4}  macro-F1 {row['macro-F1'].value:.3f}, "
        f"negative/positive balanced accuracy {row['balanced accuracy'].value:.3f}"
        for row in table
        if row["system"] == "model" and "balanced accuracy" in row
    ]


def _data(cards: list[Card], counts: dict[str, dict[str, int]]) -> str:
    lines = [
        "| language | set | tier | licence as found | train | dev | test | eval |",
        "|---|---|---|---|---|---|---|---|",
    ]
    by_name = {f"{card.language}/{card.name}": card for card in cards}
    for name, count in counts.items():
        language, set_name = name.split("/")
        card = by_name.get(name)
        if set_name.startswith(RAW):
            tier, licence = "unlabelled", UNLABELLED[language][set_name.removeprefix(RAW)]
        else:
            tier, licence = (card.tier, card.licence) if card else ("own", "Apache-2.0")
        sides = " | ".join(f"{count.get(side, 0):,}" for side in ("train", "dev", "test", "eval"))
        lines.append(f"| {language} | {set_name} | {tier} | {licence} | {sides} |")
    return "\n".join(lines)
