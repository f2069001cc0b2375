"""A language whose best possible loss is known: a Markov chain over tokens.

The next token depends on the present one alone,

    P[i, j] = Pr(x_{t+1} = j | x_t = i)      the transition matrix, rows sum to 1
    pi = pi P                                how often each token occurs (stationary)

so no model, however large, predicts it better than P does. The loss of P itself is

    floor = - sum_i pi_i sum_j P[i, j] log P[i, j]      nats per token

the chain's entropy rate (Shannon, A Mathematical Theory of Communication, 1948,
section 7; Cover and Thomas, Elements of Information Theory, theorem 4.2.4).

Why a floor is useful: a loss of 1.02 says little by itself. Over a floor of 0.98 it is
an *excess loss* of 0.04, and zero excess means there is nothing left to learn. Ratios
of excess losses compare training methods; ratios of losses are diluted by the floor,
which no method can touch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import check_count, check_seed, read_only


@dataclass(frozen=True, eq=False, repr=False)
class BigramLanguage:
    """A stationary Markov chain with a known transition matrix.

    Parameters
    ----------
    transitions : (vocab_size, vocab_size) float64, >= 0, rows sum to 1
        P; `transitions[i, j]` is the chance that token j follows token i.

    Raises
    ------
    ValueError
        If the rows are not distributions, or the chain falls apart in several that
        never meet (then it has no single floor).

    Examples
    --------
    A fair coin takes log 2 = 0.693 nats to predict:

    >>> coin = BigramLanguage([[0.5, 0.5], [0.5, 0.5]])
    >>> coin
    BigramLanguage(2 tokens, entropy floor 0.693 nats per token)
    >>> coin.sample(num_sequences=2, length=5, seed=0).shape
    (2, 5)
    """

    transitions: NDArray[np.float64]

    def __post_init__(self) -> None:
        matrix = np.array(self.transitions, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
            raise ValueError(f"transitions must be square, got shape {matrix.shape}")
        sums = matrix.sum(axis=1)
        if not (matrix >= 0).all() or not np.allclose(sums, 1, rtol=0, atol=1e-9):
            raise ValueError(
                "each row of transitions must be >= 0 and sum to 1, got rows that sum "
                f"to {sums.min():g} ... {sums.max():g}, least entry {matrix.min():g}"
            )
        object.__setattr__(self, "transitions", read_only(matrix))
        # pi is unique exactly if the eigenvalue 1 is simple.
        loose_ends = matrix.T - np.eye(len(matrix))
        if np.linalg.matrix_rank(loose_ends) < len(matrix) - 1:
            raise ValueError(
                "transitions must connect the tokens, got several groups that never "
                "lead to each other"
            )

    @classmethod
    def random(
        cls,
        vocab_size: int = 32,
        branching: int = 3,
        seed: int | Sequence[int] = 0,
    ) -> "BigramLanguage":
        """Draw a language in which `branching` tokens can follow each token.

        One of the followers lies on a random cycle through all tokens, so that every
        token occurs; the rest are drawn without replacement, the chances from
        Dirichlet(2, ..., 2).

        Parameters
        ----------
        vocab_size : int, >= 1
            V, the number of tokens.
        branching : int, 1 to vocab_size
            How many tokens can follow one; log(branching) bounds the floor.
        seed : int or sequence of int
            The same seed draws the same language.
        """
        check_count("vocab_size", vocab_size, low=1)
        check_count("branching", branching, low=1, high=vocab_size)
        check_seed(seed)
        rng = np.random.default_rng(seed)
        cycle = rng.permutation(vocab_size)
        after = np.empty(vocab_size, dtype=np.int64)
        after[cycle] = np.roll(cycle, -1)
        transitions = np.zeros((vocab_size, vocab_size))
        for token in range(vocab_size):
            others = np.delete(np.arange(vocab_size), after[token])
            drawn = rng.choice(others, size=branching - 1, replace=False)
            followers = [after[token], *drawn]
            transitions[token, followers] = rng.dirichlet(np.full(branching, 2.0))
        return cls(transitions)

    def domains(
        self, num: int, shared: float = 0.5, *, branching: int = 3, seed: int = 0
    ) -> list["BigramLanguage"]:
        """Return `num` languages that have a share of their transitions from this one.

        Domain d follows this language with chance `shared` and one of its own with
        chance 1 - shared, token by token: P_d = shared * P + (1 - shared) * Q_d. Its
        own part Q_d is drawn from (seed, d).

        Parameters
        ----------
        num : int, >= 1
            How many domains.
        shared : float, 0 to 1
            1 gives copies of this language, 0 gives unrelated ones.
        branching : int, 1 to vocab_size
            Of the domains' own parts, as in `random`.
        seed : int
            The same seed draws the same domains.
        """
        check_count("num", num, low=1)
        check_seed(seed)
        if not 0 <= shared <= 1:
            raise ValueError(f"shared must be from 0 to 1, got {shared}")
        # From 1: (seed, 0) draws what `seed` alone does, which may be this language.
        own = [
            BigramLanguage.random(self.vocab_size, branching, seed=(seed, 1 + domain))
            for domain in range(num)
        ]
        return [
            BigramLanguage(shared * self.transitions + (1 - shared) * q.transitions)
            for q in own
        ]

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens."""
        return len(self.transitions)

    @property
    def stationary(self) -> NDArray[np.float64]:
        """How often each token occurs in the long run: pi, shape (vocab_size,)."""
        size = self.vocab_size
        # pi (P - I) = 0 and sum(pi) = 1: V + 1 equations, of which V are independent.
        equations = np.vstack([self.transitions.T - np.eye(size), np.ones(size)])
        right_side = np.append(np.zeros(size), 1.0)
        pi = np.linalg.lstsq(equations, right_side, rcond=None)[0].clip(min=0)
        return np.asarray(pi / pi.sum())

    @property
    def entropy_floor(self) -> float:
        """The lowest loss any model can have on this language, nats per token."""
        possible = self.transitions > 0
        logs = np.log(self.transitions, where=possible, out=np.zeros(possible.shape))
        return float(-self.stationary @ (self.transitions * logs).sum(axis=1))

    def sample(
        self, num_sequences: int, length: int, seed: int | Sequence[int]
    ) -> NDArray[np.int64]:
        """Draw sequences of tokens; the first token of each comes from pi.

        Parameters
        ----------
        num_sequences, length : int, >= 1
            How many sequences, and of how many tokens.
        seed : int or sequence of int
            For instance (seed, client, server_round).

        Returns
        -------
        (num_sequences, length) int64
            Tokens in 0..vocab_size-1.
        """
        check_count("num_sequences", num_sequences, low=1)
        check_count("length", length, low=1)
        check_seed(seed)
        rng = np.random.default_rng(seed)
        chances = np.vstack([self.transitions, self.stationary])
        upper = chances.cumsum(axis=1)
        upper /= upper[:, -1:]  # exactly 1 at the end: a draw below 1 always lands
        tokens = np.empty((num_sequences, length), dtype=np.int64)
        present = np.full(num_sequences, self.vocab_size)  # the row of pi
        for position in range(length):
            draw = rng.random((num_sequences, 1))
            present = (upper[present] <= draw).sum(axis=1)
            tokens[:, position] = present
        return tokens

    def cross_entropy(self, tokens: ArrayLike) -> float:
        """Return the loss of the true model P on `tokens`, nats per predicted token.

        Its mean over many sequences is `entropy_floor`; on a few it lies about that,
        so subtract this and not the floor where sequences are few.

        Parameters
        ----------
        tokens : (..., length) integers in 0..vocab_size-1, length >= 2
            Sequences along the last axis; the first token of each is not predicted.

        Returns
        -------
        float
            Infinite if a transition occurs that is impossible in this language.
        """
        array = np.asarray(tokens)
        if array.ndim == 0 or array.shape[-1] < 2 or array.dtype.kind not in "iu":
            raise ValueError(
                "tokens must be integers in sequences of at least 2, "
                f"got shape {array.shape} of {array.dtype}"
            )
        if array.size == 0 or array.min() < 0 or array.max() >= self.vocab_size:
            raise ValueError(
                f"tokens must be from 0 to {self.vocab_size - 1}, and at least two"
            )
        chances = self.transitions[array[..., :-1], array[..., 1:]]
        with np.errstate(divide="ignore"):
            return float(-np.log(chances).mean())

    def __repr__(self) -> str:
        floor = f"entropy floor {self.entropy_floor:.3f} nats per token"
        return f"BigramLanguage({self.vocab_size} tokens, {floor})"
