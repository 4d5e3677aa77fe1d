"""What is written on the frames of a film: the label, clip and time, and a strip of signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from harstudio.core.labels import LabelTrack
from harstudio.core.timebase import clock_text
from harstudio.gui.theme import Colours, text_on
from harstudio.gui.viewport.strip import Strip

_USUAL_PX = 720.0
"""Sizes below are those in a picture whose shorter side is this long."""
_MARGIN, _PAD, _GAP = 24.0, 14.0, 8.0
_LABEL, _SMALL = 28.0, 19.0
STRIP_SHARE = 0.2
"""Of a frame's height."""


@dataclass(frozen=True, eq=False)
class Tier:
    """A tier's labels, as they were when the film was asked for.

    Attributes
    ----------
    name : str
        Written before its labels; empty for none.
    track : LabelTrack
    colour_of : (label) -> ``#RRGGBB``
    duration_s : float, s
        At the clip's end the label of its last moment is shown.
    """

    name: str
    track: LabelTrack
    colour_of: Callable[[str], str]
    duration_s: float

    def at(self, time_s: float) -> tuple[str, str]:
        """Label and colour at a time; empty without one."""
        segment = self.track.at(min(time_s, self.duration_s - 1e-3))
        return ("", "") if segment is None else (segment.label, self.colour_of(segment.label))


@dataclass(frozen=True, eq=False)
class Captions:
    """What is written.

    Attributes
    ----------
    tiers : the active tier first; those whose labels are written
    title : str
        The clip's name, or empty.
    clock : bool
        Whether the clip's time is written.
    strip : Strip or None
    """

    tiers: tuple[Tier, ...] = ()
    title: str = ""
    clock: bool = True
    strip: Strip | None = None


def strip_height(captions: Captions, height_px: int) -> int:
    """How much of a frame's height the strip takes, pixels."""
    return round(height_px * STRIP_SHARE) if captions.strip is not None else 0


class Writer:
    """Puts captions on frames of one size.

    Parameters
    ----------
    width_px, height_px : int
        Of the whole frame; the picture lies above the strip.
    """

    def __init__(self, captions: Captions, width_px: int, height_px: int, colours: Colours) -> None:
        self._captions, self._colours = captions, colours
        self._size = width_px, height_px
        self._strip_px = strip_height(captions, height_px)
        self._unit = min(width_px, height_px) / _USUAL_PX
        self._large = _font(_LABEL * self._unit, bold=True)
        self._small = _font(_SMALL * self._unit)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture above the strip, pixels."""
        return self._size[0], self._size[1] - self._strip_px

    def frame(self, picture: QImage, time_s: float) -> QImage:
        """A whole frame."""
        width, height = self._size
        frame = QImage(width, height, QImage.Format.Format_RGBA8888_Premultiplied)
        frame.fill(Qt.GlobalColor.transparent)
        painter = QPainter(frame)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing
        )
        painter.drawImage(0, 0, picture)
        self._write_labels(painter, time_s)
        self._write_below(painter, time_s)
        if self._captions.strip is not None:
            place = QRectF(0, height - self._strip_px, width, self._strip_px)
            self._captions.strip.paint(painter, place, time_s, self._colours, self._unit)
        painter.end()
        return frame

    def label_place(self, label: str) -> QRectF:
        """Where the chip of a label of the first tier lies, pixels."""
        return self._chip_place(label, self._large, _MARGIN * self._unit)

    def _write_labels(self, painter: QPainter, time_s: float) -> None:
        top = _MARGIN * self._unit
        for number, tier in enumerate(self._captions.tiers):
            label, colour = tier.at(time_s)
            font = self._large if number == 0 else self._small
            text = f"{tier.name}: {label}" if tier.name else label
            place = self._chip_place(text, font, top)
            if label:
                _chip(painter, place, text, font, colour, 6.0 * self._unit)
            # The second tier keeps its place while the first one has no label.
            top = place.bottom() + _GAP * self._unit

    def _chip_place(self, text: str, font: QFont, top: float) -> QRectF:
        unit, words = self._unit, QFontMetricsF(font)
        most = self._size[0] - 2 * _MARGIN * unit
        width = min(words.horizontalAdvance(text) + 2 * _PAD * unit, most)
        return QRectF(_MARGIN * unit, top, width, words.height() + 0.7 * _PAD * unit)

    def _write_below(self, painter: QPainter, time_s: float) -> None:
        words = [self._captions.title] if self._captions.title else []
        if self._captions.clock:
            words.append(clock_text(time_s))
        if not words:
            return
        painter.setFont(self._small)
        painter.setPen(QColor(self._colours.text))
        margin, metrics = _MARGIN * self._unit, QFontMetricsF(self._small)
        bottom = self.picture_size[1] - margin
        place = QRectF(
            margin, bottom - metrics.height(), self._size[0] - 2 * margin, metrics.height()
        )
        text = metrics.elidedText("  ".join(words), Qt.TextElideMode.ElideLeft, place.width())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft), text)


def _font(size_px: float, *, bold: bool = False) -> QFont:
    font = QFont()
    font.setPixelSize(max(9, round(size_px)))
    font.setBold(bold)
    return font


def _chip(
    painter: QPainter, place: QRectF, text: str, font: QFont, colour: str, radius: float
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(place, radius, radius)
    painter.setFont(font)
    painter.setPen(QColor(text_on(colour)))
    room = place.adjusted(radius, 0, -radius, 0)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width() + 1)
    painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), shown)


def frame_bytes(image: QImage) -> bytes:
    """Red, green, blue and alpha of each pixel, row by row, as an encoder takes them."""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return bytes(plain.constBits())  # of a picture with a name: its memory must outlive the copy
