"""How alike a real and a virtual signal are, once they share times, axes and units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, checked
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.timebase import Alignment
from harstudio.imu.distribution import wasserstein
from harstudio.imu.lag import residual_lag
from harstudio.imu.spectra import COHERENCE_BAND_HZ, CrossSpectra, cross_spectra

Triple = tuple[float, float, float]

BANDS_HZ = ((0.5, 3.0), (3.0, 10.0), (10.0, 20.0))
"""Of the PSD ratio: paces and gestures; impacts and quick hands; what a body hardly does."""

_NANS: Triple = (nan, nan, nan)


@dataclass(frozen=True)
class FidelityMetrics:
    """Likeness of a virtual and a real signal of one sensor.

    What needs a regular grid or many samples is NaN where the stretch is too short for it, and
    where `residual_metrics` was not told a rate.

    Attributes
    ----------
    rmse : (x, y, z), the signals' unit
        Root mean square of virtual minus real.
    nrmse : (x, y, z)
        `rmse` over the standard deviation of the real signal on that axis; infinite if it is
        constant and differs.
    r : (x, y, z)
        Pearson correlation; NaN where a signal is constant.
    magnitude_mse : float, unit squared
        Mean of ``(|virtual| - |real|)^2``: free of orientation, so blind to swapped axes
        (Multi3Net+, 4.3). Never judge by it alone.
    samples : int
        How many samples were compared.
    spread : (x, y, z), the signals' unit
        Standard deviation of the real signal, by which `nrmse` is normalised.
    wasserstein : (x, y, z), the signals' unit
        First Wasserstein distance of the two distributions of values, whatever their order.
    magnitude_wasserstein : float, the signals' unit
        The same of the magnitudes.
    coherence : (x, y, z)
        Magnitude-squared coherence, 0 to 1: the mean over 0.5 to 10 Hz, weighted by the real
        signal's power there.
    coherence_segments : int
        Welch segments behind it: unrelated signals show about one over this. Below 5 of them
        there is no coherence.
    psd_ratio : one value per band of `BANDS_HZ`
        Power of the virtual signal over that of the real one, all three axes; NaN also for a
        band that reaches past half the rate.
    lag_s : float, s
        How much later the real signal still comes: the peak of the cross-correlation of all
        three axes, within half a second.
    """

    rmse: Triple
    nrmse: Triple
    r: Triple
    magnitude_mse: float
    samples: int
    spread: Triple = _NANS
    wasserstein: Triple = _NANS
    magnitude_wasserstein: float = nan
    coherence: Triple = _NANS
    coherence_segments: int = 0
    psd_ratio: Triple = _NANS
    lag_s: float = nan

    @property
    def rmse_all(self) -> float:
        """RMSE over all three axes: the root of the mean of their squares."""
        return float(np.sqrt(np.mean(np.square(self.rmse))))

    @property
    def nrmse_all(self) -> float:
        """`rmse_all` over the root mean square of `spread`: 1 is no better than a constant."""
        spread = float(np.sqrt(np.mean(np.square(self.spread))))
        if self.rmse_all == 0:
            return 0.0
        return self.rmse_all / spread if spread != 0 else inf

    @property
    def r_mean(self) -> float:
        """Mean of the axes' correlations, of those that are defined; NaN if none is."""
        return _mean(self.r)

    @property
    def coherence_mean(self) -> float:
        """Mean of the axes' coherences, of those that are defined; NaN if none is."""
        return _mean(self.coherence)


def residual_metrics(
    virtual: FloatArray,
    real: FloatArray,
    mask: BoolArray | None = None,
    *,
    rate_hz: float | None = None,
) -> FidelityMetrics:
    """Compare two signals of one sensor.

    Parameters
    ----------
    virtual, real : (T, 3) arrays, the same unit, frame and times
    mask : (T,) bool array
        Samples to compare; those that are not finite in both are left out as well.
    rate_hz : float, optional
        Of the grid, if the times are regular: then spectra, lag and distributions are compared
        too. Segments and lags do not bridge what the mask leaves out.

    Raises
    ------
    HarstudioError
        The shapes differ, or fewer than 2 samples can be compared.
    """
    virtual = checked(virtual, (None, 3), "virtual signal", finite=False)
    real = checked(real, (len(virtual), 3), "real signal", finite=False)
    use: BoolArray = np.isfinite(np.einsum("ij->i", virtual) + np.einsum("ij->i", real))
    if mask is not None:
        use &= np.asarray(mask, dtype=bool)
    if np.count_nonzero(use) < 2:
        raise HarstudioError(
            f"comparison: {np.count_nonzero(use)} samples in common, expected at least 2",
            "check the alignment: the recordings may not overlap",
        )
    whole = bool(use.all())
    metrics = _pointwise(virtual if whole else virtual[use], real if whole else real[use])
    return metrics if rate_hz is None else _with_spectra(metrics, virtual, real, use, rate_hz)


