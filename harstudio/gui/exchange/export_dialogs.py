"""Ask what to export and how: labels in a format, motions cut to segments, training windows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.project import MINE, Project
from harstudio.io.label_formats.base import DETAILS, LabelFormat
from harstudio.io.label_formats.registry import FORMATS, format_by_id
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.channels import CHANNELS
from harstudio.workflows.exchange.cutting import MotionExport
from harstudio.workflows.exchange.exporting import ALL_TIERS, LabelExport

_ALL = "all"

Clips = Sequence[tuple[str, tuple[str, ...] | None]]
"""What to call a choice of clips -> their ids; None for all."""


class _Ask(QDialog):
    """A form with an Export button."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent, windowTitle=title)
        self.setMinimumWidth(440)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.text = QLabel(wordWrap=True)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.button(standard.Ok).setText("Export …")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addLayout(self.form)
        layout.addWidget(self.text)
        layout.addWidget(buttons)

    def asked(self) -> bool:
        """Show it; whether the person wants the export."""
        return self.exec() == QDialog.DialogCode.Accepted


class ExportLabelsDialog(_Ask):
    """Which labels, of which clips, in which format."""

    def __init__(self, project: Project, clips: Clips, parent: QWidget | None = None) -> None:
        super().__init__("Export labels", parent)
        self.format = QComboBox()
        for each in FORMATS:
            self.format.addItem(f"{each.title}  ({each.suffixes[0]})", each.id)
        self.variant = QComboBox()
        self.tiers = _tier_box(project, everything=True)
        self.clips = _clip_box(clips)
        self.excluded = QCheckBox("Excluded clips as well")
        self.form.addRow("Format", self.format)
        self.form.addRow("Form", self.variant)
        self.form.addRow("Labels", self.tiers)
        self.form.addRow("Clips", self.clips)
        self.form.addRow("", self.excluded)
        self.format.currentIndexChanged.connect(self._on_format)
        self._on_format()

    @property
    def chosen_format(self) -> LabelFormat:
        return format_by_id(self.format.currentData())

    @property
    def choice(self) -> LabelExport:
        """What was chosen."""
        return LabelExport(
            self.chosen_format.id,
            (self.tiers.currentData(),),
            self.clips.currentData(),
            self.excluded.isChecked(),
            self.variant.currentText(),
        )

    def _on_format(self) -> None:
        kind = self.chosen_format
        self.variant.clear()
        self.variant.addItems(list(kind.write_variants))
        self.form.setRowVisible(self.variant, bool(kind.write_variants))
        self.text.setText(f"{_holds(kind)} {_keeps(kind)}")


def _holds(kind: LabelFormat) -> str:
    if kind.many_clips:
        return "One file for all clips."
    return "One file for each clip." if kind.many_tiers else "One file for each clip and tier."


def _keeps(kind: LabelFormat) -> str:
    lost = [name for name in DETAILS if name not in kind.keeps]
    if not lost:
        return "Keeps everything."
    return f"Keeps labels and times; no {', '.join(lost)}."


class ExportMotionsDialog(_Ask):
    """Which motions, and whether cut to their segments."""

    def __init__(self, project: Project, clips: Clips, parent: QWidget | None = None) -> None:
        super().__init__("Export motions", parent)
        self.whole = QComboBox()
        self.whole.addItem("Cut to their segments, a file each", False)
        self.whole.addItem("Whole, with their labels beside them", True)
        self.tiers = _tier_box(project, everything=False)
        self.clips = _clip_box(clips)
        self.form.addRow("Motions", self.whole)
        self.form.addRow("Labels", self.tiers)
        self.form.addRow("Clips", self.clips)
        self.text.setText(
            "AMASS files (.npz) with an index of labels and sources. Excluded clips and what is "
            "labelled “unknown” are left out; every array is as in the source, frame by frame."
        )

    @property
    def choice(self) -> MotionExport:
        """What was chosen."""
        data = self.whole.currentData(), self.tiers.currentData(), self.clips.currentData()
        return MotionExport(*data)


class ExportWindowsDialog(_Ask):
    """How to cut the windows."""

    def __init__(self, project: Project, clips: Clips, parent: QWidget | None = None) -> None:
        super().__init__("Export training windows", parent)
        usual = TrainingConfig()
        self.signals = QComboBox()
        for text, data in (
            ("Virtual", "virtual"), ("Real recordings", "real"), ("Virtual and real", "both"),
        ):  # fmt: skip
            self.signals.addItem(text, data)
        self.sensors = QComboBox(editable=True)
        self.sensors.addItems([_ALL, *project.layout.names])
        self.sensors.setToolTip("One, or several with commas between them")
        self.channels = QComboBox()
        for name in CHANNELS:
            self.channels.addItem(name.replace("_", " + "), name)
        self.channels.setCurrentIndex(self.channels.findData(usual.channels))
        self.rate = _number(project.rate_hz, 1.0, 1000.0, " Hz")
        self.window = _number(usual.window_s, 0.1, 60.0, " s")
        self.overlap = _number(100 * usual.overlap, 0.0, 95.0, " %")
        self.clips = _clip_box(clips)
        for text, widget in (
            ("Signals", self.signals),
            ("Sensors", self.sensors),
            ("Channels", self.channels),
            ("Rate", self.rate),
            ("Window", self.window),
            ("Overlap", self.overlap),
            ("Clips", self.clips),
        ):
            self.form.addRow(text, widget)
        self.text.setText(
            "One .npz with windows, labels, subjects and clips, and an index (CSV) beside it. "
            "It loads with numpy's allow_pickle=False."
        )

    @property
    def config(self) -> TrainingConfig:
        """How to cut, as chosen."""
        sensors = self.sensors.currentText().strip()
        return TrainingConfig(
            sensors=() if sensors == _ALL else tuple(n.strip() for n in sensors.split(",")),
            channels=self.channels.currentData(),
            rate_hz=self.rate.value(),
            window_s=self.window.value(),
            overlap=self.overlap.value() / 100,
        )


def _tier_box(project: Project, *, everything: bool) -> QComboBox:
    box = QComboBox()
    box.addItem("My labels", MINE)
    if everything:
        box.addItem("All tiers", ALL_TIERS)
    for tier in dict.fromkeys(t for clip in project.clips.values() for t in clip.tiers):
        if tier != MINE:
            box.addItem(tier, tier)
    return box


def _clip_box(clips: Clips) -> QComboBox:
    box = QComboBox()
    for text, ids in clips:
        box.addItem(text, ids)
    return box


def _number(value: float, least: float, most: float, suffix: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=least, maximum=most, decimals=2, suffix=suffix)
    box.setValue(value)
    return box
