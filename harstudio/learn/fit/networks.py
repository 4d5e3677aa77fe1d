"""Networks between checkpoints and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.fit.torch_setup import Tensor, torch
from harstudio.learn.models import model_spec
from harstudio.learn.models.layers import ChannelsFirst, Network
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.files import Tensors

PREFIX = "network"


class NetworkPredictor:
    """A network that judges windows; it stays as it is."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> NetworkPredictor:
        """From a checkpoint; HarstudioError if its arrays do not fit the model."""
        return cls(restored(checkpoint))

    def probabilities(self, signals: Float32Array) -> FloatArray:
        """(N, T, C) signals in SI units to (N, K) probabilities."""
        self._network.eval()
        with torch.no_grad():
            logits = self._network(torch.tensor(signals))
        probabilities: FloatArray = logits.double().softmax(dim=1).numpy()
        return probabilities


def restored(checkpoint: Checkpoint) -> Network:
    """The network of a checkpoint, in evaluation mode.

    Raises
    ------
    HarstudioError
        The model is unknown, or its arrays do not fit it.
    """
    stored = checkpoint.below(PREFIX)
    try:
        # Shapes alone at first: a damaged description may ask for more than there is memory.
        with torch.device("meta"):
            expected = {k: tuple(v.shape) for k, v in _built(checkpoint).state_dict().items()}
        if expected != {name: array.shape for name, array in stored.items()}:
            raise ValueError(_misfit(expected, stored))
        network = _built(checkpoint)
        network.load_state_dict({name: torch.tensor(array) for name, array in stored.items()})
    except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise HarstudioError(
            f"model {checkpoint.model!r}: the stored arrays do not fit ({error})",
            f"it was written by harstudio {checkpoint.version}",
        ) from error
    return network.eval()


def _built(checkpoint: Checkpoint) -> Network:
    network: Network = model_spec(checkpoint.model).build(
        len(checkpoint.channels),
        checkpoint.window_samples,
        len(checkpoint.labels),
        checkpoint.config,
    )
    return network


def _misfit(expected: dict[str, tuple[int, ...]], stored: Tensors) -> str:
    """The first array that is not as it should be."""
    for name in sorted({*expected, *stored}):
        got = stored[name].shape if name in stored else None
        if got != expected.get(name):
            return f"{name}: {got or 'missing'}, expected {expected.get(name, 'none')}"
    return ""


def opened(checkpoint: Checkpoint) -> ChannelsFirst:
    """The network of a checkpoint for use outside: (B, C, T) signals to (B, K) logits.

    `.features` and `.head` are its two parts. As from `restored`, in evaluation mode.
    """
    return ChannelsFirst(restored(checkpoint)).eval()


def tensors_of(network: Network) -> dict[str, NDArray[Any]]:
    """A copy of the network's state, as it is stored in a checkpoint."""
    return {f"{PREFIX}.{name}": array_of(value) for name, value in network.state_dict().items()}


def array_of(tensor: Tensor) -> NDArray[Any]:
    """A tensor's values in a C-contiguous array of its own."""
    return np.array(tensor.detach().cpu().numpy(), order="C")
