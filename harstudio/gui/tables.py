"""How all tables of the window look and take the keyboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

_ROW_HEIGHT = 24


def dress(table: QTableView, *, many: bool = False, least_px: int = 40) -> QTableView:
    """No grid, even rows, headers at the left; whole rows are selected, and Tab leaves the table.

    Parameters
    ----------
    many : bool
        Several rows can be selected.
    least_px : int
        Least width of a column.
    """
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    modes = QAbstractItemView.SelectionMode
    table.setSelectionMode(modes.ExtendedSelection if many else modes.SingleSelection)
    rows, header = table.verticalHeader(), table.horizontalHeader()
    rows.hide()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(_ROW_HEIGHT)
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setMinimumSectionSize(least_px)
    return table


def heading(
    titles: Sequence[str],
    tips: Mapping[str, str],
    section: int,
    orientation: Qt.Orientation,
    role: int,
) -> str | None:
    """A model's `headerData`: a column's title, and its tip where it has one."""
    if orientation == Qt.Orientation.Horizontal:
        if role == Qt.ItemDataRole.DisplayRole:
            return titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tips.get(titles[section])
    return None
