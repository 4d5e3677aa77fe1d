"""Figures of a comparison for a paper: virtual blue, real orange, residual grey.

matplotlib is imported here and nowhere else, and this module only when figures are asked for.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.lib.stride_tricks import sliding_window_view

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.imu.compare import residual_metrics
from harstudio.imu.spectra import spectrum
from harstudio.io.files import write_atomically
from harstudio.workflows.calibrating import before_and_after
from harstudio.workflows.comparing import ALL, AS_SIMULATED, Comparison
from harstudio.workflows.pairing import ACC, GYRO, Pair, pooled

VIRTUAL, REAL, RESIDUAL = "#1F6FB5", "#B04F00", "#7A828E"
INK = "#1D232B"
STRETCH_S = 6.0
_AXES = ("x", "y", "z")
_TITLES = {ACC: "acceleration", GYRO: "angular velocity"}
_MATH_UNITS = {"m/s2": "m/s²", "rad/s": "rad/s"}
_MOST_POINTS = 4000
_COLUMNS = 4
"""Sensors side by side; more of them go into a further figure."""

STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 8.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.0,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "harstudio",
    "savefig.dpi": 160,
}


@dataclass(frozen=True, eq=False)
class Stretch:
    """A part of a pair that a figure shows, and its NRMSE."""

    pair: Pair
    part: slice
    nrmse: float


def draw_figures(comparison: Comparison, out: Path, formats: tuple[str, ...]) -> Job[list[Path]]:
    """Draw every figure of a comparison in every format.

    For acceleration and for angular velocity: ``traces`` (real, virtual and residual over a
    typical stretch), ``agreement`` (one against the other, and both spectra), ``rmse`` (by label)
    and, where it was calibrated, ``calibration`` (distributions before and after).

    Returns
    -------
    list of Path
    """
    written: list[Path] = []
    drawings: list[tuple[str, Callable[[Comparison, str, list[str]], Figure]]] = [
        ("traces", traces),
        ("agreement", agreement),
        ("rmse", rmse_by_label),
    ]
    if comparison.calibrated:
        drawings.append(("calibration", calibration))
    with matplotlib.rc_context(STYLE):
        for name, draw in drawings:
            for quantity in (ACC, GYRO):
                sensors = [sensor for sensor, kind in comparison.kinds if kind == quantity]
                for first in range(0, len(sensors), _COLUMNS):
                    yield Progress(0, 0, f"Drawing {name} of {_TITLES[quantity]}")
                    figure = draw(comparison, quantity, sensors[first : first + _COLUMNS])
                    # Laid out once, not once per format: it is what takes longest.
                    figure.draw_without_rendering()
                    figure.set_layout_engine("none")
                    page = f"_{first // _COLUMNS + 1}" if first else ""
                    for suffix in formats:
                        path = out / f"{name}_{quantity}{page}.{suffix}"
                        write_atomically(path, bytes_of(figure, suffix), durable=False)
                        written.append(path)
    return written


def traces(comparison: Comparison, quantity: str, sensors: list[str]) -> Figure:
    """x, y, z of every sensor over a typical stretch."""
    figure = Figure(figsize=(0.4 + 3.0 * len(sensors), 5.4), layout="constrained")
    grid = figure.subplots(4, len(sensors), squeeze=False, sharex="col", sharey="row")
    for column, sensor in enumerate(sensors):
        stretch = typical_stretch(_pairs(comparison.pairs, sensor, quantity))
        _trace_column(grid[:, column], stretch, quantity)
        for row in range(4):
            grid[row, column].tick_params(labelleft=column == 0)
    unit = _MATH_UNITS[comparison.pairs[0].unit if quantity == ACC else "rad/s"]
    for row, name in enumerate((*_AXES, "residual")):
        grid[row, 0].set_ylabel(f"{name} ({unit})")
    _legend(figure, grid[0, 0], 2)
    figure.suptitle(
        f"Real and virtual {_TITLES[quantity]}: of the livelier half, the stretch of median NRMSE",
        fontsize=8.0, color=RESIDUAL,
    )  # fmt: skip
    return figure


def _trace_column(column: Any, stretch: Stretch, quantity: str) -> None:
    pair, part = stretch.pair, stretch.part
    times = pair.times_s[part]
    gaps = ~pair.valid[part]
    virtual, real = np.array(pair.virtual[part]), np.array(pair.real[part])
    virtual[gaps] = real[gaps] = np.nan
    for axis in range(3):
        column[axis].plot(times, real[:, axis], color=REAL, label="real", linewidth=2.2)
        column[axis].plot(times, virtual[:, axis], color=VIRTUAL, label="virtual")
    for axis, style in zip(range(3), ("-", "--", ":"), strict=True):
        column[3].plot(
            times, virtual[:, axis] - real[:, axis], color=RESIDUAL, linestyle=style,
            linewidth=0.9, label=_AXES[axis],
        )  # fmt: skip
    column[3].axhline(0.0, color=INK, linewidth=0.4)
    column[3].set_xlabel("time in the clip (s)")
    column[3].legend(loc="upper right", ncols=3, fontsize=7, handlelength=1.6, borderpad=0.0)
    column[3].margins(y=0.25)
    names = {s.label for s in pair.track.within(float(times[0]), float(times[-1]))}
    what = " + ".join(sorted(names)) if 0 < len(names) <= 2 else ""
    column[0].set_title(plain(pair.sensor), fontweight="bold", loc="left")
    metrics = residual_metrics(virtual, real)
    column[0].annotate(
        f"{pair.clip}{': ' + plain(what) if what else ''}\n"
        f"RMSE {metrics.rmse_all:.2g} {_MATH_UNITS[pair.unit]}, r {metrics.r_mean:.3f}",
        (0.0, 1.02), xycoords="axes fraction", fontsize=7, color=RESIDUAL, va="bottom",
    )  # fmt: skip
    column[0].set_title(plain(pair.sensor), fontweight="bold", loc="left", pad=24)


def typical_stretch(pairs: list[Pair], seconds: float = STRETCH_S) -> Stretch:
    """Of the livelier half of all whole stretches, the one of median NRMSE.

    Neither the best nor the worst: what a reader should expect where something moves. A clip
    shorter than a stretch counts whole.

    Raises
    ------
    HarstudioError
        No sample is valid.
    """
    found: list[tuple[float, float, Pair, slice]] = []
    for pair in pairs:
        size = min(round(seconds * pair.rate_hz), len(pair.valid))
        step = max(1, size // 2)
        starts = np.arange(0, len(pair.valid) - size + 1, step)
        whole = sliding_window_view(pair.valid, size)[starts].mean(axis=1)
        for start, share in zip(starts, whole, strict=True):
            part = slice(int(start), int(start) + size)
            use = pair.valid[part]
            if share < 0.8 or np.count_nonzero(use) < 2:
                continue
            metrics = residual_metrics(pair.virtual[part], pair.real[part], use)
            lively = float(np.mean(np.square(metrics.spread)))
            found.append((lively, metrics.nrmse_all, pair, part))
    if not found:
        return _any_stretch(pairs)
    median = np.median([lively for lively, *_ in found])
    half = sorted((each for each in found if each[0] >= median), key=lambda each: each[1])
    _, nrmse, pair, part = half[len(half) // 2]
    return Stretch(pair, part, nrmse)


def _any_stretch(pairs: list[Pair]) -> Stretch:
    """Where no stretch is whole: from the first to the last valid sample of the longest pair."""
    pair = max(pairs, key=lambda each: int(np.count_nonzero(each.valid)))
    used = np.flatnonzero(pair.valid)
    if len(used) < 2:
        raise HarstudioError(f"{pair.clip}: nothing in common to draw")
    part = slice(int(used[0]), int(used[-1]) + 1)
    metrics = residual_metrics(pair.virtual[part], pair.real[part], pair.valid[part])
    return Stretch(pair, part, metrics.nrmse_all)


def agreement(comparison: Comparison, quantity: str, sensors: list[str]) -> Figure:
    """Of every sensor, virtual against real, and both spectra."""
    figure = Figure(figsize=(0.4 + 2.6 * len(sensors), 5.2), layout="constrained")
    grid = figure.subplots(2, len(sensors), squeeze=False)
    for column, sensor in enumerate(sensors):
        pairs = _pairs(comparison.pairs, sensor, quantity)
        unit = _MATH_UNITS[pairs[0].unit]
        pool = pooled(pairs)
        _scatter(grid[0, column], pool.virtual[pool.valid], pool.real[pool.valid])
        grid[0, column].set_title(plain(sensor), fontweight="bold", loc="left")
        grid[0, column].set_xlabel(f"real ({unit})")
        grid[0, column].set_ylabel(f"virtual ({unit})" if column == 0 else "")
        _psd(grid[1, column], pool.virtual, pool.real, pool.valid, pairs[0].rate_hz)
        grid[1, column].set_xlabel("frequency (Hz)")
        density = "(m/s²)²/Hz" if quantity == ACC else "(rad/s)²/Hz"
        grid[1, column].set_ylabel(f"power, x + y + z ({density})" if column == 0 else "")
    handles, names = grid[1, 0].get_legend_handles_labels()
    if handles:
        grid[1, 0].legend(handles, names, loc="lower left")
    figure.suptitle(
        f"{_TITLES[quantity].capitalize()} of {comparison.clips} clips: "
        "x, y and z sample by sample; spectra",
        fontsize=8.0, color=RESIDUAL,
    )  # fmt: skip
    return figure


def _scatter(axes: Axes, virtual: FloatArray, real: FloatArray) -> None:
    rng = np.random.default_rng(0)
    v, w = virtual.ravel(), real.ravel()
    shown = rng.choice(len(v), min(_MOST_POINTS, len(v)), replace=False)
    axes.scatter(w[shown], v[shown], s=3, color=VIRTUAL, alpha=0.25, linewidths=0, rasterized=True)
    low, high = np.quantile(np.concatenate([v, w]), (0.001, 0.999))
    margin = 0.05 * (high - low) + 1e-9
    limits = (low - margin, high + margin)
    axes.plot(limits, limits, color=INK, linewidth=0.6, linestyle="--")
    axes.set(xlim=limits, ylim=limits)
    axes.set_aspect("equal", adjustable="box")


def _psd(
    axes: Axes, virtual: FloatArray, real: FloatArray, valid: BoolArray, rate_hz: float
) -> None:
    times = np.arange(len(valid)) / rate_hz
    axes.set(xscale="log", yscale="log")
    for name, values, colour, width in (
        ("real", real, REAL, 1.4), ("virtual", virtual, VIRTUAL, 1.0)
    ):  # fmt: skip
        try:
            freq_hz, psd = spectrum(times, values, valid)
        except HarstudioError:
            axes.text(0.5, 0.5, "too short for a spectrum", transform=axes.transAxes, ha="center")
            return
        shown = (freq_hz > 0) & (freq_hz <= 0.4 * rate_hz)
        axes.plot(freq_hz[shown], psd[shown].sum(axis=1), color=colour, label=name, linewidth=width)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())


def rmse_by_label(comparison: Comparison, quantity: str, sensors: list[str]) -> Figure:
    """RMSE of all clips by label and sensor, with each clip's as a dot"""
    rows = [r for r in comparison.rows if r.quantity == quantity and r.virtual == AS_SIMULATED]
    labels = [*comparison.labels, ALL]
    height = 1.0 + 0.24 * len(labels)
    figure = Figure(figsize=(1.2 + 2.2 * len(sensors), height), layout="constrained")
    grid = figure.subplots(1, len(sensors), squeeze=False, sharex=True, sharey=True)
    for axes, sensor in zip(grid[0], sensors, strict=True):
        for y, label in enumerate(labels):
            mine = [r for r in rows if r.sensor == sensor and r.label == label]
            bars = [r.metrics.rmse_all for r in mine if r.of_all_clips]
            dots = [r.metrics.rmse_all for r in mine if not r.of_all_clips]
            axes.barh(y, bars[0] if bars else 0.0, color=RESIDUAL, height=0.64, alpha=0.85)
            axes.plot(dots, [y] * len(dots), "o", color=INK, markersize=2.2, alpha=0.6, mew=0)
            if bars:
                axes.annotate(
                    f"{bars[0]:.2f}", (max([*dots, *bars]), y), (4, 0),
                    textcoords="offset points", va="center", fontsize=7,
                )  # fmt: skip
        axes.set_yticks(range(len(labels)), [plain(name) for name in labels])
        axes.set_title(plain(sensor), fontweight="bold", loc="left")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"RMSE ({_MATH_UNITS[rows[0].unit]})")
    grid[0, 0].invert_yaxis()
    shown = [r.metrics.rmse_all for r in rows if r.sensor in sensors]
    grid[0, 0].set_xlim(0.0, 1.18 * max(shown, default=1.0) or 1.0)
    figure.suptitle(
        f"{_TITLES[quantity].capitalize()}, x, y and z together; bar: all clips, dot: one clip",
        fontsize=8.0, color=RESIDUAL,
    )  # fmt: skip
    return figure


