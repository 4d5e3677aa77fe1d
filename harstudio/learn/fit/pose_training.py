"""What a trained pose-to-IMU network is good for: signals for poses, and how close they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.data.channels import Float32Array
from harstudio.learn.data.pose_windows import BESIDE, anchored, sensor_channels
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.networks import restored
from harstudio.learn.fit.torch_setup import torch
from harstudio.learn.models import model_spec
from harstudio.learn.models.pose2imu import PoseToImu
from harstudio.learn.runs.checkpoint import Checkpoint

_ROWS = 64
_LEAST_SAMPLES = 2


class SignalMaker:
    """The regressor of a run, ready to make signals from poses.

    Attributes
    ----------
    channels : C names
        ``<sensor> <column>`` of what it makes.
    rate_hz : float
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """HarstudioError for a model that makes no signals."""
        paired = model_spec(checkpoint.model).paired
        network = restored(checkpoint) if paired else None
        if not isinstance(network, PoseToImu) or network.regressor is None:
            how = f" in mode {network.mode}" if isinstance(network, PoseToImu) else ""
            raise HarstudioError(
                f"a {checkpoint.model}{how} makes no signals from poses",
                "choose a run of pose2imu in mode joint or regression_first",
            )
        self._network, self._length = network, checkpoint.window_samples
        self.channels = sensor_channels(checkpoint.channels)
        self.rate_hz = checkpoint.rate_hz

    def of_windows(self, windows: WindowSet, index: IntArray) -> Job[Float32Array]:
        """Job: (N, T, C) signals, SI units, for the poses of the windows `index`."""
        parts = [np.zeros((0, windows.window_samples, len(self.channels)), np.float32)]
        for first in range(0, len(index), _ROWS):
            yield Progress(first, len(index), "making signals")
            parts.append(self._made(windows.signals[index[first : first + _ROWS]]))
        return np.concatenate(parts)

    def of_poses(self, positions: FloatArray) -> Job[FloatArray]:
        """Job: signals for a whole movement, in windows that fade into one another.

        Parameters
        ----------
        positions : (T, 24, 3) array, m, world, at `rate_hz`; NaN where they are not known

        Returns
        -------
        (T, C) array, SI units; NaN where the pose is not known
        """
        known: BoolArray = np.asarray(np.isfinite(positions).all(axis=(1, 2)))
        count, length = len(positions), self._length
        total, weight = np.zeros((count, len(self.channels))), np.zeros(count)
        # High in the middle: at a window's ends the network sees one side of the movement only.
        fade = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)) / length
        starts = list(_starts(count, length))
        for done, first in enumerate(starts):
            yield Progress(done, len(starts), "making signals")
            part = slice(first, min(first + length, count))
            made = self._made(self._paired(positions[part], known[part])[None])[0]
            inside = part.stop - first
            total[part] += fade[:inside, None] * made[:inside]
            weight[part] += fade[:inside]
        made_all: FloatArray = np.where(known[:, None], total / weight[:, None], np.nan)
        return made_all

    def _paired(self, positions: FloatArray, known: BoolArray) -> Float32Array:
        """(T, C + 74) one window of poses without signals, its last pose held to its end."""
        window = np.zeros((self._length, len(self.channels) + len(BESIDE)), np.float32)
        here = np.minimum(np.arange(self._length), len(positions) - 1)
        window[:, len(self.channels) : -2] = anchored(positions[here], known[here])
        window[: len(positions), -2] = 1.0
        window[: len(positions), -1] = known
        return window

    def _made(self, signals: Float32Array) -> Float32Array:
        with torch.no_grad():
            made: Float32Array = self._network.generated(torch.tensor(signals)).numpy()
        return made


def _starts(count: int, length: int) -> Iterator[int]:
    """First samples of windows that overlap by half and cover everything."""
    if count <= length:
        yield 0
        return
    last = count - length
    yield from range(0, last, max(1, length // 2))
    yield last


def regression_figures(
    checkpoint: Checkpoint, windows: WindowSet, index: IntArray
) -> Job[Mapping[str, Any]]:
    """Job: how close made signals come to measured ones on the windows `index`.

    Returns
    -------
    plain data
        ``samples`` (with a known pose), and by channel in ``channels``: ``mse`` and ``rmse`` (in
        the channel's unit, SI), ``r`` (Pearson's; None where a signal is constant), ``spread`` (the
        measured signal's standard deviation). Means of these in ``mse``, ``rmse`` (root of the
        mean of squares) and ``r``.

    Raises
    ------
    HarstudioError
        A model without a regressor.
    """
    maker = SignalMaker(checkpoint)
    made = yield from maker.of_windows(windows, index)
    whole = windows.signals[index]
    known = whole[:, :, -1] > 0.5
    measured = whole[:, :, : len(maker.channels)][known].astype(np.float64)
    errors = made[known] - measured
    rows: dict[str, dict[str, float | None]] = {}
    for i, name in enumerate(maker.channels):
        rows[name] = {
            "mse": _mean(errors[:, i] ** 2),
            "rmse": _root(_mean(errors[:, i] ** 2)),
            "r": _r(made[known][:, i].astype(np.float64), measured[:, i]),
            "spread": float(measured[:, i].std()) if len(measured) else None,
        }
    mean = {
        key: _mean(np.array([v for row in rows.values() if (v := row[key]) is not None]))
        for key in ("mse", "r")
    }
    return {
        "samples": int(known.sum()),
        "mse": mean["mse"],
        "rmse": _root(mean["mse"]),
        "r": mean["r"],
        "channels": rows,
    }


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def _root(value: float | None) -> float | None:
    return None if value is None else float(np.sqrt(value))


def _r(left: FloatArray, right: FloatArray) -> float | None:
    if len(left) < _LEAST_SAMPLES or left.std() == 0 or right.std() == 0:
        return None
    return float(np.corrcoef(left, right)[0, 1])
