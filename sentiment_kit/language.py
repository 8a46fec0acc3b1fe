"""Raw text in, `LanguageGuess` out: script first, then letters and letter groups inside the script.

Japanese, Ukrainian, Persian and English have four scripts, so counting letters by script names the only candidate. What
is left is to tell the candidate from its neighbours in the same script (Ukrainian from Russian, Persian from Arabic,
English from German, short Japanese in Han alone from Chinese). One small logistic table a script does that: weights of
letters, pairs and triples, held in ``data/language_profiles.json`` and made by ``scripts/build_language_profiles.py``.

The work is bounded (a long text is sampled at its beginning, middle and end), has no random part and never raises.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import repeat
from operator import add

from sentiment_kit.results import LanguageGuess
from sentiment_kit.taxonomy import UNDETERMINED

CODE_OF_SCRIPT = {"Hani": "ja", "Cyrl": "uk", "Arab": "fa", "Latn": "en"}

# Characters read at the beginning, in the middle and at the end of a long text, and letters scored of what is found.
SLICE, SCORED_SLICE = 500, 120
# A Han or kana character carries about as much as two and a half letters of an alphabet.
CHARACTER_WEIGHT = 2.5
# Before any evidence, feedback given to this package is in one of its languages nine times in ten (log odds 2.2); the
# letters replace that belief, by half after twelve of them.
PRIOR, PRIOR_HALF_LIFE = 2.2, 12
# Chinese holds no kana but for a brand or an ornament; Japanese of more than a few words always does.
KANA_EVIDENCE, HAN_ALONE_FREE, HAN_ALONE_PENALTY = 2.5, 10, 0.4
MIN_LATIN_LETTERS = 2
EVEN = 0.5

_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|[@#][A-Za-z0-9_.]+")
_COMPATIBLE = re.compile(r"[\ufb00-\ufdff\ufe70-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]+")
_MARKS = re.compile(r"[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]+")
_NOT_LETTERS = {
    "Latn": re.compile(r"[^a-z'\u00df-\u00f6\u00f8-\u024f\u0259\u02bb\u1e00-\u1eff]+"),
    "Cyrl": re.compile(r"[^\u0400-\u0481\u048a-\u052f']+"),
    "Arab": re.compile(
        r"[^\u0620-\u063f\u0641-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f\u08a0-\u08c9]+"
    ),
    "Hani": re.compile(r"[^\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"),
}
_KANA = re.compile(r"[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff]")
_LATIN_I = re.compile(r"(?<=[\u0400-\u052f])i|i(?=[\u0400-\u052f])")
_LATIN_NAME = re.compile(r"[A-Za-z]*[A-Z0-9][A-Za-z0-9]*")
_NOT_A_LETTER = re.compile(r"[\W\d_]+")
_LETTERLIKE = re.compile(r"[\u00aa\u00ba\u2100-\u214f]")
_APOSTROPHES = re.compile("[\u2019\u02bc`\u2018]")
# Persian is often typed on an Arabic keyboard, so triples are counted after folding; single letters before it.
_ARABIC_KEYBOARD = (("\u064a", "\u06cc"), ("\u0649", "\u06cc"), ("\u0643", "\u06a9"))


@dataclass(frozen=True, slots=True)
class _Profile:
    """The table of one script: log odds of our language against its neighbours."""

    weights: dict[str, float]
    bias: float


def detect(text: str) -> LanguageGuess:
    """Say which of the four languages a text is in.

    Args:
        text: Any string, of any length.

    Returns:
        ``"ja"``, ``"uk"``, ``"fa"`` or ``"en"`` with the probability of it, times the share of the letters that are in
        its script. ``"und"`` where another language is more likely, with that probability, and with confidence 0 where
        there are no letters to judge by.
    """
    sample = _tidy(_sample(text))
    words, sizes = _by_script(sample)
    total = sum(sizes.values())
    if not total:
        return LanguageGuess(UNDETERMINED, 0.0)
    script = max(sizes, key=sizes.__getitem__)
    share = sizes[script] / total
    if script == "other" or (script == "Latn" and sizes[script] < MIN_LATIN_LETTERS):
        return LanguageGuess(UNDETERMINED, round(share, 4) if script == "other" else 0.0)
    log_odds = _han_log_odds(words[script], sample) if script == "Hani" else _log_odds(words[script], script)
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
    if probability < EVEN:
        return LanguageGuess(UNDETERMINED, round((1 - probability) * share, 4))
    return LanguageGuess(CODE_OF_SCRIPT[script], round(probability * share, 4))


def script_words(text: str, script: str) -> str:
    """Return the letters of one script in a text, lower case, words set apart by one space.

    Args:
        text: Any string.
        script: ``"Latn"``, ``"Cyrl"``, ``"Arab"`` or ``"Hani"`` (Han characters; kana are counted apart).

    Returns:
        What the table of the script is trained on and applied to; empty where the text has no such letter.
    """
    return _NOT_LETTERS[script].sub(" ", _prepare(_tidy(_sample(text)), script)).strip()


def letter_groups(words: str, script: str) -> list[str]:
    """Return the features of the words of one script: single letters, pairs and, in alphabets, triples.

    Args:
        words: What `script_words` returned.
        script: The script.

    Returns:
        The groups, in no useful order, repeats kept. A space stands for the edge of a word.
    """
    if len(words) > 3 * SCORED_SLICE:
        middle = len(words) // 2 - SCORED_SLICE // 2
        words = f"{words[:SCORED_SLICE]} {words[middle : middle + SCORED_SLICE]} {words[-SCORED_SLICE:]}"
    padded = f" {words} "
    groups = list(words)
    if script == "Hani":
        groups.extend(map(add, padded, padded[1:]))
        return groups
    if script == "Arab":
        for typed, meant in _ARABIC_KEYBOARD:
            padded = padded.replace(typed, meant)
    # Adding characters in map() costs half of what slicing in a loop does, and this is most of the detector's time.
    pairs = list(map(add, padded, padded[1:]))
    groups += pairs
    groups.extend(map(add, pairs, padded[2:]))
    return groups


def _sample(text: str) -> str:
    """Return a short text whole, of a long one its beginning, middle and end."""
    if len(text) <= 3 * SLICE:
        return text
    sample = _slices(text)
    if _NOT_A_LETTER.fullmatch(sample):
        # A file of rules and blanks with a sentence somewhere: look for the letters before giving up.
        sample = _slices(_NOT_A_LETTER.sub(" ", text))
    return sample


def _slices(text: str) -> str:
    middle = len(text) // 2 - SLICE // 2
    return f"{text[:SLICE]} {text[middle : middle + SLICE]} {text[-SLICE:]}"


def _tidy(sample: str) -> str:
    """Drop addresses, @names and Latin #tags; compose accents; fold half-width kana and Arabic presentation forms."""
    if "@" in sample or "#" in sample or "www." in sample or "://" in sample:
        sample = _NOISE.sub(" ", sample)
    if sample.isascii():
        return sample
    sample = unicodedata.normalize("NFC", sample)
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), sample)


