"""A glance at a Japanese sentence passes over nothing that could match."""

import pytest
from sudachipy import Dictionary

from sentiment_kit.churn.glance import Glance, _head


@pytest.mark.parametrize(
    ("tokens", "sentence", "wanted"),
    [
        ([{"TEXT": "解約"}], "昨日解約した", True),
        ([{"TEXT": "解約"}], "約束を解いた", False),
        ([{"TEXT": {"IN": ["解約", "退会"]}}, {"TEXT": "し"}], "退会した", True),
        ([{"TEXT": {"IN": ["解約", "退会"]}}, {"TEXT": "し"}], "退会だ", False),
        ([{"TEXT": "解約", "OP": "?"}, {"TEXT": "た"}], "した", True),
        ([{"TEXT": "解約"}, {"TEXT": "し"}], "しばらく解約だ", False),
        ([{"TEXT": "解約"}, {"TEXT": "し"}], "解約もし", False),
        ([{"TEXT": "解約"}, {"TEXT": "し"}], "解約 し", True),
        ([{"TEXT": "解約"}, {"OP": "?"}, {"TEXT": "し"}], "解約もし", True),
        ([{"TEXT": "し"}, {"TEXT": "し"}], "し", False),
        ([{"LEMMA": "諦める"}, {"TEXT": "た"}], "諦めた", True),
        ([{"LEMMA": "諦める"}, {"TEXT": "た"}], "また諦める", False),
        ([{"LEMMA": "する"}, {"TEXT": "た"}], "した", True),
        ([{"TEXT": {"REGEX": "^も[~ー]$"}}, {"TEXT": "来"}], "もー来ない", True),
        ([{"TEXT": {"REGEX": "^も[~ー]$"}}, {"TEXT": "来"}], "もう来ない", False),
        ([{"LEMMA": "諦める"}], "もう諦めた", True),
        ([{"LEMMA": {"IN": ["諦める", "あきらめる"]}}], "もうあきらめた", True),
        ([{"LEMMA": {"IN": ["諦める", "あきらめる"]}}], "もうあいた", False),
        ([{"LEMMA": "する"}], "買った", True),  # so short a lemma tells nothing
        ([{"LEMMA": "奮う"}], "奪い", True),  # nor does one with other heads
        ([{"LEMMA": "がっかり"}], "か゛っかり", True),
        ([{"TEXT": {"REGEX": "^(?:カイヤク|タイカイ)シタ$"}}], "モウカイヤクシタヨ", True),
        ([{"TEXT": {"REGEX": "^(?:カイヤク|タイカイ)シタ$"}}], "モウカイヤク", False),
        ([{"TEXT": {"REGEX": "^カイ(?!ヤク)"}}], "何もない", True),  # looks around, so may match in a word alone
        ([{"POS": "VERB"}], "何もない", True),
    ],
)
def test_may_match(tokens, sentence, wanted):
    assert Glance({"p": tokens}).may_match(sentence) is wanted


@pytest.mark.skipif(not hasattr(Dictionary, "entries"), reason="this SudachiPy cannot list its dictionary")
def test_every_form_in_the_dictionary_begins_with_the_head_of_its_lemma():
    entries = Dictionary().entries()
    assert [e.dictionary_form() for e in entries if not e.surface().startswith(_head(e.dictionary_form()))] == []