def _pointwise(virtual: FloatArray, real: FloatArray) -> FidelityMetrics:
    # Rows of one axis each: sums along them are several times faster than down (T, 3) columns.
    v, w = np.ascontiguousarray(virtual.T), np.ascontiguousarray(real.T)
    rmse = np.sqrt(_mean_product(v - w, v - w))
    magnitudes = np.sqrt(np.einsum("ij,ij->j", v, v)) - np.sqrt(np.einsum("ij,ij->j", w, w))
    (v, v_spread), (w, w_spread) = _centred(v), _centred(w)
    with np.errstate(divide="ignore", invalid="ignore"):
        nrmse = np.where(rmse > 0, rmse / w_spread, 0.0)
        spreads = np.where(v_spread * w_spread > 0, v_spread * w_spread, nan)
        r = np.clip(_mean_product(v, w) / spreads, -1.0, 1.0)
    return FidelityMetrics(
        rmse=_triple(rmse),
        nrmse=_triple(nrmse),
        r=_triple(r),
        magnitude_mse=float(np.mean(magnitudes**2)),
        samples=v.shape[1],
        spread=_triple(w_spread),
    )


def _centred(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows without their means, and their deviations; 0 if constant but for rounding."""
    means = np.mean(rows, axis=1)
    centred = rows - means[:, None]
    spread = np.sqrt(_mean_product(centred, centred))
    return centred, np.where(spread > 1e-12 * np.abs(means), spread, 0.0)


def _mean_product(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", left, right) / left.shape[1])


def _with_spectra(
    metrics: FidelityMetrics, virtual: FloatArray, real: FloatArray, use: BoolArray, rate_hz: float
) -> FidelityMetrics:
    v, w = virtual[use], real[use]
    norms = np.linalg.norm(v, axis=1), np.linalg.norm(w, axis=1)
    spectra = cross_spectra(virtual, real, use, rate_hz)
    return replace(
        metrics,
        wasserstein=_triple(np.array([wasserstein(v[:, i], w[:, i]) for i in range(3)])),
        magnitude_wasserstein=wasserstein(*norms),
        coherence=_NANS if spectra is None else _coherence(spectra),
        coherence_segments=0 if spectra is None else spectra.segments,
        psd_ratio=_NANS if spectra is None else _psd_ratio(spectra),
        lag_s=residual_lag(virtual, real, use, rate_hz),
    )


def _coherence(spectra: CrossSpectra) -> Triple:
    low, high = COHERENCE_BAND_HZ
    band = (spectra.freq_hz >= low) & (spectra.freq_hz <= high)
    values, weights = spectra.coherence[band], spectra.real_psd[band]
    weights = np.where(np.isfinite(values), weights, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _triple(np.sum(np.nan_to_num(values) * weights, axis=0) / weights.sum(axis=0))


def _psd_ratio(spectra: CrossSpectra) -> Triple:
    freq_hz, ratios = spectra.freq_hz, []
    for low, high in BANDS_HZ:
        band = (freq_hz >= low) & (freq_hz < high)
        v, w = spectra.virtual_psd[band].sum(), spectra.real_psd[band].sum()
        reached = band.any() and freq_hz[-1] >= high
        ratios.append(float(v / w) if reached and w > 0 else nan)
    return _triple(np.array(ratios))


def mounted(recording: ImuRecording, alignment: Alignment) -> ImuRecording:
    """The recording in the axes of the virtual sensors.

    Each sensor's mounting rotation is applied to acc and gyro, and to the orientation so that
    it still takes the (new) sensor axes to the world. In a ``global`` recording the rotation is
    one of the world (a yaw), and turns the orientation with it.
    """
    quaternions = np.array([alignment.mounting(name) for name in recording.sensors])
    matrices = rot.matrix_from_quaternion(rot.normalised(quaternions))
    gyro, orientation = recording.gyro_radps, recording.orientation_wxyz
    if orientation is not None:
        if recording.frame == "global":
            orientation = rot.multiply(quaternions, orientation)
        else:
            orientation = rot.multiply(orientation, rot.conjugate(quaternions))
    return replace(
        recording,
        acc_mps2=np.einsum("sij,tsj->tsi", matrices, recording.acc_mps2),
        gyro_radps=None if gyro is None else np.einsum("sij,tsj->tsi", matrices, gyro),
        orientation_wxyz=orientation,
    )


def _mean(values: Triple) -> float:
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else nan


def _triple(values: FloatArray) -> Triple:
    x, y, z = (float(value) for value in values)
    return x, y, z
