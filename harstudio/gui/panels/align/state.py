"""What is known of an alignment, and what speaks against it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.timebase import Alignment
from harstudio.gui.panels.align.parts import push_button, title
from harstudio.gui.panels.align.text import mounting_html, signed, state_text
from harstudio.gui.theme import Colours
from harstudio.imu.align import AlignmentFit
from harstudio.workflows.aligning import Aligned

_MOST_RIVALS = 3


class AlignmentState(QWidget):
    """Whether a recording is aligned, and what speaks against it, with other lags to try."""

    rival_chosen = Signal(float)  # lag, s

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = title("")
        self.doubt = QLabel(wordWrap=True)
        self.note = QLabel(wordWrap=True)
        self.note.setProperty("faint", True)
        self.rivals: list[QWidget] = []
        self._try = QHBoxLayout()
        self._try.setSpacing(4)
        self._try.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.state)
        column.addWidget(self.doubt)
        column.addLayout(self._try)
        column.addWidget(self.note)

    def show_alignment(
        self,
        alignment: Alignment,
        correlation: float | None,
        fit: AlignmentFit | None,
        colours: Colours,
        editable: bool,
    ) -> None:
        """Show an alignment; the fit it came from, if it was made just now, knows its rivals."""
        self.state.setText(state_text(alignment, correlation))
        doubt = f"Ambiguous: {alignment.doubt}." if alignment.doubt else ""
        self.doubt.setText(doubt)
        self.doubt.setStyleSheet(f"color: {colours.warning}")
        self.doubt.setVisible(bool(doubt))
        note = fit.note if fit is not None else ""
        self.note.setText(f"{note[:1].upper()}{note[1:]}." if note else "")
        self.note.setVisible(bool(note))
        self._show_rivals(fit, editable)

    def _show_rivals(self, fit: AlignmentFit | None, editable: bool) -> None:
        for widget in self.rivals:
            self._try.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.rivals = []
        if fit is None or not fit.rival_lags_s:
            return
        self.rivals.append(QLabel("Try"))
        for lag in fit.rival_lags_s[:_MOST_RIVALS]:
            button = push_button(f"{signed(lag - fit.lag_s, 2)} s", "Fit at this lag instead")
            button.clicked.connect(lambda _checked=False, lag=lag: self.rival_chosen.emit(lag))
            button.setEnabled(editable)
            self.rivals.append(button)
        for place, widget in enumerate(self.rivals):  # before the stretch
            self._try.insertWidget(place, widget)


class Mountings(QWidget):
    """How each sensor sat, against the virtual one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.table.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(title("Mounting, turned by"))
        column.addWidget(self.table)

    def show_alignment(self, alignment: Alignment, colours: Colours) -> None:
        """Show the rotations; nothing where none is known."""
        text = mounting_html(alignment, colours.faint)
        self.table.setText(text)
        self.setVisible(bool(text))


class LeftAlone(QWidget):
    """Clips that a fit of all left as they were, and why; double-click opens one."""

    clip_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel(wordWrap=True)
        self.text.setProperty("faint", True)
        self.list = QListWidget()
        self.list.setToolTip("Double-click to open a clip")
        self.list.setFixedHeight(96)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemDoubleClicked.connect(self._on_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.text)
        column.addWidget(self.list)
        self.hide()

    def show_found(self, found: Aligned) -> None:
        """Show who was left alone; nothing if nobody was."""
        self.list.clear()
        reasons = [*found.doubtful, *(("", name, why) for name, why in found.failures)]
        for clip_id, name, why in reasons:
            item = QListWidgetItem(f"{name}: {why}")
            item.setToolTip(why)
            item.setData(Qt.ItemDataRole.UserRole, clip_id)
            self.list.addItem(item)
        self.text.setText(f"{len(found.clips)} clips aligned, {len(reasons)} left as they were:")
        self.setVisible(bool(reasons))

    def _on_chosen(self, item: QListWidgetItem) -> None:
        clip_id = item.data(Qt.ItemDataRole.UserRole)
        if clip_id:
            self.clip_chosen.emit(clip_id)
