"""The torch models: against NumPy's, against torch's own layers, and by hand."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from lecturekit.data import BigramLanguage
from lecturekit.models import MLP
from lecturekit.models.torch_classifiers import (
    classification_losses,
    cnn,
    linear,
    mlp,
)
from lecturekit.models.torch_gpt import GPT, Block, GPTConfig, next_token_losses


def num_parameters(network):
    return sum(array.numel() for array in network.parameters())


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (linear(num_features=784), 784 * 10 + 10),
        (mlp(), 64 * 64 + 64 + 64 * 10 + 10),
        (cnn(side=8), (8 * 9 + 8) + (16 * 8 * 9 + 16) + (64 * 10 + 10)),
        (cnn(side=28), (8 * 9 + 8) + (16 * 8 * 9 + 16) + (784 * 10 + 10)),
        (GPT(), 27_456),
    ],
)
def test_number_of_parameters(network, expected):
    """As the docstrings say, and as a student counts them."""
    assert num_parameters(network) == expected


def test_mlp_is_the_mlp_in_numpy():
    """With the same arrays, transposed, both give the same losses."""
    model = MLP().initial(seed=1)
    rng = np.random.default_rng(2)
    features, labels = rng.random((9, 8, 8), dtype=np.float32), rng.integers(10, size=9)
    network = mlp()
    network.load_state_dict(
        {
            "1.weight": torch.tensor(model["hidden.weight"].T),
            "1.bias": torch.tensor(model["hidden.bias"]),
            "3.weight": torch.tensor(model["output.weight"].T),
            "3.bias": torch.tensor(model["output.bias"]),
        }
    )

    losses = classification_losses(
        network, torch.tensor(features), torch.tensor(labels)
    )

    assert losses.shape == (9,)
    expected = MLP().loss(model, features, labels)
    assert losses.mean().item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("side", [8, 28])
def test_cnn_takes_pictures_without_a_channel(side):
    """Five grey pictures give five times ten logits."""
    assert cnn(side=side)(torch.rand(5, side, side)).shape == (5, 10)


@pytest.mark.parametrize("side", [0, 2, 10])
def test_cnn_refuses_sides_that_two_pools_cannot_halve(side):
    """The message names the parameter and the value."""
    with pytest.raises(ValueError, match=f"positive multiple of 4, got {side}"):
        cnn(side=side)


@pytest.mark.parametrize("build", [linear, mlp, cnn, GPT])
def test_the_seed_alone_decides_the_parameters(build):
    """Equal seeds give equal bits, and the process's generator is not touched."""
    before = torch.get_rng_state()
    first, second, other = (build(seed=seed).state_dict() for seed in (1, 1, 2))

    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("build", [linear, mlp, cnn])
def test_classifiers_start_within_torchs_bounds(build):
    """Every number lies within 1 / sqrt(inputs), and they fill the interval."""
    for name, array in build(seed=1).named_parameters():
        if name.endswith("weight"):
            bound = array[0].numel() ** -0.5
            assert 0.9 * bound < array.abs().max() <= bound


def test_gpt_logits_depend_on_no_later_token():
    """Another last token changes the last position's logits and no others."""
    gpt = GPT(seed=1)
    tokens = torch.arange(16)[None]
    other = tokens.clone()
    other[0, -1] = 31

    logits, changed = gpt(tokens), gpt(other)

    assert logits.shape == (1, 16, 32)
    assert torch.equal(logits[:, :-1], changed[:, :-1])
    assert not torch.allclose(logits[:, -1], changed[:, -1])


def test_attention_is_torchs():
    """One block without its feed-forward part, written with torch's own function."""
    config = GPTConfig(width=8, num_heads=2)
    torch_generator = torch.Generator().manual_seed(3)
    h = torch.randn(4, 5, 8, generator=torch_generator)
    block = GPT(config, seed=1).blocks[0]
    assert isinstance(block, Block)
    torch.nn.init.zeros_(block.down.weight)

    qkv = block.query_key_value(block.attention_norm(h)).view(4, 5, 3, 2, 4)
    heads = scaled_dot_product_attention(*qkv.permute(2, 0, 3, 1, 4), is_causal=True)
    expected = h + block.attention_out(heads.transpose(1, 2).reshape(4, 5, 8))

    torch.testing.assert_close(block(h), expected)


def test_equal_logits_cost_log_of_the_vocabulary():
    """A head of zeros gives each of 32 tokens the same chance."""
    gpt = GPT()
    torch.nn.init.zeros_(gpt.head.weight)

    losses = next_token_losses(gpt, torch.arange(10).reshape(2, 5))

    assert losses.tolist() == pytest.approx([np.log(32)] * 2)


def test_next_token_losses_are_means_over_predicted_tokens():
    """Each sequence's loss is torch's cross-entropy of its tokens 1, 2, ..."""
    gpt, tokens = GPT(seed=1), torch.arange(24).reshape(4, 6)

    expected = [cross_entropy(gpt(row[None, :-1])[0], row[1:]).item() for row in tokens]

    assert next_token_losses(gpt, tokens).tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_gpt_learns_a_language():
    """A hundred steps take it from log 32 = 3.5 nats half-way to the entropy floor."""
    language = BigramLanguage.random(vocab_size=32, seed=1)
    tokens = torch.tensor(language.sample(3200, length=17, seed=2))
    gpt = GPT(seed=1)
    optimizer = torch.optim.AdamW(gpt.parameters(), lr=1e-2)
    for batch in tokens.split(32):
        optimizer.zero_grad()
        loss = next_token_losses(gpt, batch).mean()
        loss.backward()
        optimizer.step()

    assert loss.item() < (np.log(32) + language.entropy_floor) / 2


def test_sequences_longer_than_the_context_are_refused():
    """There is no position embedding for the seventeenth token."""
    with pytest.raises(ValueError, match=r"at most context_length=16 .*, got 17"):
        GPT()(torch.zeros(1, 17, dtype=torch.long))


def test_impossible_sizes_are_refused():
    """The messages name the parameters and their values."""
    with pytest.raises(ValueError, match=r"num_layers must be >= 1, got 0"):
        GPTConfig(num_layers=0)
    with pytest.raises(ValueError, match=r"got width=32 and num_heads=3"):
        GPTConfig(num_heads=3)


def test_importing_models_and_runtime_leaves_torch_alone():
    """Torch comes with the modules that need it, not with the packages."""
    code = (
        "import sys, lecturekit.models, lecturekit.runtime, "
        "lecturekit.runtime.cohort_executor; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
