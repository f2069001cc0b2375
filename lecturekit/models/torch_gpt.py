"""A GPT of 27,456 parameters: the whole architecture, at the size of a laptop.

    tokens (n, L)
      h = token_embedding[tokens] + position_embedding[0..L-1]        (n, L, d)
      num_layers times:
        h = h + attention(norm(h))        what earlier positions say
        h = h + feed_forward(norm(h))     what this position makes of it
      logits = head(norm(h))                                          (n, L, V)

Attention of one head, with queries Q, keys K, values V of shape (L, d / num_heads):

    softmax(Q K^T / sqrt(d / num_heads) + mask) V

where the mask is minus infinity at later positions: logits at position t depend on
tokens 0..t alone, so one pass predicts the next token at every position.

Papers: Vaswani et al., Attention Is All You Need, NeurIPS 2017, equation 1,
https://arxiv.org/abs/1706.03762; Radford et al., Language Models are Unsupervised
Multitask Learners (GPT-2), 2019, for the norms in front of the layers. No biases and no
dropout. This module imports torch; `lecturekit.models` does not, so it is imported by
its own name: `from lecturekit.models.torch_gpt import GPT, GPTConfig`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, gelu


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT.

    Parameters
    ----------
    vocab_size : int
        V, the number of tokens.
    context_length : int
        T, the longest sequence it reads.
    width : int
        d, the numbers per position; a multiple of `num_heads`.
    num_layers, num_heads : int
        Blocks, and heads of attention in each.
    """

    vocab_size: int = 32
    context_length: int = 16
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be >= 1, got {value}")
        if self.width % self.num_heads:
            raise ValueError(
                f"width must be a multiple of num_heads, got width={self.width} and "
                f"num_heads={self.num_heads}"
            )


class Block(nn.Module):
    """One layer: attention, then a feed-forward network, both added to the input."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        d = config.width
        self.num_heads = config.num_heads
        self.attention_norm = nn.LayerNorm(d)
        self.query_key_value = nn.Linear(d, 3 * d, bias=False)
        self.attention_out = nn.Linear(d, d, bias=False)
        self.feed_forward_norm = nn.LayerNorm(d)
        self.up = nn.Linear(d, 4 * d, bias=False)
        self.down = nn.Linear(4 * d, d, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """Return the next hidden states; (n, L, d) to (n, L, d)."""
        h = h + self.attention_out(self._attention(self.attention_norm(h)))
        out: Tensor = h + self.down(gelu(self.up(self.feed_forward_norm(h))))
        return out

    def _attention(self, h: Tensor) -> Tensor:
        n, length, width = h.shape
        heads = self.query_key_value(h).view(n, length, 3, self.num_heads, -1)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)  # (n, heads, L, d / heads)
        scores = queries @ keys.transpose(-2, -1) / sqrt(width // self.num_heads)
        later = torch.ones(length, length, dtype=torch.bool, device=h.device).triu(1)
        attention = scores.masked_fill(later, float("-inf")).softmax(dim=-1)
        mixed: Tensor = attention @ values
        return mixed.transpose(1, 2).reshape(n, length, width)


class GPT(nn.Module):
    """A decoder-only transformer.

    Parameters
    ----------
    config : GPTConfig
        Its sizes.
    seed : int
        What the parameters are drawn from: embeddings from N(0, 0.3^2), matrices from
        N(0, 1 / inputs). The generator of the process is not touched.
    """

    def __init__(self, config: GPTConfig | None = None, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config = config or GPTConfig()
        # Constructors draw from the process's generator, too; it gets its state back.
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            self.token_embedding = nn.Embedding(config.vocab_size, config.width)
            self.position_embedding = nn.Embedding(config.context_length, config.width)
            self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
            self.norm = nn.LayerNorm(config.width)
            self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        self._draw(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _draw(self, generator: torch.Generator) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Embedding):
                layer.weight.normal_(std=0.3, generator=generator)
            elif isinstance(layer, nn.Linear):
                layer.weight.normal_(std=layer.in_features**-0.5, generator=generator)
            elif isinstance(layer, nn.LayerNorm):
                layer.reset_parameters()  # ones and zeros, no draw

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the next token at every position.

        Parameters
        ----------
        tokens : (n, L) int64 in 0..V-1, L <= context_length

        Returns
        -------
        (n, L, V) float32

        Raises
        ------
        ValueError
            If the sequences are longer than the context.
        """
        length = tokens.shape[1]
        if length > self.config.context_length:
            raise ValueError(
                f"tokens must have at most context_length={self.config.context_length} "
                f"positions, got {length}"
            )
        positions = torch.arange(length, device=tokens.device)
        h = self.token_embedding(tokens) + self.position_embedding(positions)
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.head(self.norm(h))
        return logits


def next_token_losses(predict: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Return each sequence's mean cross-entropy per predicted token, nats, shape (n,).

    Parameters
    ----------
    predict : callable
        From tokens (n, L) to logits (n, L, V): a GPT, or one with a model's arrays in.
    tokens : (n, L + 1) int64, L >= 1
        Every token but the first is predicted from those before it.
    """
    logits = predict(tokens[:, :-1]).transpose(1, 2)  # (n, V, L), as torch wants it
    return cross_entropy(logits, tokens[:, 1:], reduction="none").mean(dim=1)
