"""The strip below a film's picture: acceleration at a sensor, labels, and where the film is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPolygonF

from harstudio.core.arrays import FloatArray
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import Segment
from harstudio.core.timebase import clip_time
from harstudio.gui.placing import spoken
from harstudio.gui.session import Session
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.vectors import alignment_of

_LONGEST_S = 20.0
"""More than this is not shown at once: the strip moves along."""
_FONT, _EDGE, _BAND = 15.0, 24.0, 10.0
_GAP_S = 0.25


@dataclass(frozen=True, eq=False)
class Curve:
    """A signal: times (T,), s of the clip, values (T,), NaN where there is none, and its kind."""

    times_s: FloatArray
    values: FloatArray
    kind: str


class Strip:
    """Curves and label bands over a stretch of time.

    Parameters
    ----------
    title : str
        The scale is written behind it.
    curves : tuple of Curve
        ``virtual`` and ``real`` ones are drawn in their colours.
    bands : tuple of (Segment, ``#RRGGBB``)
    start_s, end_s : float, s
    """

    def __init__(
        self,
        title: str,
        curves: tuple[Curve, ...],
        bands: tuple[tuple[Segment, str], ...],
        start_s: float,
        end_s: float,
    ) -> None:
        self._curves, self._bands = curves, bands
        self._range = start_s, end_s
        self._top = _top(curves, start_s, end_s)
        self._title = f"{title}, 0 to {self._top:.0f} m/s²"
        self._kept: tuple[tuple[object, ...], QImage] | None = None

    def window(self, time_s: float) -> tuple[float, float]:
        """The stretch that is shown at a time, s: all of it, or what is around that time."""
        start_s, end_s = self._range
        width_s = min(end_s - start_s, _LONGEST_S)
        first = min(max(time_s - width_s / 2.0, start_s), end_s - width_s)
        return first, first + width_s

    def cursor_x(self, place: QRectF, time_s: float, unit: float) -> float:
        """Where the cursor is at a time, pixels."""
        inner = _inner(place, unit)
        first, last = self.window(time_s)
        return inner.left() + inner.width() * (time_s - first) / (last - first)

    def paint(
        self, painter: QPainter, place: QRectF, time_s: float, colours: Colours, unit: float
    ) -> None:
        """Draw it into a place; `unit` is the size of what is one pixel in a picture of 720."""
        key = (self.window(time_s), place.size().toTuple(), colours, unit)
        if self._kept is None or self._kept[0] != key:
            self._kept = key, self._drawn(place.size().toSize(), time_s, colours, unit)
        painter.drawImage(place.topLeft(), self._kept[1])
        x = self.cursor_x(place, time_s, unit)
        painter.setPen(QPen(QColor(colours.playhead), 2.0 * unit))
        # Below the words, which it would run through.
        painter.drawLine(QLineF(x, _inner(place, unit).top(), x, place.bottom()))

    def _drawn(self, size: object, time_s: float, colours: Colours, unit: float) -> QImage:
        image = QImage(size, QImage.Format.Format_RGBA8888_Premultiplied)
        image.fill(QColor(colours.plot))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(0, 0, image.width(), image.height())
        inner, (first, last) = _inner(place, unit), self.window(time_s)
        painter.setPen(QPen(QColor(colours.line), max(1.0, unit)))
        painter.drawLine(QLineF(0, 0, place.width(), 0))
        for segment, colour in self._bands:
            left, right = (
                inner.left() + inner.width() * (min(max(at, first), last) - first) / (last - first)
                for at in (segment.start_s, segment.end_s)
            )
            band = QRectF(left, place.bottom() - _BAND * unit, right - left, _BAND * unit)
            painter.fillRect(band, QColor(colour))
        for curve in self._curves:
            colour = colours.real if curve.kind == "real" else colours.virtual
            painter.setPen(QPen(QColor(colour), max(1.2, 1.6 * unit)))
            for line in _lines(curve, first, last, inner, self._top):
                painter.drawPolyline(line)
        self._write(painter, inner, colours, unit)
        painter.end()
        return image

    def _write(self, painter: QPainter, inner: QRectF, colours: Colours, unit: float) -> None:
        font = QFont()
        font.setPixelSize(max(9, round(_FONT * unit)))
        painter.setFont(font)
        x, y = inner.left(), 4.0 * unit
        for text, colour in (
            (self._title, colours.faint),
            *((curve.kind, getattr(colours, curve.kind)) for curve in self._curves),
        ):
            painter.setPen(QColor(colour))
            room = QRectF(x, y, inner.width(), _FONT * 1.6 * unit)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft), text)
            x += painter.fontMetrics().horizontalAdvance(text) + 14.0 * unit


def strip_of(
    session: Session, start_s: float, end_s: float, bands: tuple[tuple[Segment, str], ...]
) -> Strip | None:
    """The acceleration at the chosen sensor of the open clip; None where there is none."""
    loaded, clip, sensor = session.loaded, session.clip, session.sensor
    if loaded is None or clip is None:
        return None
    curves = []
    virtual = session.virtual
    if virtual is not None and sensor in virtual.sensors:
        curves.append(_curve(virtual, sensor, virtual.times_s, "virtual"))
    alignment = alignment_of(loaded, clip, sensor)
    for item in loaded.recordings:
        if alignment is not None and sensor in item.recording.sensors:
            times_s = clip_time(alignment, item.recording.times_s)
            curves.append(_curve(item.recording, sensor, times_s, "real"))
            break
    if not curves:
        return None
    return Strip(f"Acceleration at {spoken(sensor)}", tuple(curves), bands, start_s, end_s)


def _curve(recording: ImuRecording, sensor: str, times_s: FloatArray, kind: str) -> Curve:
    acc = recording.acc_mps2[:, recording.sensor_index(sensor)]
    size = np.where(recording.valid_mask, np.linalg.norm(acc, axis=-1), np.nan)
    return Curve(times_s, size, kind)


def _inner(place: QRectF, unit: float) -> QRectF:
    """Where the curves are: below the words and above the labels."""
    return place.adjusted(_EDGE * unit, _FONT * 1.7 * unit, -_EDGE * unit, -(_BAND + 4.0) * unit)


def _top(curves: tuple[Curve, ...], start_s: float, end_s: float) -> float:
    """The largest value that is shown, m/s2; one for the whole film, so that it does not jump."""
    values = [c.values[(c.times_s >= start_s) & (c.times_s <= end_s)] for c in curves]
    known = np.concatenate([*values, np.zeros(1)])
    known = known[np.isfinite(known)]
    return max(float(known.max()), 1.0)


def _lines(curve: Curve, first: float, last: float, inner: QRectF, top: float) -> list[QPolygonF]:
    """Polylines of what lies in the window, broken where a sample is missing."""
    inside = np.flatnonzero((curve.times_s >= first) & (curve.times_s <= last))
    if len(inside) < 2:
        return []
    times, values = curve.times_s[inside], curve.values[inside]
    known = np.isfinite(values)
    times, values = times[known], values[known]
    x = inner.left() + inner.width() * (times - first) / (last - first)
    y = inner.bottom() - inner.height() * np.clip(values / top, 0.0, 1.0)
    breaks = np.flatnonzero(np.diff(times) > _GAP_S) + 1
    parts = zip(np.split(x, breaks), np.split(y, breaks), strict=True)
    return [QPolygonF([QPointF(a, b) for a, b in zip(*part, strict=True)]) for part in parts]
