"""Which Japanese sentences are worth reading: decided from their characters, before Sudachi splits them into words.

A token is a stretch of its sentence. So a pattern that wants the token 解約 cannot match where 解約 does not stand, and
one that wants a form of 諦める cannot match where there is no 諦.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import add

from sentiment_kit.churn.index import Condition, Needs, Token, steps

# In SudachiDict every form of a lemma begins as the lemma does: up to a first or second character that is a kanji; of
# four kana two stay, of three one. Shorter ones (する, くる, だ) do not hold to it, nor do these few.
_HEAD = re.compile("[ぁ-ゖァ-ヺ]?[一-鿿]|[ぁ-ゖァ-ヺ]{2}(?=[ぁ-ゖァ-ヺー]{2})|[ぁ-ゖァ-ヺ](?=[ぁ-ゖァ-ヺー]{2})")
_OTHER_HEADS = frozenset(
    (
        "かっこいい からい くるしい しまう しろい つよい とおい なさる はらう ほどけく らっしゃる"
        " 剥く 奮う 捏ちる 気負う 潰ぶす"
    ).split()
)

# Sudachi reads か゛ as が.
_VOICING_MARKS = frozenset("゛゜")

# What may match in a word alone but not in the sentence around it: anchors, looks around, atomic and possessive parts.
_DEPENDS_ON_ENDS = re.compile(r"[\^$]|\\[AbBZ]|\(\?(?!:)|[*+?}]\+|\\$")


class Glance:
    """Says whether any pattern can match a sentence. Wrong in one way only: it may say yes for nothing."""

    def __init__(self, patterns: Mapping[str, list[Token]]) -> None:
        """Take the characters out of patterns.

        Args:
            patterns: spaCy token patterns by their ids.
        """
        self._patterns = patterns
        needs = {name: _wanted(tokens) for name, tokens in patterns.items()}
        self._needs = Needs(needs)
        self._pieces: dict[str, int] = {}
        self._expressions: list[tuple[re.Pattern[str], int]] = []
        for (_, wanted), bit in self._needs.bits.items():
            if isinstance(wanted, str):
                self._expressions.append((re.compile(wanted), bit))
            else:
                for piece in wanted:
                    self._pieces[piece] = self._pieces.get(piece, 0) | bit
        self._stretches: dict[str, list[re.Pattern[str]]] = {}

    def may_match(self, sentence: str) -> bool:
        """Say whether some pattern has in the sentence all the characters that it needs, in their order."""
        characters = {*sentence}
        if characters & _VOICING_MARKS:
            return True
        met = 0
        for piece in self._pieces.keys() & characters.union(map(add, sentence, sentence[1:])):
            met |= self._pieces[piece]
        for expression, bit in self._expressions:
            if expression.search(sentence):
                met |= bit
        return any(self._in_order(name, sentence) for name in self._needs.met_by(met))

    def _in_order(self, name: str, sentence: str) -> bool:
        if name not in self._stretches:
            self._stretches[name] = [re.compile(stretch) for stretch in _stretches(self._patterns[name])]
        place = 0
        for stretch in self._stretches[name]:
            found = stretch.search(sentence, place)
            if not found:
                return False
            place = found.start() + 1
        return True


def _wanted(tokens: Iterable[Token]) -> list[Condition]:
    """Return sets of characters and pairs of them, one of each set needed; else expressions to look for."""
    pieces: list[Condition] = []
    expressions: list[Condition] = []
    for told, _ in steps(tokens):
        for side, wanted in told:
            if isinstance(wanted, str):
                if side == 0 and (inside := _inside(wanted)):
                    expressions.append((0, inside))
            elif side == 0:
                pieces.append((0, frozenset(value[:2] for value in wanted)))
            elif all(heads := [_head(lemma) for lemma in wanted]):
                pieces.append((0, frozenset(heads)))
    # Searching costs more than looking up, so an expression counts only where a pattern has nothing else.
    return pieces or expressions


def _stretches(tokens: Iterable[Token]) -> list[str]:
    """Return expressions for what stands together in a pattern, in its order."""
    stretches: list[str] = []
    open_ended = True
    for told, reach in steps(tokens):
        side, wanted = told[0]
        if isinstance(wanted, str):
            stretches += [inside for inside in [_inside(wanted)] if side == 0 and inside]
            open_ended = True
            continue
        parts = [value if side == 0 else _head(value) for value in wanted]
        if not parts or not all(parts):
            open_ended = True
            continue
        either = f"(?:{'|'.join(map(re.escape, parts))})"
        if open_ended or reach > 1:
            stretches.append(either)
        else:
            stretches[-1] += rf"\s*{either}"
        open_ended = side == 1  # nothing tells where a form of a lemma ends
    return stretches


def _inside(expression: str) -> str:
    """Return what must stand in a sentence if the expression matches a word of it; nothing if there is no telling."""
    inside = expression.removeprefix("^").removesuffix("$")
    return "" if _DEPENDS_ON_ENDS.search(inside) else inside


def _head(lemma: str) -> str:
    """Return what all forms of a lemma begin with; nothing if there is no telling."""
    head = _HEAD.match(lemma)
    return head[0] if head and lemma not in _OTHER_HEADS else ""
