"""How much there is to learn from: one bar per label, or per subject."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from harstudio.gui.theme import Theme, small_font

_ROW = 16
_MOST = 8
"""Rows until the rest is left to a click."""


class LabelBars(QWidget):
    """Named amounts as bars; of many, the first few and a row that shows the others."""

    def __init__(self, theme: Theme, empty: str = "No labelled clips yet.") -> None:
        super().__init__()
        self._theme, self._empty = theme, empty
        self._bars: list[tuple[str, float, str]] = []
        self._unit = "s"
        self._all = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def rows(self) -> list[tuple[str, float]]:
        """What is shown: names and amounts."""
        return [(name, amount) for name, amount, _ in self._bars]

    def set_bars(self, bars: Sequence[tuple[str, float, str]], unit: str = "s") -> None:
        """Show (name, amount, colour) rows; an empty colour is a quiet one."""
        self._bars, self._unit = list(bars), unit
        many = len(bars) > _MOST + 1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if many else Qt.FocusPolicy.NoFocus)
        self.setAccessibleDescription("; ".join(f"{n}: {self._said(a)}" for n, a, _ in bars))
        self.updateGeometry()
        self.update()

    def _hidden(self) -> int:
        few = self._all or len(self._bars) <= _MOST + 1
        return 0 if few else len(self._bars) - _MOST

    def _folds(self) -> bool:
        return len(self._bars) > _MOST + 1

    def sizeHint(self) -> QSize:  # noqa: N802
        shown = len(self._bars) - self._hidden() + self._folds()
        return QSize(200, _ROW * max(1, shown) + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._folds() and event.button() == Qt.MouseButton.LeftButton:
            self._toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if self._folds() and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self._toggle()
        else:
            super().keyPressEvent(event)

    def _toggle(self) -> None:
        self._all = not self._all
        self.updateGeometry()
        self.update()

    def _said(self, amount: float) -> str:
        return f"{amount:,.0f} {self._unit}".rstrip()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setFont(small_font(self.font()))
        colours, middle = self._theme.colours, Qt.AlignmentFlag.AlignVCenter
        metrics = painter.fontMetrics()
        if not self._bars:
            painter.setPen(QColor(colours.faint))
            painter.drawText(self.rect(), middle, self._empty)
            return
        shown = self._bars[: len(self._bars) - self._hidden()]
        most = max(amount for _, amount, _ in self._bars)
        names = min(
            self.width() * 2 // 5,
            max(metrics.horizontalAdvance(name) for name, *_ in self._bars) + 8,
        )
        figures = metrics.horizontalAdvance(self._said(most)) + 8
        room = max(8, self.width() - names - figures)
        for i, (name, amount, colour) in enumerate(shown):
            top = i * _ROW + 1
            painter.setPen(QColor(colours.text))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 8)
            painter.drawText(QRectF(0, top, names - 8, _ROW), middle, text)
            width = room * amount / most if most else 0.0
            paint = QColor(colour or colours.residual)
            painter.fillRect(QRectF(names, top + 4, max(1.0, width), _ROW - 8), paint)
            painter.setPen(QColor(colours.harm if amount == 0 else colours.faint))
            painter.drawText(
                QRectF(names + width + 4, top, figures, _ROW), middle, self._said(amount)
            )
        if self._folds():
            rest = sum(amount for _, amount, _ in self._bars[len(shown) :])
            words = "show fewer" if self._all else f"… and {self._hidden()} more"
            words += "" if self._all else f" ({self._said(rest)})"
            painter.setPen(QColor(colours.accent))
            painter.drawText(QRectF(0, len(shown) * _ROW + 1, self.width(), _ROW), middle, words)
            if self.hasFocus():
                painter.drawRect(self.rect().adjusted(0, len(shown) * _ROW, -1, -1))