def _prepare(sample: str, script: str) -> str:
    """Fold what spelling does not need, before the letters of one script are taken out."""
    if script == "Hani":
        return sample
    if script == "Arab":
        return _MARKS.sub("", sample)
    sample = _APOSTROPHES.sub("'", sample.lower())
    if script == "Cyrl" and "i" in sample:
        return _LATIN_I.sub("\u0456", sample)  # the Latin letter is typed for the Ukrainian one
    return sample


def _by_script(sample: str) -> tuple[dict[str, str], dict[str, float]]:
    """Return the words of each script that the sample has, and how much each script weighs."""
    latin = _NOT_LETTERS["Latn"].sub(" ", _prepare(sample, "Latn")).strip()
    latin_letters = _count_letters(latin)
    if sample.isascii():
        return {"Latn": latin}, {"Latn": latin_letters}
    words = {s: _NOT_LETTERS[s].sub(" ", _prepare(sample, s)).strip() for s in ("Hani", "Cyrl", "Arab")}
    letters = {script: _count_letters(found) for script, found in words.items()}
    kana = len(_KANA.findall(sample))
    other = sum(map(str.isalpha, sample)) - sum(letters.values()) - kana - latin_letters
    sizes: dict[str, float] = {script: count for script, count in letters.items() if count}
    if letters["Hani"] or kana:
        sizes["Hani"] = CHARACTER_WEIGHT * (letters["Hani"] + kana)
    if other > 0 and (other := other - len(_LETTERLIKE.findall(sample))) > 0:
        sizes["other"] = other
    if sizes and latin_letters:
        # Beside another script a Latin word with a capital or a digit is a name or a model, not English.
        latin_letters = max(0, latin_letters - sum(map(len, _LATIN_NAME.findall(sample))))
    if latin_letters:
        sizes["Latn"] = latin_letters
    words["Latn"] = latin
    return words, sizes


def _count_letters(words: str) -> int:
    return len(words) - words.count(" ") - words.count("'")


def _log_odds(words: str, script: str) -> float:
    """Return the log odds of our language of the script, prior included."""
    profile = _profiles()[script]
    groups = letter_groups(words, script)
    evidence = sum(map(profile.weights.get, groups, repeat(0.0)))
    # The square root: letter groups overlap, so twice the text is less than twice the evidence.
    prior = PRIOR * PRIOR_HALF_LIFE / (PRIOR_HALF_LIFE + len(words))
    return profile.bias + evidence / math.sqrt(len(groups) or 1) + prior


def _han_log_odds(han: str, sample: str) -> float:
    """Return the log odds of Japanese: its Han characters against Chinese ones, and whether kana go with them."""
    kana = len(_KANA.findall(sample))
    log_odds = (_log_odds(han, "Hani") if han else PRIOR) + KANA_EVIDENCE * kana
    if not kana:
        log_odds -= HAN_ALONE_PENALTY * max(0, _count_letters(han) - HAN_ALONE_FREE)
    return log_odds


@lru_cache(maxsize=1)
def _profiles() -> dict[str, _Profile]:
    """Read the tables once, on first use."""
    source = files("sentiment_kit").joinpath("data", "language_profiles.json").read_text(encoding="utf-8")
    return {script: _read_profile(table) for script, table in json.loads(source)["scripts"].items()}


def _read_profile(table: dict[str, object]) -> _Profile:
    """Unfold ``{"unit": u, "bias": b, "groups": {"12": "abc|abd"}}``: each group weighs its key times the unit."""
    unit, bias, groups = table["unit"], table["bias"], table["groups"]
    if not (isinstance(unit, float) and isinstance(bias, float) and isinstance(groups, dict)):
        raise TypeError("language_profiles.json does not hold the tables that this version reads: reinstall")
    weights = {group: int(level) * unit for level, joined in groups.items() for group in joined.split("|")}
    return _Profile(weights=weights, bias=bias)
