"""An expression spelled out may match more than the expression, never less."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_kit.churn.spelling import spell_out


@pytest.mark.parametrize(
    ("expression", "whole", "beginnings"),
    [
        ("^купл", set(), {"купл"}),
        ("^куп(?:лю|им)$|^замов", {"куплю", "купим"}, {"замов"}),
        ("^(?:ab?c)$", {"abc", "ac"}, set()),
        ("^[-.]?x[1-3]$", {f"{sign}x{digit}" for sign in ("", "-", ".") for digit in "123"}, set()),
        (r"^a\.m$", {"a.m"}, set()),
        ("^ab+c$", set(), {"a"}),
        ("^ab.*c$", set(), {"ab"}),
        (r"^ab\d{2}$|^c$", {"c"}, {"ab"}),
        ("^a[^b]c", set(), {"a"}),
        ("^a[$]b$", set(), {"a"}),
        ("^(?:a(?:b|c)){2}$", None, None),
        ("^(?:ab|c)(?:d|ef)?$", {"ab", "c", "abd", "cd", "abef", "cef"}, set()),
    ],
)
def test_spelled_out(expression, whole, beginnings):
    assert spell_out(expression) == (None if whole is None else (whole, beginnings))


@pytest.mark.parametrize(
    "expression",
    ["a", "a$", "^", "^a|b", "^a|", "^.a", r"^\w+a$", "(?i)^a", "^(?!a)b", "^(a|b)$", "(?:^|a)b", "^^a", "$", ""],
)
def test_what_tells_nothing(expression):
    assert spell_out(expression) is None


def test_an_expression_that_spells_too_much_is_cut_short():
    whole, beginnings = spell_out("^x" + "[abcdef]" * 8 + "$")
    assert not whole
    assert beginnings
    assert all(len(beginning) < 9 for beginning in beginnings)


_ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", "[a-c]", "[$]", ".", r"\.", r"\w", r"\b", "-", "^", "$"])
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | st.tuples(inner, st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "??"])).map(
            lambda x: f"(?:{x[0]}){x[1]}"
        )
    ),
    max_leaves=10,
)


@given(expression=_EXPRESSIONS.map("^".__add__) | _EXPRESSIONS, word=st.text("abc.-$^", max_size=6))
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost(expression, word):
    spelled = spell_out(expression)
    if spelled is not None and re.search(expression, word):
        assert word in spelled[0] or word.startswith(tuple(spelled[1]))
