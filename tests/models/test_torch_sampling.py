"""What a language model writes."""

import numpy as np
import pytest
import torch

from lecturekit.models.torch_gpt import GPT, GPTConfig
from lecturekit.models.torch_sampling import continue_tokens


def successor(tokens):
    """Predict t + 1 (mod 5) after token t, nearly surely."""
    return 50.0 * torch.nn.functional.one_hot((tokens + 1) % 5, 5)


def test_a_sure_model_writes_what_it_is_sure_of():
    """After 3 comes 4, then 0, 1, 2; the prompt stands in front."""
    written = continue_tokens(successor, [2, 3], 4, context_length=3)

    assert written == [2, 3, 4, 0, 1, 2]


def test_it_looks_back_as_far_as_the_context_reaches():
    """A model never sees more than `context_length` tokens, and always the last."""
    seen = []

    def predict(tokens):
        seen.append(tokens.tolist())
        return successor(tokens)

    continue_tokens(predict, [0, 1, 2], 3, context_length=2)

    assert seen == [[[1, 2]], [[2, 3]], [[3, 4]]]


def test_draws_follow_the_models_chances_and_the_temperature():
    """Tokens 0 and 1 with chances 1/4 and 3/4; at temperature 0.5, 1/10 and 9/10."""

    def unfair(tokens):
        return torch.tensor([0.25, 0.75]).log().expand(*tokens.shape, 2)

    for temperature, share in ((1.0, 0.75), (0.5, 0.9)):
        written = continue_tokens(
            unfair, [0], 2000, context_length=1, temperature=temperature
        )
        # Four standard deviations of a mean of 2,000 draws.
        assert abs(np.mean(written[1:]) - share) < 4 * np.sqrt(0.25 / 2000)


def test_the_same_seed_writes_the_same():
    """And another seed something else; the model is left as it was."""
    gpt = GPT(GPTConfig(), seed=1)
    one, two, other = (
        continue_tokens(gpt, [1], 30, context_length=16, seed=seed)
        for seed in (4, 4, 5)
    )

    assert one == two != other
    assert all(0 <= token < 32 for token in one)
    assert all(array.grad is None for array in gpt.parameters())


def test_refusals():
    """Nothing to go on from, and a temperature of zero."""
    with pytest.raises(ValueError, match=r"prompt must have a token .* got 0 tokens"):
        continue_tokens(successor, [], 1, context_length=2)
    with pytest.raises(ValueError, match="got 1 tokens and temperature=0"):
        continue_tokens(successor, [1], 1, context_length=2, temperature=0)
