"""Windows: nothing is cut, neighbours overlap, the last ends where the text ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from sentiment_kit.encoder.batches import length_buckets, pad
from sentiment_kit.encoder.tokenizer import WindowTokenizer

BEGIN, END = 1, 2


@pytest.fixture(scope="module")
def tokenizer():
    words = {f"w{number}": number + 10 for number in range(500)}
    tokenizer = Tokenizer(models.WordLevel({"?": 0, **words}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return WindowTokenizer(tokenizer, window=12, overlap=3, begin=BEGIN, end=END)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 17, 18, 99, 500])
def test_windows_hold_every_token_in_order(tokenizer, count):
    result = tokenizer.windows([" ".join(f"w{number}" for number in range(count))])[0]
    bodies = [window[1:-1] for window in result.windows]
    assert result.n_tokens == count
    assert all(window[0] == BEGIN and window[-1] == END and len(window) <= 12 for window in result.windows)
    assert sorted({token for body in bodies for token in body}) == [number + 10 for number in range(count)]
    if count:
        assert bodies[-1][-1] == count + 9
    for one, other in zip(bodies, bodies[1:], strict=False):
        assert len(set(one) & set(other)) >= 3


def test_no_text_no_windows(tokenizer):
    assert tokenizer.windows([]) == []


def test_many_threads_share_one_tokenizer(tokenizer):
    texts = [" ".join(f"w{number}" for number in range(size % 60)) for size in range(400)]
    wanted = tokenizer.windows(texts)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda text: tokenizer.windows([text])[0], texts * 3))
    assert results == wanted * 3


@given(st.lists(st.integers(1, 128), max_size=80), st.integers(1, 600))
def test_buckets_hold_each_window_once_within_the_budget(lengths, budget):
    buckets = list(length_buckets(lengths, budget))
    assert sorted(position for bucket in buckets for position in bucket) == list(range(len(lengths)))
    for bucket in buckets:
        assert len(bucket) == 1 or max(lengths[position] for position in bucket) * len(bucket) <= budget


def test_padding():
    ids, mask = pad([[5, 6, 7], [8]], padding=0)
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
