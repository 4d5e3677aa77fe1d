"""All of one segment in a dialog: label, start, end, soft edges, confidence, note."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import Segment
from harstudio.core.project import Clip
from harstudio.gui.annotating import labelling
from harstudio.gui.dialogs import parsed_time

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_SOFTEST_S = 60.0


def exact_clock_text(time_s: float) -> str:
    """``1:02.500000`` without zeros at the end, to the microsecond: read back it is the same."""
    minutes, micros = divmod(round(time_s * 1_000_000), 60_000_000)
    return f"{minutes}:{micros / 1_000_000:09.6f}".rstrip("0").rstrip(".")


class SegmentDialog(QDialog):
    """Asks for everything of a segment; what cannot be is said, and the dialog stays."""

    def __init__(
        self, segment: Segment, clip: Clip, label_set: LabelSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, windowTitle=f"Segment of {clip.name}")
        self._segment, self._clip = segment, clip
        self.result_segment = segment
        self.label = QComboBox(editable=True)
        self.label.addItems(label_set.names)
        self.label.setCurrentText(segment.label)
        self.start = QLineEdit(exact_clock_text(segment.start_s))
        self.end = QLineEdit(exact_clock_text(segment.end_s))
        self.start_soft = _softness(segment.start_soft_s)
        self.end_soft = _softness(segment.end_soft_s)
        self.confidence = QDoubleSpinBox(decimals=2, maximum=1.0, singleStep=0.05)
        self.confidence.setValue(segment.confidence)
        self.note = QLineEdit(segment.note)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("harm", True)
        self.problem.hide()
        form = QFormLayout()
        form.setSpacing(8)
        form.addRow("Label", self.label)
        form.addRow("Start", self.start)
        form.addRow("End", self.end)
        form.addRow("Start sure to", self.start_soft)
        form.addRow("End sure to", self.end_soft)
        form.addRow("Confidence", self.confidence)
        form.addRow("Note", self.note)
        form.addRow("Author", QLabel(segment.author or "unknown"))
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        self.setMinimumWidth(360)
        self.label.setFocus()

    def asked(self) -> Segment:
        """The segment as the fields say.

        Raises
        ------
        HarstudioError
            A time that is none or not within the clip, or whatever makes no segment.
        """
        rate_hz = self._clip.rate_hz
        segment = replace(
            self._segment,
            label=self.label.currentText().strip(),
            start_s=parsed_time(self.start.text(), rate_hz),
            end_s=parsed_time(self.end.text(), rate_hz),
            start_soft_s=_value_of(self.start_soft, self._segment.start_soft_s),
            end_soft_s=_value_of(self.end_soft, self._segment.end_soft_s),
            confidence=_value_of(self.confidence, self._segment.confidence),
            note=self.note.text().strip(),
        )
        if segment.start_s < 0 or segment.end_s > self._clip.duration_s:
            raise HarstudioError(
                f"{segment.start_s:g} s to {segment.end_s:g} s is not within the clip",
                f"it lasts {self._clip.duration_s:g} s",
            )
        return segment

    def accept(self) -> None:
        try:
            self.result_segment = self.asked()
        except HarstudioError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        super().accept()


def _softness(value_s: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox(decimals=2, maximum=_SOFTEST_S, singleStep=0.05, prefix="± ", suffix=" s")
    box.setSpecialValueText("sharp")
    box.setValue(value_s)
    return box


def _value_of(box: QDoubleSpinBox, before: float) -> float:
    """What a field says; the finer value from before if nobody touched it."""
    return before if box.value() == round(before, box.decimals()) else box.value()


def ask_segment(window: MainWindow) -> None:
    """Let the person change all of the selected segment, or of the one at the playhead."""
    session = window.session
    index, clip = labelling.current_segment(session, window.clock), session.clip
    if index is None or clip is None or session.project is None:
        window.tell("Select a segment to see all of it")
        return
    segment = session.track.segments[index]
    dialog = SegmentDialog(segment, clip, session.project.label_set, window)

    def keep() -> None:
        here = session.track.index_of(segment)
        if dialog.result_segment != segment and here is not None and session.clip is not None:
            labelling.change_segment(session, here, dialog.result_segment)

    dialog.accepted.connect(keep)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
