"""How cells of the clip table look: a status dot, and labels as small coloured squares."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from harstudio.core.project import EXCLUDED, KEPT, Clip
from harstudio.gui.library.model import CLIP_ROLE
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

ROW_HEIGHT = 26
_SQUARE = 9


class _Cell(QStyledItemDelegate):
    """A cell with its usual background, and what `_draw` puts on it."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        clip = index.data(CLIP_ROLE)
        if isinstance(clip, Clip):
            painter.save()
            self._draw(painter, option, clip)
            painter.restore()

    def _draw(self, painter: QPainter, option: QStyleOptionViewItem, clip: Clip) -> None:
        raise NotImplementedError

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)


class StatusDelegate(_Cell):
    """Unreviewed a ring, kept a disc, excluded a cross, broken a red exclamation mark."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def _draw(self, painter: QPainter, option: QStyleOptionViewItem, clip: Clip) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        at, selected = QRectF(option.rect).center(), _selected(option)
        colours = self._theme.colours
        if clip.problem:
            painter.setPen(QPen(QColor(colours.on_accent if selected else colours.harm), 2))
            painter.drawLine(at + QPointF(0, -5), at + QPointF(0, 1))
            painter.drawPoint(at + QPointF(0, 5))
            return
        own = colours.good if clip.status == KEPT else colours.faint
        colour = QColor(colours.on_accent if selected else own)
        painter.setPen(QPen(colour, 1.5))
        if clip.status == EXCLUDED:
            painter.drawLine(at + QPointF(-4, -4), at + QPointF(4, 4))
            painter.drawLine(at + QPointF(-4, 4), at + QPointF(4, -4))
            return
        if clip.status == KEPT:
            painter.setBrush(colour)
        painter.drawEllipse(at, 4, 4)


class LabelsDelegate(_Cell):
    """Each label's colour as a square, then the names."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme

    def _draw(self, painter: QPainter, option: QStyleOptionViewItem, clip: Clip) -> None:
        project, colours = self._session.project, self._theme.colours
        if project is None:
            return
        selected = _selected(option)
        painter.setClipRect(option.rect)
        x = option.rect.left() + 6
        middle = option.rect.center().y()
        for label in clip.labels.labels:
            square = QRectF(x, middle - _SQUARE / 2 + 0.5, _SQUARE, _SQUARE)
            painter.fillRect(square, QColor(project.label_set.colour(label)))
            x += _SQUARE + 3
        room = option.rect.adjusted(x - option.rect.left() + 3, 0, -4, 0)
        names = ", ".join(clip.labels.labels) or "–"
        text = option.fontMetrics.elidedText(names, Qt.TextElideMode.ElideRight, room.width())
        ink = (
            colours.on_accent if selected else colours.text if clip.labels.labels else colours.faint
        )
        painter.setPen(QColor(ink))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _selected(option: QStyleOptionViewItem) -> bool:
    return bool(option.state & QStyle.StateFlag.State_Selected)
