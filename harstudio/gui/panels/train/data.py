"""What to learn from: signals, sensors, windows, labels; and how much of each there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.project import Project
from harstudio.gui.panels.train.bars import LabelBars
from harstudio.gui.panels.train.form_parts import add_row, choose, combo, form, helped, number, row
from harstudio.gui.panels.train.label_map_editor import LabelMapEditor, map_words
from harstudio.gui.theme import Theme
from harstudio.learn.config import BOTH, REAL, VIRTUAL, TrainingConfig
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.splitting.leaks import counted
from harstudio.workflows.training_preview import (
    SensorChoice,
    TrainingPreview,
    chosen_clips,
    labels_in_use,
    sensor_choices,
)

SIGNALS = (
    ("virtual: computed from motions", VIRTUAL),
    ("real: recordings", REAL),
    ("both in one set", BOTH),
)
CHANNELS = (
    ("acceleration", "acc"),
    ("acceleration + angular velocity", "acc_gyro"),
    ("acceleration + rotation (Xiao 2020)", "acc_rotation"),
    ("acceleration + angular velocity + rotation", "acc_gyro_rotation"),
    ("magnitude of acceleration", "magnitude"),
    ("acceleration + its magnitude", "acc_magnitude"),
    ("both magnitudes", "magnitudes"),
)
SECONDS, WINDOWS = "seconds", "windows"
_COLUMNS = 3


class DataSection(QWidget):
    """Signals, channels, sensors, windows and the label map."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._project: Project | None = None
        self._map: LabelMap | None = None
        self._wanted: tuple[str, ...] = ()
        self.sensors: dict[str, QCheckBox] = {}
        self.signals = combo(
            SIGNALS,
            "Virtual signals are computed from the motions. Real ones are the recordings of the "
            "clips, under their alignment. Both: windows of either kind in one set.",
        )
        self.channels = combo(
            CHANNELS, "What each sensor contributes to a window. Rotation is the sensor's in the "
            "world, nine entries of its matrix: 12 channels a sensor, as Xiao et al. 2020.",
        )  # fmt: skip
        self.window_s = number(
            0.05, 20.0, 1.0, " s", 0.25, 2, "Length of a window: 60 samples at 60 Hz is common."
        )
        self.overlap = number(
            0, 95, 50, " %", 10, 0, "Share of a window that the next one repeats."
        )
        self.share = number(
            10, 100, 60, " %", 10, 0, "Least part of a window that must carry its label."
        )
        self.rate_hz = number(
            5, 500, 60, " Hz", 10, 1, "All signals are brought to this rate before they are cut."
        )
        self.recorded = helped(
            QCheckBox("train on people with a recording, too"),
            "Otherwise they are kept out of training on virtual signals: a network that has seen "
            "their motion is no honest 'before' for fine-tuning on their recording.",
        )
        self._lay_out()
        for box in (self.signals, self.channels):
            box.currentIndexChanged.connect(lambda _i: self._on_choice())
        for field in (self.window_s, self.overlap, self.share, self.rate_hz):
            field.valueChanged.connect(lambda _v: self.changed.emit())
        self.recorded.toggled.connect(lambda _on: self._on_choice())

    def _lay_out(self) -> None:
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        holder = helped(
            QWidget(), "Windows are cut from these, in this order. For real signals, recordings "
            "that lack one of them take no part.",
        )  # fmt: skip
        holder.setLayout(self._grid)
        self.map_button = helped(
            QPushButton("Map labels …"),
            "Learn other classes than were painted: merge labels, rename them, or leave them out.",
        )
        self.map_button.clicked.connect(self._on_map)
        self._map_text = QLabel(wordWrap=True)
        self._form = layout = form(self)
        add_row(layout, "Signals", self.signals)
        layout.addRow("", self.recorded)
        add_row(layout, "Channels", self.channels)
        add_row(layout, "Sensors", holder)
        add_row(layout, "Window", row(self.window_s, "overlap", self.overlap))
        add_row(layout, "", row(self.rate_hz, "label at least", self.share))
        labels = QHBoxLayout()
        labels.setSpacing(8)
        labels.addWidget(self._map_text, 1)
        labels.addWidget(self.map_button)
        line = QWidget()
        line.setLayout(labels)
        labels.setContentsMargins(0, 0, 0, 0)
        add_row(layout, "Labels", line)

    # -- state ---------------------------------------------------------------------------

    def set_project(self, project: Project) -> None:
        """The project whose clips and sensors there are to choose of."""
        self._project = project
        recordings = any(clip.recordings for clip in project.clips.values())
        model = self.signals.model()
        if isinstance(model, QStandardItemModel):
            for i in range(1, self.signals.count()):
                model.item(i).setEnabled(recordings)
        if not recordings:
            self.signals.setCurrentIndex(0)
        self._offer_recorded()
        self._fill_sensors()

    def show_config(self, config: TrainingConfig) -> None:
        """Take over what a configuration says."""
        self._map = config.label_map
        choose(self.signals, config.signals)
        choose(self.channels, config.channels)
        self.window_s.setValue(config.window_s)
        self.overlap.setValue(config.overlap * 100)
        self.share.setValue(config.min_share * 100)
        self.rate_hz.setValue(config.rate_hz)
        self._wanted = config.sensors
        self._fill_sensors()
        self._say_map()

    def values(self) -> Mapping[str, Any]:
        """The fields of a `TrainingConfig` that this section decides on."""
        return {
            "signals": self.signals.currentData(),
            "channels": self.channels.currentData(),
            "sensors": self.chosen_sensors,
            "window_s": self.window_s.value(),
            "overlap": self.overlap.value() / 100,
            "min_share": self.share.value() / 100,
            "rate_hz": self.rate_hz.value(),
            "label_map": self._map,
        }

    @property
    def chosen_sensors(self) -> tuple[str, ...]:
        return tuple(name for name, box in self.sensors.items() if box.isChecked())

    @property
    def label_map(self) -> LabelMap | None:
        return self._map

    def set_label_map(self, label_map: LabelMap | None) -> None:
        """Learn the classes of another map; None: those that were painted."""
        self._map = label_map
        self._say_map()
        self.changed.emit()

    def summary(self) -> str:
        """The section in a line."""
        names = self.chosen_sensors
        sensors = ", ".join(names) if len(names) <= 2 else f"{len(names)} sensors"
        return (
            f"{self.signals.currentData()} · {self.channels.currentText()} · {sensors} · "
            f"{self.window_s.value():g} s windows"
        )

    def _say_map(self) -> None:
        self._map_text.setText(map_words(self._map))

    def _on_choice(self) -> None:
        self._fill_sensors()
        self._offer_recorded()
        self.changed.emit()

    def _offer_recorded(self) -> None:
        """Only where it makes a difference."""
        project = self._project
        some = project is not None and any(clip.recordings for clip in project.clips.values())
        self._form.setRowVisible(self.recorded, some and self.signals.currentData() == VIRTUAL)

    def _clip_ids(self) -> tuple[str, ...]:
        assert self._project is not None
        config = TrainingConfig(signals=self.signals.currentData())
        return chosen_clips(self._project, config, include_recorded=self.recorded.isChecked())

    def _fill_sensors(self) -> None:
        if self._project is None:
            return
        signals = self.signals.currentData()
        choices = sensor_choices(self._project, signals, self._clip_ids())
        wanted = set(self._wanted) & {choice.name for choice in choices}
        if not wanted:
            wanted = _by_default(choices)
        if [c.name for c in choices] != list(self.sensors):
            self._make_boxes(choices)
        for choice in choices:
            box = self.sensors[choice.name]
            box.blockSignals(True)
            box.setChecked(choice.name in wanted)
            box.blockSignals(False)
            some = choice.recordings and not choice.everywhere
            box.setText(choice.name + (f" ({choice.worn} of {choice.recordings})" if some else ""))

    def _make_boxes(self, choices: tuple[SensorChoice, ...]) -> None:
        for old in self.sensors.values():
            self._grid.removeWidget(old)
            old.deleteLater()
        self.sensors = {}
        for i, choice in enumerate(choices):
            box = QCheckBox(choice.name)
            box.toggled.connect(self._on_sensor)
            self._grid.addWidget(box, i // _COLUMNS, i % _COLUMNS)
            self.sensors[choice.name] = box

    def _on_sensor(self, _on: bool) -> None:
        self._wanted = self.chosen_sensors
        self.changed.emit()

    def _on_map(self) -> None:
        if self._project is None:
            return
        used = labels_in_use(self._project, self.signals.currentData(), self._clip_ids())
        editor = LabelMapEditor(used, self._map, self._project.label_set, self._theme, self)
        if editor.exec() == LabelMapEditor.DialogCode.Accepted:
            self.set_label_map(editor.label_map())


class AmountBars(QWidget):
    """Labels and subjects beside each other, in seconds or in windows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._preview: TrainingPreview | None = None
        self._colours: Mapping[str, str] = {}
        self.labels, self.subjects = LabelBars(theme), LabelBars(theme, "")
        self.unit = combo(
            ((SECONDS, SECONDS), (WINDOWS, WINDOWS)),
            "Count labelled seconds, or the windows that they give (by a few).",
        )
        self.unit.currentIndexChanged.connect(lambda _i: self._draw())
        self.text = QLabel(wordWrap=True)
        self.text.setProperty("faint", True)
        top = QHBoxLayout()
        top.addWidget(self.text, 1)
        top.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignTop)
        bars = QHBoxLayout()
        bars.setSpacing(16)
        bars.addWidget(self.labels, 1, Qt.AlignmentFlag.AlignTop)
        bars.addWidget(self.subjects, 1, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(bars)

    def show_preview(self, preview: TrainingPreview, project: Project) -> None:
        """The amounts of a plan."""
        self._preview = preview
        self._colours = {name: project.label_set.colour(name) for name in preview.labels.seconds}
        self.text.setText(_amounts(preview))
        self._draw()

    def clear(self, text: str) -> None:
        """No amounts, and why."""
        self._preview = None
        self.text.setText(text)
        self.labels.set_bars([])
        self.subjects.set_bars([])

    def _draw(self) -> None:
        if self._preview is None:
            return
        windows = self.unit.currentData() == WINDOWS
        for bars, counts in (
            (self.labels, self._preview.labels),
            (self.subjects, self._preview.subjects),
        ):
            names = list(counts.seconds)
            amounts = counts.windows if windows else counts.seconds
            bars.set_bars(
                [(n or "no subject", amounts.get(n, 0), self._colours.get(n, "")) for n in names],
                "" if windows else "s",
            )


def _by_default(choices: tuple[SensorChoice, ...]) -> set[str]:
    """Sensors that every recording has; where there are none, the one worn most."""
    found = {choice.name for choice in choices if choice.everywhere}
    if not found and choices:
        found = {max(choices, key=lambda choice: choice.worn).name}
    return found


def _amounts(preview: TrainingPreview) -> str:
    seconds = sum(preview.labels.seconds.values())
    text = f"{counted(preview.clips, 'labelled clip')}, {seconds:,.0f} s"
    if preview.plan is not None:
        text += f", about {len(preview.plan.windows):,} windows"
    if preview.kept_out:
        text += f"; {counted(preview.kept_out, 'clip')} kept out"
    return text + "."
