"""The figures of a run at the head of the Results dock: what they are, how sure, what to mind."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from harstudio.gui.panels.results import text as results_text
from harstudio.gui.panels.results.spread_view import SpreadView
from harstudio.gui.theme import Theme
from harstudio.learn.judging.intervals import Spread
from harstudio.learn.judging.report import EvaluationReport
from harstudio.workflows.reports.material import RunMaterial


class MorePage(QWidget):
    """What one asks for now and then: each subject's figure, eqs. 5 and 6, all warnings."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spread = SpreadView(theme)
        self.details = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self._spread)
        layout.addWidget(scroll, 1)

    def show_spread(self, spread: Spread | None, names: Mapping[str, str]) -> None:
        """Show the dots of another run."""
        self._spread.show_spread(spread, names)


class ElidedLabel(QLabel):
    """One line, however long its text is; the tip has all of it."""

    def setText(self, text: str) -> None:  # noqa: N802
        """Show another text."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(1, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        middle = Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(self.text(), elide, self.width())
        painter.drawText(self.rect(), middle, text)


class ResultsHeader(QWidget):
    """Badge, headline, dots, split, warnings; the rest is on the page `more`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.more = MorePage(theme)
        self._report: EvaluationReport | None = None
        self._before: EvaluationReport | None = None
        self._material: RunMaterial | None = None
        self.badge = QLabel(wordWrap=True)
        self.badge.setObjectName("leak_badge")
        self.headline = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.subject = QLabel(wordWrap=True)
        self.subject.setProperty("faint", True)
        self.spread = SpreadView(theme)
        self.warnings = ElidedLabel()
        for label in (self.badge, self.headline, self.subject, self.warnings):
            label.setMinimumWidth(1)
        self._lay_out()
        theme.changed.connect(self._fill)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.badge)
        layout.addWidget(self.headline)
        layout.addWidget(self.spread)
        layout.addWidget(self.subject)
        layout.addWidget(self.warnings)

    def show_report(self, report: EvaluationReport, before: EvaluationReport | None) -> None:
        """Show a report's own figures at once; the material of its run may come later."""
        self._report, self._before, self._material = report, before, None
        self._fill()

    def add_material(self, material: RunMaterial) -> None:
        """Show what took longer too: intervals and segments."""
        self._material = material
        self._fill()

    def _fill(self) -> None:
        report, material, colours = self._report, self._material, self._theme.colours
        if report is None:
            return
        spread = material.spread if material is not None else None
        segments = material.segments if material is not None else None
        missing = material.segments_missing if material is not None else ""
        figures = results_text.headline(report, self._before, spread, segments, colours.faint)
        self.headline.setText(figures)
        self.subject.setText(results_text.subject_line(report, spread))
        names = material.clip_names if material is not None else {}
        # With an interval the dots can wait; without one they are all that is honest.
        self.spread.show_spread(None if spread is None or spread.intervals else spread, names)
        self.more.show_spread(spread, names)
        self.more.details.setText(results_text.details(report, spread, segments, missing, names))
        self.badge.setText(report.badge)
        self.badge.setVisible(bool(report.badge))
        self.badge.setStyleSheet(
            f"#leak_badge {{ background: {colours.harm}; color: {colours.panel}; padding: 4px 8px; "
            "border-radius: 4px; font-weight: bold; }"
        )
        warned = results_text.warning_line(report)
        self.warnings.setText(warned)
        self.warnings.setVisible(bool(warned))
        self.warnings.setStyleSheet(f"color: {colours.warning};")
