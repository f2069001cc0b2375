"""Four texts that every installation has, and the tokens they are written in."""

import numpy as np
import pytest

from lecturekit.data import text_sources, train_tokenizer


@pytest.fixture(scope="module")
def sources():
    return text_sources()


def test_four_sources_of_one_length(sources):
    """No client is richer than another, and a shorter text is a beginning."""
    assert list(sources) == ["manual", "python", "docstrings", "c"]
    assert {len(text) for text in sources.values()} == {250_000}
    short = text_sources(num_characters=100)
    assert short == {name: text[:100] for name, text in sources.items()}


@pytest.mark.parametrize(
    ("name", "common"),
    [
        ("manual", " statement"),
        ("python", "    def "),
        ("docstrings", "Parameters\n----------"),
        ("c", "#define "),
    ],
)
def test_each_source_is_what_its_name_says(sources, name, common):
    """Every text has a phrase that it uses more often than the others do."""
    counts = {source: text.count(common) for source, text in sources.items()}

    assert max(counts, key=counts.get) == name
    assert counts[name] > 50


def test_the_sources_are_different_languages(sources):
    """Letters alone tell them apart: their distributions are far from each other."""

    def frequencies(text):
        counts = np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256)
        return counts / counts.sum()

    chances = [frequencies(text) for text in sources.values()]
    for i, one in enumerate(chances):
        for other in chances[:i]:
            assert np.abs(one - other).sum() / 2 > 0.08


def test_a_tokenizer_reads_back_what_it_wrote(sources):
    """Bytes are tokens too, so every text survives, whatever it was trained on."""
    tokenizer = train_tokenizer([sources["python"][:50_000]], vocab_size=400)

    assert tokenizer.get_vocab_size() == 400
    for text in (*sources.values(), "Grüße, 東京\t\r\n\x00", " a  b ", ""):
        ids = tokenizer.encode(text[:20_000]).ids
        assert tokenizer.decode(ids) == text[:20_000]
        assert all(0 <= token < 400 for token in ids)


def test_frequent_pairs_become_tokens():
    """The first pair to be joined is the most frequent one."""
    tokenizer = train_tokenizer(["abababab ab"], vocab_size=257)

    assert tokenizer.encode("abab").tokens == ["ab", "ab"]
    assert len(tokenizer.encode("cdcd").ids) == 4


def test_training_twice_gives_the_same_tokens(sources):
    """No draw, no order of threads: the same texts make the same tokenizer."""
    texts = [text[:30_000] for text in sources.values()]

    assert train_tokenizer(texts).to_str() == train_tokenizer(texts).to_str()


def test_refusals():
    """Fewer tokens than bytes, more text than there is."""
    with pytest.raises(ValueError, match=r"vocab_size .* least 256, got 255"):
        train_tokenizer(["a"], vocab_size=255)
    with pytest.raises(ValueError, match=r"num_characters must be .* 250000, got 0"):
        text_sources(num_characters=0)
