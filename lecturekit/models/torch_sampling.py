"""Let a language model go on writing: one token at a time, each drawn from its answer.

    logits = predict(the last T tokens)[-1]              what may come next
    Pr(token j) ~ exp(logits[j] / temperature)

A temperature of 1 draws as the model believes; nearer 0, the likeliest token wins more
often. T is the context length: what lies further back is forgotten. This module imports
torch; `lecturekit.models` does not, so it is imported by its own name.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor


@torch.no_grad()
def continue_tokens(
    predict: Callable[[Tensor], Tensor],
    prompt: Sequence[int],
    num_tokens: int,
    *,
    context_length: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> list[int]:
    """Return `prompt` and `num_tokens` tokens that a model puts after it.

    Parameters
    ----------
    predict : callable
        From tokens (n, L) to logits (n, L, V), for L up to `context_length`: a GPT.
    prompt : sequence of int
        What it goes on from: at least one token.
    num_tokens : int
        How many to add.
    context_length : int
        T, how far back the model can look.
    temperature : float, > 0
        How bold it is.
    seed : int
        The same seed draws the same tokens.

    Raises
    ------
    ValueError
        If the prompt is empty or the temperature is not positive.
    """
    if not len(prompt) or not temperature > 0:
        raise ValueError(
            "prompt must have a token and temperature be above 0, got "
            f"{len(prompt)} tokens and temperature={temperature}"
        )
    rng = np.random.default_rng(seed)
    tokens = [int(token) for token in prompt]
    for _ in range(num_tokens):
        seen = torch.tensor([tokens[-context_length:]])
        logits = predict(seen)[0, -1].double() / temperature
        chances = logits.softmax(dim=0).cumsum(dim=0).numpy()
        draw = rng.random() * chances[-1]
        tokens.append(int(np.searchsorted(chances, draw, side="right")))
    return tokens
