"""What pose-to-IMU training minimises beside classification, over measured samples alone."""

from __future__ import annotations

from harstudio.learn.fit.torch_setup import Tensor, functional, torch


def regression_loss(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the samples of `mask`, and over channels; 0 where there is none.

    Parameters
    ----------
    made, real : (N, T, C)
    mask : (N, T), 1 or 0
    """
    errors = ((made - real) ** 2).mean(dim=2) * mask
    return errors.sum() / mask.sum().clamp(min=1.0)


def cosine_loss(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean over windows of 1 - cosine of the angle between two windows; 0 where there is none.

    Each window's samples and channels are one vector. Windows without a sample in `mask` do not
    count.

    Parameters
    ----------
    made, real : (N, T, C)
    mask : (N, T), 1 or 0
    """
    vectors = [(each * mask[:, :, None]).flatten(1) for each in (made, real)]
    counted = mask.amax(dim=1)
    apart = 1.0 - functional.cosine_similarity(vectors[0], vectors[1], dim=1)
    return (apart * counted).sum() / counted.sum().clamp(min=1.0)


def both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """One batch after the other; None where there is neither, or no such thing."""
    if first is None or second is None:
        return None
    return torch.cat([first, second])
