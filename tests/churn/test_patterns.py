"""Every pattern finds its positive example and not its negative one; every rule cancels what it says."""

import json

import pytest

from sentiment_kit import PatternError
from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.churn.patterns import FOLDER, load_context, load_patterns
from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def matcher(language):
    return PhraseMatcher.default(language)


@pytest.fixture(scope="module")
def patterns(language):
    return load_patterns(FOLDER / "patterns" / f"{language}.jsonl")


def test_every_kind_has_patterns_and_every_pattern_examples(patterns):
    assert {pattern.kind for pattern in patterns} == set(CHURN_KINDS)
    assert len(patterns) >= 150
    assert all(pattern.positive and pattern.negative for pattern in patterns)


def test_positive_examples_are_found(matcher, patterns):
    missed = [
        (pattern.id, pattern.positive)
        for pattern in patterns
        if pattern.kind not in {match.phrase.kind for match in matcher.find(pattern.positive)}
    ]
    assert missed == []


def test_negative_examples_are_not_found(matcher, patterns):
    found = [
        (pattern.id, pattern.negative)
        for pattern in patterns
        if f"pattern:{pattern.id}" in {match.phrase.source for match in matcher.find(pattern.negative)}
    ]
    assert found == []


def test_context_rules_cancel(language, matcher):
    bare = PhraseMatcher(language, load_patterns(FOLDER / "patterns" / f"{language}.jsonl"))
    rules = load_context(FOLDER / "context" / f"{language}.jsonl")
    assert rules
    for rule in rules:
        assert matcher.find(rule.cancels) == [], rule.id
        assert rule.cancels, rule.id
    # A rule whose sentence holds no phrase to begin with would test nothing; a few guard against later patterns.
    telling = [rule for rule in rules if bare.find(rule.cancels)]
    assert len(telling) >= len(rules) / 2


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("{", "line 1"),
        ('{"id": "a", "label": "weather", "pattern": "x"}', "weather"),
        ('{"id": "a", "label": "exit", "pattern": []}', "'pattern' is empty"),
        ('{"id": "a", "label": "exit", "pattern": "x", "weight": 2}', "weight 2.0"),
        ('{"label": "exit", "pattern": "x"}', "'id'"),
        (
            '{"id": "a", "label": "exit", "pattern": "x"}\n{"id": "a", "label": "exit", "pattern": "y"}',
            "line 2.*already",
        ),
    ],
)
def test_bad_pattern_files(tmp_path, line, wanted):
    file = tmp_path / "p.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(PatternError, match=rf"(?s)SK502.*{wanted}"):
        load_patterns(file)


def test_a_pattern_that_spacy_refuses(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "a", "label": "exit", "pattern": [{"LOWER": "x", "OP": "%"}]}', encoding="utf-8")
    with pytest.raises(PatternError, match="SK503"):
        PhraseMatcher("en", load_patterns(file)).find("x")


@pytest.mark.parametrize(
    ("language", "tokens", "wanted"),
    [
        ("en", [{"LOWER": "scrapping"}, {"POS": "DET", "OP": "?"}, {"LOWER": "plan"}], "POS is not known .* in 'en'"),
        ("en", [{"LEMMA": "scrap"}], "LEMMA is not known"),
        ("uk", [{"LOWER": "x"}, {"lemma": {"IN": ["кидати"]}}], "LEMMA is not known .* in 'uk'"),
        ("ja", [{"LEMMA": "行く"}, {"DEP": "ROOT"}], "DEP is not known"),
        ("en", [{"LOWER": "x"}, {"_": {"mine": 1}}], r"spaCy does not accept it: \[E046\]"),
        ("en", [{"LOWER": "Zorblax"}], "'Zorblax' is never found, because 'zorblax' is read"),
        ("en", [{"TEXT": {"IN": ["gone", "Zorblax"]}}], "'Zorblax' is never found"),
        ("en", [{"orth": "n’t"}], "'n’t' is never found"),
        ("fa", [{"LOWER": "نمی‌خرم"}], "is never found"),
    ],
)
def test_a_pattern_that_no_text_can_match(tmp_path, language, tokens, wanted):
    file = tmp_path / "p.jsonl"
    file.write_text(json.dumps({"id": "a", "label": "exit", "pattern": tokens}), encoding="utf-8")
    with pytest.raises(PatternError, match=f"SK503: pattern a: .*{wanted}"):
        PhraseMatcher(language, own := load_patterns(file)).check(own)


@pytest.mark.parametrize(
    ("pattern", "positive", "wanted"),
    [
        ([{"LOWER": "won't"}], "I won't.", "SK505: pattern a is not found in its 'positive', .I won't"),
        ("stop coming", "I won't stop coming here.", "SK505: pattern a: a context rule cancels what it finds"),
    ],
)
def test_a_pattern_that_is_not_found_in_its_own_sentence(tmp_path, pattern, positive, wanted):
    file = tmp_path / "p.jsonl"
    line = {"id": "a", "label": "exit", "pattern": pattern, "positive": positive}
    file.write_text(json.dumps(line), encoding="utf-8")
    with pytest.raises(PatternError, match=wanted):
        PhraseMatcher.default("en", [file])


def test_a_pattern_of_dictionary_forms_and_parts_of_speech(tmp_path):
    file = tmp_path / "p.jsonl"
    line = {"id": "a", "label": "exit", "pattern": [{"LEMMA": "消える"}, {"POS": "AUX"}], "positive": "猫も消えた。"}
    file.write_text(json.dumps(line), encoding="utf-8")
    matcher = PhraseMatcher("ja", own := load_patterns(file))
    matcher.check(own)
    assert matcher.find("友達も消えた")


def test_a_pattern_with_flags_of_its_own(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "a", "label": "exit", "pattern": [{"LOWER": {"REGEX": "(?i)^bye"}}]}', encoding="utf-8")
    assert PhraseMatcher.default("en", [file]).find("Well, byebye.")


@pytest.mark.parametrize("tokens", ['[{"LOWER": {"REGEX": "("}}]', '["x"]'])
def test_faulty_tokens(tmp_path, tokens):
    file = tmp_path / "p.jsonl"
    file.write_text(f'{{"id": "a", "label": "exit", "pattern": {tokens}}}', encoding="utf-8")
    with pytest.raises(PatternError, match="SK502"):
        load_patterns(file)


def test_two_patterns_of_one_id(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "a", "label": "exit", "pattern": "x"}', encoding="utf-8")
    with pytest.raises(PatternError, match="SK504"):
        PhraseMatcher.default("en", [file, file])


def test_a_missing_pattern_file(tmp_path):
    with pytest.raises(PatternError, match="SK501"):
        load_patterns(tmp_path / "none.jsonl")


@pytest.mark.parametrize("where", ["around", ""])
def test_a_bad_context_rule(tmp_path, where):
    file = tmp_path / "c.jsonl"
    file.write_text(f'{{"id": "a", "where": "{where}", "regex": "x"}}', encoding="utf-8")
    with pytest.raises(PatternError, match="SK502"):
        load_context(file)
