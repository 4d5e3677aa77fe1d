"""What else could have been done instead of the chosen fine-tuning: four bars and their numbers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from harstudio.gui.theme import Theme, small_font
from harstudio.learn.fit.alternatives import Alternatives

_ROW, _NAME, _FIGURES = 44, 96, 104
_TIPS = {
    "zero_shot": "the trained model, no label used",
    "scratch": "a new model, these labels alone",
    "head": "features stay, dense layers adapt",
    "full": "then all layers, slowly",
}


class FourBars(QWidget):
    """Macro F1 of each way, on the same held-out windows; the kept one stands out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._found: Alternatives | None = None
        theme.changed.connect(self.update)

    def show_alternatives(self, found: Alternatives | None) -> None:
        """Show those of another run."""
        self._found = found
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        count = len(self._found.bars) if self._found is not None else 4
        return QSize(420, count * _ROW + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(320, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._found is None:
            return
        painter = QPainter(self)
        colours = self._theme.colours
        room = max(40.0, self.width() - _NAME - _FIGURES)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for row, bar in enumerate(self._found.bars):
            kept = bar.name == self._found.chosen
            top = row * _ROW + 4
            font = QFont(self.font())
            font.setBold(kept)
            painter.setFont(font)
            painter.setPen(QColor(colours.text))
            painter.drawText(QRectF(0, top, _NAME - 8, 22), left, bar.title)
            whole = QRectF(_NAME, top + 4, room, 14)
            painter.fillRect(whole, QColor(colours.raised))
            filled = QRectF(_NAME, top + 4, room * bar.macro_f1, 14)
            painter.fillRect(filled, QColor(colours.accent if kept else colours.residual))
            figures = QRectF(whole.right() + 10, top, _FIGURES - 10, 22)
            painter.drawText(figures, left, f"{bar.macro_f1:.3f}" + (" · kept" if kept else ""))
            painter.setFont(small_font(self.font()))
            painter.setPen(QColor(colours.faint))
            took = f" · {bar.seconds:.1f} s" if bar.seconds else ""
            painter.drawText(
                QRectF(_NAME, top + 19, self.width() - _NAME, 18), left,
                f"accuracy {bar.accuracy:.3f}{took} · {_TIPS.get(bar.name, '')}",
            )  # fmt: skip


class FinetuningPage(QWidget):
    """The bars, what they were judged on, and why the kept one was kept."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = FourBars(theme)
        self.judged = QLabel(wordWrap=True)
        self.reason = QLabel(wordWrap=True)
        self.reason.setProperty("faint", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.judged)
        layout.addWidget(self.bars)
        layout.addWidget(self.reason)
        layout.addStretch(1)

    def show_alternatives(self, found: Alternatives | None) -> None:
        """Show those of a fine-tuned run; None says that there are none."""
        self.bars.setVisible(found is not None)
        self.bars.show_alternatives(found)
        if found is None:
            self.judged.setText("This run was fine-tuned before other ways were compared.")
            self.reason.setText("Fine-tune again to see all four.")
            return
        windows = int(found.bars[0].confusion.sum()) if found.bars else 0
        self.judged.setText(
            f"Macro F1 on the same held-out part of the recordings: {windows:,} windows, which "
            "none of the four was trained on."
        )
        kept = next((bar.title for bar in found.bars if bar.name == found.chosen), found.chosen)
        self.reason.setText(
            f"Kept: {kept}. {found.reason[:1].upper()}{found.reason[1:]}. Adapted to these people "
            "or this device, others gain little."
        )
