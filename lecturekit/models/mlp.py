"""A network with one hidden layer, its loss, and its gradient by hand.

A *model* is a dictionary of named arrays, in this order:

    hidden.weight  (num_features, num_hidden)     W1
    hidden.bias    (num_hidden,)                  b1
    output.weight  (num_hidden, num_labels)       W2
    output.bias    (num_labels,)                  b2

`MLP` holds the sizes only. It never keeps a model: each method takes one, so that a
server and a hundred clients can share one network. For a batch x of n examples,

    a = max(x W1 + b1, 0)        z = a W2 + b2        p = softmax(z)
    loss = -(1/n) sum_i log p[i, y_i]

and back-propagation starts from d loss / d z = (p - onehot(y)) / n.

NumPy only: a notebook that uses this starts without loading torch. The gradient is
torch's to within rounding; see the test.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Model = dict[str, NDArray[np.float32]]  # name -> array, in the order of the layers


@dataclass(frozen=True)
class MLP:
    """The sizes of a network with one hidden layer of rectified linear units.

    Parameters
    ----------
    num_features : int
        Numbers per example; the digits have 8 * 8 pixels.
    num_hidden : int
        Units in the hidden layer.
    num_labels : int
        Labels to choose from.

    Examples
    --------
    >>> mlp = MLP(num_features=4, num_hidden=3, num_labels=2)
    >>> {name: array.shape for name, array in mlp.initial(seed=1).items()}
    {'hidden.weight': (4, 3), 'hidden.bias': (3,), 'output.weight': (3, 2), \
'output.bias': (2,)}
    """

    num_features: int = 64
    num_hidden: int = 64
    num_labels: int = 10

    def __post_init__(self) -> None:
        for name in ("num_features", "num_hidden", "num_labels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, got {getattr(self, name)}")

    def initial(self, seed: int) -> Model:
        """Draw a model: every number uniform in +-1 / sqrt(inputs of its layer)."""
        rng = np.random.default_rng(seed)
        model = {}
        for layer, num_inputs, num_outputs in (
            ("hidden", self.num_features, self.num_hidden),
            ("output", self.num_hidden, self.num_labels),
        ):
            bound = num_inputs**-0.5
            weight = rng.uniform(-bound, bound, size=(num_inputs, num_outputs))
            bias = rng.uniform(-bound, bound, size=num_outputs)
            model[f"{layer}.weight"] = weight.astype(np.float32)
            model[f"{layer}.bias"] = bias.astype(np.float32)
        return model

    def loss(
        self, model: Model, features: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> float:
        """Return the mean cross-entropy in nats; features are (n, ...), n >= 1."""
        _, logits = self._forward(model, features)
        chosen = _log_softmax(logits)[np.arange(len(labels)), labels]
        return float(-chosen.mean())

    def accuracy(
        self, model: Model, features: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> float:
        """Return the fraction of examples whose label has the largest logit."""
        _, logits = self._forward(model, features)
        return float((logits.argmax(axis=1) == labels).mean())

    def gradients(
        self, model: Model, features: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> Model:
        """Return the gradient of the mean loss: the model's names and shapes.

        Parameters
        ----------
        model : Model
            As returned by `initial`. It is not changed.
        features : (n, ...) float32, n >= 1
            An example's numbers may have any shape; they are read row by row.
        labels : (n,) int64, in [0, num_labels)
        """
        hidden, logits = self._forward(model, features)
        flat = self._flat(features)
        d_logits = np.exp(_log_softmax(logits))  # (n, num_labels)
        d_logits[np.arange(len(labels)), labels] -= 1
        d_logits /= len(labels)
        d_hidden = (d_logits @ model["output.weight"].T) * (hidden > 0)
        return {
            "hidden.weight": flat.T @ d_hidden,
            "hidden.bias": d_hidden.sum(axis=0),
            "output.weight": hidden.T @ d_logits,
            "output.bias": d_logits.sum(axis=0),
        }

    def _forward(
        self, model: Model, features: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the hidden activations (n, num_hidden), the logits (n, num_labels)."""
        pre_activation = self._flat(features) @ model["hidden.weight"]
        hidden = np.maximum(pre_activation + model["hidden.bias"], 0)
        return hidden, hidden @ model["output.weight"] + model["output.bias"]

    def _flat(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(features) == 0:
            raise ValueError("features must hold at least one example, got none")
        flat = features.reshape(len(features), -1)
        if flat.shape[1] != self.num_features:
            raise ValueError(
                f"an example must have {self.num_features} numbers, got "
                f"{flat.shape[1]}: features have shape {features.shape}"
            )
        return flat


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log p, shifted by the largest logit so that exp cannot overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    normaliser = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(shifted - normaliser)
