"""Two runs beside each other: what differs in how they were made, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.gui.panels.runs.text import short_title
from harstudio.gui.panels.train.curves import CurvesView, Series
from harstudio.gui.panels.train.form_parts import ElidedLabel
from harstudio.gui.panels.train.progress import over_what, series_of
from harstudio.gui.theme import Theme
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.runs.facts import ClassDifference, RunFacts, class_differences
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.runs.listing import Difference, run_differences

_FINGERPRINTS = {"data_sha256": "windows", "split_sha256": "split"}
_FIGURES = (
    ("macro F1", "macro_f1"),
    ("accuracy", "accuracy"),
    ("balanced accuracy", "balanced_accuracy"),
    ("weighted F1", "weighted_f1"),
    ("macro AUC", "macro_auc"),
)
_GAIN = 0.0005
"""Differences below this are shown as none."""


@dataclass(frozen=True)
class Comparison:
    """Two runs, read.

    Attributes
    ----------
    names : (first, second)
    differences : tuple of Difference
        Of configurations; fingerprints are told in `caution` instead.
    caution : str
        Why the figures are not of the same thing; empty if they are.
    figures : tuple of (name, first, second)
    classes : tuple of ClassDifference
    series : curves of both
    over : str
    """

    names: tuple[str, str]
    differences: tuple[Difference, ...]
    caution: str
    figures: tuple[tuple[str, float | None, float | None], ...]
    classes: tuple[ClassDifference, ...]
    series: tuple[Series, Series]
    over: str


def compared(first: RunFacts, second: RunFacts) -> Comparison:
    """Read two runs for comparing; what cannot be read is missing."""
    runs = RunFolder(first.path), RunFolder(second.path)
    try:
        found = run_differences(*runs)
    except HarstudioError as error:
        found, caution = (), str(error)
    else:
        other = [_FINGERPRINTS[d.name] for d in found if d.name in _FINGERPRINTS]
        caution = f"Not the same {' and '.join(other)}: figures are not of one test." * bool(other)
    a, b = (_report(run) for run in runs)
    curves = [series_of(run) for run in runs]
    one, two = (series[-1] if series else Series() for series in curves)
    one.name, two.name = names = short_title(first), short_title(second)
    return Comparison(
        names,
        tuple(d for d in found if d.name not in _FINGERPRINTS),
        caution,
        tuple((name, _figure(a, key), _figure(b, key)) for name, key in _FIGURES),
        class_differences(a, b) if a is not None and b is not None else (),
        (one, two),
        over_what(runs[0]),
    )


class RunCompare(QWidget):
    """Differences, figures, classes and curves of two runs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = ElidedLabel()
        self.caution = QLabel(wordWrap=True)
        self.caution.setProperty("warning", True)
        self.settings, self.figures, self.classes = (_table() for _ in range(3))
        self.curves = CurvesView(theme)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for widget, title in (
            (self.settings, "Settings"),
            (self.figures, "Figures"),
            (self.classes, "Classes"),
            (self.curves, "Curves"),
        ):
            self.tabs.addTab(widget, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.caution)
        layout.addWidget(self.tabs, 1)

    def show_runs(self, first: RunFacts, second: RunFacts) -> None:
        """Compare the second with the first."""
        found = compared(first, second)
        self.title.say(f"{found.names[0]}  beside  {found.names[1]}")
        self.caution.setText(found.caution)
        self.caution.setVisible(bool(found.caution))
        names = [_short(name) for name in found.names]
        self._fill(
            self.settings,
            ["Differs", *names],
            [(d.name, _words(d.first), _words(d.second)) for d in found.differences]
            or [("nothing", "", "")],
        )
        self._fill(
            self.figures,
            ["Figure", *names, "Second − first"],
            [(name, _number(a), _number(b), _gain(a, b)) for name, a, b in found.figures],
        )
        self._fill(
            self.classes,
            ["F1 of", *names, "Second − first"],
            [
                (each.label, _number(each.first), _number(each.second),
                 _gain(each.first, each.second))
                for each in found.classes
            ],
        )  # fmt: skip
        self.tabs.setTabText(0, f"Settings ({len(found.differences)} differ)")
        self.curves.show_series(found.series, found.over)

    def _fill(self, table: QTableWidget, titles: list[str], rows: Sequence[Sequence[str]]) -> None:
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.setRowCount(len(rows))
        colours = self._theme.colours
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column and len(titles) > 3:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                if column == 3 and text.startswith(("+", "−")):
                    item.setForeground(
                        QColor(colours.good if text.startswith("+") else colours.harm)
                    )
                table.setItem(row, column, item)


def _table() -> QTableWidget:
    table = QTableWidget()
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(22)
    table.setShowGrid(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.horizontalHeader().setDefaultAlignment(
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    )
    return table


def _report(run: RunFolder) -> EvaluationReport | None:
    try:
        return run.report()
    except HarstudioError:
        return None


def _figure(report: EvaluationReport | None, key: str) -> float | None:
    return None if report is None else getattr(report, key)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _gain(first: float | None, second: float | None) -> str:
    """With a sign; a true minus."""
    if first is None or second is None:
        return ""
    gain = second - first
    if abs(gain) < _GAIN:
        return "0.000"
    return f"{'+' if gain > 0 else '−'}{abs(gain):.3f}"


def _words(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
