"""What training minimises: a classification loss, and the decoder's reconstruction loss."""

from __future__ import annotations

from harstudio.learn.fit.torch_setup import Tensor, functional, torch


def classification_loss(
    logits: Tensor,
    codes: Tensor,
    weights: Tensor | None = None,
    kind: str = "cross_entropy",
    trust: Tensor | None = None,
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
    trust : (N,) or None
        How much each window counts; the mean is weighted by these too. Where all are 0, so is the
        loss.
    """
    if kind == "cross_entropy" and trust is None:
        return functional.cross_entropy(logits, codes, weight=weights)
    if kind == "cross_entropy":
        errors = functional.cross_entropy(logits, codes, reduction="none")
    else:
        target = functional.one_hot(codes, logits.shape[1]).to(logits.dtype)
        errors = ((logits.softmax(dim=1) - target) ** 2).sum(dim=1)
    weight = torch.ones_like(errors) if weights is None else weights[codes]
    if trust is not None:
        weight = weight * trust
    return (errors * weight).sum() / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)


def reconstruction_loss(rebuilt: Tensor, scaled: Tensor) -> Tensor:
    """Mean squared error over windows, time and channels (L1 of Xiao et al. 2020)."""
    return functional.mse_loss(rebuilt, scaled)
