"""What training minimises: a classification loss, and the decoder's reconstruction loss."""

from __future__ import annotations

from harstudio.learn.torch_setup import Tensor, functional


def classification_loss(
    logits: Tensor, codes: Tensor, weights: Tensor | None = None, kind: str = "cross_entropy"
) -> Tensor:
    """Mean loss of a batch.

    Parameters
    ----------
    logits : (N, K)
    codes : (N,) int64
    weights : (K,) or None
        Class weights; the mean is weighted by them.
    kind : str
        ``cross_entropy``, or ``squared_error``: of the probabilities against one-hot targets,
        summed over classes (L0 of Xiao et al. 2020).
    """
    if kind == "cross_entropy":
        return functional.cross_entropy(logits, codes, weight=weights)
    target = functional.one_hot(codes, logits.shape[1]).to(logits.dtype)
    errors = ((logits.softmax(dim=1) - target) ** 2).sum(dim=1)
    if weights is None:
        return errors.mean()
    weight = weights[codes]
    return (errors * weight).sum() / weight.sum()


def reconstruction_loss(rebuilt: Tensor, scaled: Tensor) -> Tensor:
    """Mean squared error over windows, time and channels (L1 of Xiao et al. 2020)."""
    return functional.mse_loss(rebuilt, scaled)
