"""Ask what a film, a picture or a mesh of the viewport is to be like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import clock_text
from harstudio.gui.settings import Settings
from harstudio.gui.theme import DARK, LIGHT, Colours
from harstudio.workflows.films import GIF, MP4, RATES_HZ, SIZES, SPEEDS, FilmPlan, about_bytes
from harstudio.workflows.meshes import SUFFIXES

SCALES = (1, 2, 4)
_NO_TIER = ""
_MESHES = {
    ".glb": "glTF, one file; y up, as glTF demands",
    ".obj": "Wavefront; z up",
    ".ply": "Polygon file; z up",
    ".stl": "For printing; z up, no colours",
}


@dataclass(frozen=True)
class Stretch:
    """A part of the clip that can be filmed, s, with its name."""

    name: str
    start_s: float
    end_s: float


class _Ask(QDialog):
    """A form whose answers are remembered until the next time."""

    def __init__(
        self, name: str, title: str, buttons: Sequence[str], settings: Settings | None,
        parent: QWidget | None,
    ) -> None:  # fmt: skip
        super().__init__(parent, windowTitle=title)
        self.setMinimumWidth(460)
        self._name, self._settings = name, settings
        self._parts: dict[str, QComboBox | QCheckBox] = {}
        self.pressed = ""
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.text = QLabel(wordWrap=True)
        row = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons = {
            text: row.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole) for text in buttons
        }
        for text, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, text=text: self._press(text))
        row.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addLayout(self.form)
        layout.addWidget(self.text)
        layout.addWidget(row)

    def box(self, key: str, words: str, items: Sequence[tuple[str, object]]) -> QComboBox:
        """A choice of one of some values."""
        box = QComboBox()
        for text, value in items:
            box.addItem(text, value)
        self.form.addRow(words, box)
        self._parts[key] = box
        return box

    def tick(self, key: str, words: str, on: bool) -> QCheckBox:
        """A yes or no."""
        tick = QCheckBox(words)
        tick.setChecked(on)
        self.form.addRow("", tick)
        self._parts[key] = tick
        return tick

    def refresh(self) -> None:
        """An answer has changed."""

    def recall(self) -> None:
        """All questions are there: answer them as they were last, where that can be done now."""
        words = self._settings.choice(self._name) if self._settings is not None else ""
        try:
            kept = json.loads(words or "{}")
        except ValueError:
            kept = {}
        for key, part in self._parts.items():
            value = kept.get(key) if isinstance(kept, dict) else None
            if isinstance(part, QComboBox) and isinstance(value, str):
                part.setCurrentIndex(max(part.findText(value), 0))
            elif isinstance(part, QCheckBox) and isinstance(value, bool):
                part.setChecked(value)
            changed = part.currentIndexChanged if isinstance(part, QComboBox) else part.toggled
            changed.connect(self.refresh)
        self.refresh()

    def keep(self) -> None:
        """Remember the answers."""
        if self._settings is not None:
            answers = {
                key: part.currentText() if isinstance(part, QComboBox) else part.isChecked()
                for key, part in self._parts.items()
            }
            self._settings.keep_choice(self._name, json.dumps(answers))

    def asked(self) -> str:
        """Show it; the button that was pressed, empty for Cancel."""
        return self.pressed if self.exec() == QDialog.DialogCode.Accepted else ""

    def _press(self, text: str) -> None:
        self.pressed = text
        self.keep()
        self.accept()


def theme_items(colours: Colours) -> list[tuple[str, Colours]]:
    """The choice of colours; those in force first."""
    return [("As in the window", colours), ("Light", LIGHT), ("Dark", DARK)]


class FilmDialog(_Ask):
    """Which stretch, and what the film is like.

    Parameters
    ----------
    stretches : those that can be filmed, the likeliest first
    tiers : names of the clip's other tiers
    sensor : str
        Whose acceleration can be shown; empty for none.
    follows : bool
        Whether the camera follows the body.
    """

    def __init__(
        self,
        stretches: Sequence[Stretch],
        tiers: Sequence[str],
        sensor: str,
        colours: Colours,
        *,
        follows: bool,
        settings: Settings | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("film", "Film", ("Make film …",), settings, parent)
        self._follows = follows
        spans = [(f"{s.name}  ({clock_text(s.end_s - s.start_s)})", s) for s in stretches]
        self.stretch = self.box("stretch", "What", spans)
        self.format = self.box("format", "Format", [("MP4 (H.264)", MP4), ("GIF", GIF)])
        sizes = [(f"{name}  {w} × {h}", (w, h)) for name, (w, h) in SIZES.items()]
        self.size = self.box("size", "Size", sizes)
        self.rate = self.box("rate", "Frames", _rates(MP4))
        speeds = [(f"{speed:g} ×", speed) for speed in SPEEDS]
        self.speed = self.box("speed", "Speed", speeds)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.theme = self.box("theme", "Colours", theme_items(colours))
        self.labels = self.tick("labels", "Label", True)
        self.words = self.tick("words", "Clip name and time", True)
        others = [("None", _NO_TIER), *((name, name) for name in tiers)]
        self.second = self.box("second", "Second tier", others)
        self.form.setRowVisible(self.second, bool(tiers))
        self.strip = self.tick("strip", f"Acceleration at {sensor or 'the sensor'} below", False)
        self.strip.setEnabled(bool(sensor))
        self.format.currentIndexChanged.connect(self._on_format)
        self.recall()
        self.stretch.setCurrentIndex(0)
        self.refresh()

    @property
    def plan(self) -> FilmPlan:
        """What was chosen; HarstudioError where it cannot be filmed."""
        stretch, (width, height) = self.stretch.currentData(), self.size.currentData()
        return FilmPlan(
            stretch.start_s,
            stretch.end_s,
            width,
            height,
            self.rate.currentData(),
            self.speed.currentData(),
            self.format.currentData(),
        )

    def _on_format(self) -> None:
        chosen = self.rate.currentText()
        self.rate.blockSignals(True)
        self.rate.clear()
        for text, value in _rates(self.format.currentData()):
            self.rate.addItem(text, value)
        self.rate.setCurrentIndex(max(self.rate.findText(chosen), 0))
        self.rate.blockSignals(False)

    def refresh(self) -> None:
        try:
            plan = self.plan
        except HarstudioError as error:
            self.text.setText(str(error))
            return
        camera = "The camera follows the body" if self._follows else "The camera stands still"
        self.text.setText(
            f"{plan.frames:,} frames, {plan.duration_s:.1f} s, {size_text(about_bytes(plan))}. "
            f"{camera}, as in the window."
        )


def size_text(count: int) -> str:
    """``about 3 MB``: one digit, for it is a guess."""
    if count < 1_000_000:
        return f"about {max(1, round(count / 100_000)) * 100} kB"
    megabytes = count / 1e6
    return f"about {megabytes:.0f} MB" if megabytes < 10 else f"about {round(megabytes, -1):.0f} MB"


def _rates(suffix: str) -> list[tuple[str, object]]:
    return [(f"{rate:g} a second", rate) for rate in RATES_HZ[suffix]]


class PictureDialog(_Ask):
    """How large a picture, on which ground, with which words.

    Parameters
    ----------
    size_px : width and height of the viewport
    """

    SAVE, COPY = "Save …", "Copy"

    def __init__(
        self,
        size_px: tuple[int, int],
        colours: Colours,
        settings: Settings | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("picture", "Picture", (self.SAVE, self.COPY), settings, parent)
        self._size_px = size_px
        self.scale = self.box("scale", "Size", [(f"{n} ×", n) for n in SCALES])
        self.theme = self.box("theme", "Colours", theme_items(colours))
        grounds = [("Floor and sky", False), ("See-through", True)]
        self.ground = self.box("ground", "Ground", grounds)
        self.labels = self.tick("labels", "Label", True)
        self.words = self.tick("words", "Clip name and time", False)
        self.recall()

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture."""
        scale = self.scale.currentData()
        return self._size_px[0] * scale, self._size_px[1] * scale

    def refresh(self) -> None:
        width, height = self.size_px
        self.text.setText(f"PNG of {width:,} × {height:,} pixels.")


class MeshDialog(_Ask):
    """Which format, and whether with sensors."""

    def __init__(
        self, time_s: float, settings: Settings | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("mesh", "Export mesh", ("Export …",), settings, parent)
        items = [(suffix[1:].upper(), suffix) for suffix in SUFFIXES]
        self.format = self.box("format", "Format", items)
        self._time_s = time_s
        self.sensors = self.tick("sensors", "Sensors, as boxes", False)
        self.recall()

    def refresh(self) -> None:
        suffix = self.format.currentData()
        self.text.setText(f"The body at {clock_text(self._time_s)}, in metres. {_MESHES[suffix]}.")
