"""How well real and virtual agree over a stretch, in words that say over which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack
from harstudio.core.timebase import clock_text
from harstudio.gui.signals.channels import ROWS, Pair, Quantity
from harstudio.gui.signals.decimate import Pyramid
from harstudio.imu.compare import FidelityMetrics, residual_metrics
from harstudio.imu.lag import MAX_LAG_S
from harstudio.imu.spectra import COHERENCE_BAND_HZ

_HARD = "\N{NO-BREAK SPACE}"
_UNKNOWN = "\N{EN DASH}"
_UNEVEN = 0.1
"""Samples this share of a period off a regular grid are not on it."""

_NRMSE = (
    "RMSE / standard deviation of the real signal over the same samples: "
    "1 is no better than a constant"
)
_MAGNITUDE_MSE = (
    "mean squared difference of the magnitudes (Multi3Net+, 4.3), not normalised; "
    "blind to direction"
)
_COHERENCE = (
    "magnitude-squared, {:g}-{:g} Hz, weighted by the real signal's power, "
    "mean of the axes, from {} segments"
)
_LAG = "how much later real comes than virtual: peak of the cross-correlation within"


@dataclass(frozen=True)
class Readout:
    """Figures, each a name and a value, the stretch they are of, and what they mean."""

    figures: tuple[tuple[str, str], ...] = ()
    stretch: str = ""
    details: str = ""

    @property
    def text(self) -> str:
        """In one line."""
        figures = ", ".join(f"{name} {value}".strip() for name, value in self.figures)
        return f"{figures} {self.stretch}".strip()

    def and_also(self, figures: tuple[tuple[str, str], ...]) -> Readout:
        """The same with further figures after its own."""
        return replace(self, figures=(*self.figures, *figures))

    def html(self, name_colour: str, value_colour: str) -> str:
        """As `text`; no figure is broken between two lines."""
        words = [
            f"<span style='color:{name_colour}'>{_unbroken(name)}</span>{_HARD}"
            f"<span style='color:{value_colour}'>{_unbroken(value)}</span>"
            for name, value in self.figures
        ]
        if self.stretch:
            words.append(f"<span style='color:{name_colour}'>{_unbroken(self.stretch)}</span>")
        return f"{_HARD} ".join(words)


def readout(
    pair: Pair, start_s: float, end_s: float, quantity: Quantity, track: LabelTrack
) -> Readout:
    """Agreement over a stretch."""
    first, stop = np.searchsorted(pair.times_s, (start_s, end_s))
    part = slice(int(first), int(stop))
    times, mask = pair.times_s[part], pair.mask[part]
    try:
        rate_hz, virtual, real, mask = on_grid(times, pair.virtual[part], pair.real[part], mask)
        metrics = residual_metrics(virtual, real, mask, rate_hz=rate_hz)
    except HarstudioError:
        return Readout((("virtual and real do not overlap here", ""),))
    stretch = f"over {clock_text(start_s)}-{clock_text(end_s)}"
    name = label_over(track, start_s, end_s)
    return Readout(
        _figures(metrics, quantity),
        f"{stretch} ({name})" if name else stretch,
        _details(metrics, quantity),
    )


def made_figures(
    pair: Pair, start_s: float, end_s: float, quantity: Quantity, run: str
) -> tuple[tuple[str, str], ...]:
    """How far a generated signal agrees with the real one over a stretch, and which run made it."""
    first, stop = np.searchsorted(pair.times_s, (start_s, end_s))
    part = slice(int(first), int(stop))
    name = f"generated ({run})"
    try:
        metrics = residual_metrics(pair.virtual[part], pair.real[part], pair.mask[part])
    except HarstudioError:
        return ((name, ""),)
    return (
        (f"{name} RMSE", f"{metrics.rmse_all:.2f} {quantity.unit}"),
        ("r", _plain(metrics.r_mean)),
    )


def on_grid(
    times_s: FloatArray, virtual: FloatArray, real: FloatArray, mask: BoolArray
) -> tuple[float | None, FloatArray, FloatArray, BoolArray]:
    """A regular grid at the median rate, not valid where the recorder paused.

    Returns
    -------
    rate_hz, virtual (N, 3), real (N, 3), mask (N,) : as they were, with no rate, where the
        samples are not regular between the pauses
    """
    if len(times_s) < 2:
        return None, virtual, real, mask
    period = float(np.median(np.diff(times_s)))
    places = (times_s - times_s[0]) / period
    if np.abs(np.diff(places) - 1.0).max() <= _UNEVEN:
        return (len(times_s) - 1) / float(times_s[-1] - times_s[0]), virtual, real, mask
    rows = np.round(places).astype(np.intp)
    if np.abs(places - rows).max() > _UNEVEN or (np.diff(rows) < 1).any():
        return None, virtual, real, mask
    count = int(rows[-1]) + 1
    spread = np.full((2, count, 3), np.nan)
    spread[0, rows], spread[1, rows] = virtual, real
    valid = np.zeros(count, dtype=bool)
    valid[rows] = mask
    return 1.0 / period, spread[0], spread[1], valid


def label_over(track: LabelTrack, start_s: float, end_s: float) -> str:
    """The label of a stretch: its name if there is only one, else how many; empty for none."""
    names = sorted({segment.label for segment in track.within(start_s, end_s)})
    if len(names) > 1:
        return f"{len(names)} labels"
    return names[0] if names else ""


def cursor_figures(a_s: float | None, b_s: float | None) -> Readout:
    """Where the two cursors are, and the time between them."""
    figures = [
        (name, clock_text(time_s))
        for name, time_s in (("A", a_s), ("B", b_s))
        if time_s is not None
    ]
    if a_s is None or b_s is None:
        other, key = ("B", "Ctrl") if b_s is None else ("A", "Shift")
        return Readout(tuple(figures), f"{key}+click places {other}")
    apart_s = b_s - a_s
    figures.append(("B - A", f"{apart_s:.3f} s"))
    figures.append(("1/(B - A)", f"{1 / apart_s:.3f} Hz" if apart_s else _UNKNOWN))
    return Readout(tuple(figures))


def cursor_value(curve: Pyramid, a_s: float | None, b_s: float | None) -> str:
    """What a curve shows at the cursors: the difference, or the value at the only one."""
    values = [curve.at(time_s) for time_s in (a_s, b_s) if time_s is not None]
    if not values or not np.isfinite(values).all():
        return ""
    return f"{values[0]:.2f}" if len(values) == 1 else f"{values[1] - values[0]:+.2f}"


def _figures(metrics: FidelityMetrics, quantity: Quantity) -> tuple[tuple[str, str], ...]:
    lag = f"{1e3 * metrics.lag_s:+.0f} ms" if np.isfinite(metrics.lag_s) else _UNKNOWN
    return (
        ("RMSE", f"{metrics.rmse_all:.2f} {quantity.unit}"),
        ("NRMSE", _plain(metrics.nrmse_all)),
        ("r", _plain(metrics.r_mean)),
        (f"|{quantity.symbol}| MSE", f"{metrics.magnitude_mse:.3g} ({quantity.unit})²"),
        ("coherence", _plain(metrics.coherence_mean)),
        ("lag", lag),
    )


def _details(metrics: FidelityMetrics, quantity: Quantity) -> str:
    """A table by axis, and what each figure is normalised by."""
    head = ("", *ROWS[:3])
    table = [
        (f"RMSE ({quantity.unit})", *map(_plain, metrics.rmse)),
        ("NRMSE", *map(_plain, metrics.nrmse)),
        ("r", *map(_plain, metrics.r)),
        ("coherence", *map(_plain, metrics.coherence)),
    ]
    low, high = COHERENCE_BAND_HZ
    meanings = (
        ("RMSE", "root mean square of real - virtual, over all three axes"),
        ("NRMSE", _NRMSE),
        ("r", "Pearson correlation, mean of the axes"),
        (f"|{quantity.symbol}| MSE", _MAGNITUDE_MSE),
        ("coherence", _COHERENCE.format(low, high, metrics.coherence_segments)),
        ("lag", f"{_LAG} {MAX_LAG_S:g} s"),
    )
    lines = "".join(f"<p style='margin:2px 0'><b>{escape(a)}</b> {b}</p>" for a, b in meanings)
    return f"{_table(head, table)}<p>{metrics.samples} samples</p>{lines}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = "".join(f"<th align='right'>{each}</th>" for each in head)
    body = "".join(
        "<tr>" + "".join(f"<td align='right'>{escape(cell)}&nbsp;</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table cellspacing='2'><tr>{cells}</tr>{body}</table>"


def _plain(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else _UNKNOWN


def _unbroken(text: str) -> str:
    return escape(text).replace(" ", _HARD).replace("-", "\N{NON-BREAKING HYPHEN}")