def calibration(comparison: Comparison, quantity: str, sensors: list[str]) -> Figure:
    """Distributions before and after calibration."""
    figure = Figure(figsize=(0.4 + 2.6 * len(sensors), 5.4), layout="constrained")
    grid = figure.subplots(3, len(sensors), squeeze=False)
    for column, sensor in enumerate(sensors):
        before = _pairs(comparison.pairs, sensor, quantity)
        after = _pairs(comparison.calibrated, sensor, quantity)
        unit = _MATH_UNITS[before[0].unit]
        for axis in range(3):
            axes = grid[axis, column]
            found = before_and_after(before, after, axis)
            edges, real = found.edges, found.densities["real"]
            axes.stairs(real, edges, fill=True, color=REAL, alpha=0.3, label="real")
            axes.stairs(
                found.densities["virtual"], edges, color=VIRTUAL, linestyle=":", linewidth=1.0,
                label="virtual",
            )  # fmt: skip
            axes.stairs(
                found.densities["calibrated"], edges, color=VIRTUAL, linewidth=1.0,
                label="virtual, calibrated",
            )  # fmt: skip
            axes.set_yscale("log")
            axes.yaxis.set_minor_locator(NullLocator())
            density = np.concatenate([each[each > 0] for each in found.densities.values()])
            axes.set_ylim(max(density.max() * 1e-4, density.min() * 0.7), density.max() * 2)
            axes.set_ylabel(f"{_AXES[axis]}: density (s²/m)" if column == 0 else "")
            if column == 0 and quantity == GYRO:
                axes.set_ylabel(f"{_AXES[axis]}: density (s/rad)")
        grid[0, column].set_title(plain(sensor), fontweight="bold", loc="left")
        grid[2, column].set_xlabel(f"{_TITLES[quantity]} ({unit})")
    _legend(figure, grid[0, 0], 3)
    figure.suptitle(
        "Distributions before and after calibration; every map is fitted to the other people",
        fontsize=8.0, color=RESIDUAL,
    )  # fmt: skip
    return figure


def _pairs(pairs: tuple[Pair, ...], sensor: str, quantity: str) -> list[Pair]:
    return [pair for pair in pairs if (pair.sensor, pair.quantity) == (sensor, quantity)]


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=columns)


def plain(name: str) -> str:
    """A label or sensor as words, without what matplotlib would take for a formula."""
    return name.replace("_", " ").replace("$", r"\$")


def bytes_of(figure: Figure, suffix: str) -> bytes:
    buffer = io.BytesIO()
    # Without a date the same comparison gives the same bytes.
    dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(buffer, format=suffix, metadata=dates.get(suffix))
    return buffer.getvalue()
