"""The Map page: a run's windows in the plane of its features, coloured by what one asks about."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.arrays import IntArray
from harstudio.core.timebase import clock_text
from harstudio.gui.panels.results.scatter_groups import WAYS, Group, groups, judged
from harstudio.gui.panels.results.scatter_plot import ScatterPlot
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.judging.embedding import PCA, UMAP, Embedding
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.results import WindowResult
from harstudio.learn.runs.folder import MODEL
from harstudio.workflows.evaluating import ALL_WINDOWS, TEST_WINDOWS
from harstudio.workflows.window_map import (
    MapChoice,
    WindowMap,
    fingerprint,
    kept_map,
    map_windows,
)
from harstudio.workflows.windowing import REAL, VIRTUAL

_NO_MODEL = (
    "A cross-validation has a model for each fold and none of its own: a map shows the features of "
    "one model. Train one run on a plain split to see it."
)
_WHAT_FOR = (
    "Each window becomes a point; what lies close together is alike to the model. Draw the map to "
    "see which labels it keeps apart."
)
_NO_UMAP = "UMAP is not installed: pip install umap-learn"


class ScatterPage(QWidget):
    """One map of one run at a time; drawn in a child process and kept beside the run."""

    windows_chosen = Signal(object, str)  # list of WindowResult, what they have in common

    def __init__(
        self, session: Session, jobs: JobCentre, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._theme = session, jobs, theme
        self._run_dir: Path | None = None
        self._report: EvaluationReport | None = None
        self._found: Embedding | None = None
        self._results: list[WindowResult | None] = []
        self._busy = False
        self.plot = ScatterPlot(theme)
        self.plot.tell = self.tell
        self.way = _combo(WAYS, "What the colours mean")
        self.method = _combo((("PCA", PCA), ("UMAP", UMAP)), "How many dimensions become two")
        self.part = _combo(
            (("test part", TEST_WINDOWS), ("all windows", ALL_WINDOWS)), "Which windows are shown"
        )
        self.signals = _combo(
            (("virtual", (VIRTUAL,)), ("real", (REAL,)), ("both", (VIRTUAL, REAL))),
            "Whose signals the windows are cut from",
        )
        self.draw = QPushButton("Draw the map")
        self.draw.clicked.connect(self.start)
        self.legend = QListWidget(toolTip="Untick a group to leave it out")
        self.legend.setFixedWidth(140)
        self.legend.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.legend.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.legend.setUniformItemSizes(True)
        self.said = QLabel(wordWrap=True)
        self.said.setProperty("faint", True)
        self._umap = QLabel(_NO_UMAP)
        self._umap.setProperty("faint", True)
        self._offer_umap()
        self._lay_out()
        self.way.currentIndexChanged.connect(lambda _i: self._colour())
        for box in (self.method, self.part, self.signals):
            box.currentIndexChanged.connect(lambda _i: self._show_kept())
        self.legend.itemChanged.connect(lambda _item: self._on_legend())
        self.plot.point_chosen.connect(self._on_point)
        self.plot.lasso_drawn.connect(self._on_lasso)
        theme.changed.connect(self._colour)
        self._say()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.way, self.part, self.signals, self.method, self.draw):
            top.addWidget(widget, 1)
        middle = QHBoxLayout()
        middle.setSpacing(8)
        middle.addWidget(self.plot, 1)
        middle.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(middle, 1)
        layout.addWidget(self.said)
        layout.addWidget(self._umap)

    def _offer_umap(self) -> None:
        """Choosable where the package is; else a quiet line says how to get it."""
        there = find_spec("umap") is not None
        self._umap.setVisible(not there)
        item = self.method.model().item(self.method.findData(UMAP))
        item.setEnabled(there)
        if not there:
            item.setToolTip(_NO_UMAP)

    # -- what is shown -------------------------------------------------------------------

    def show_run(self, run_dir: Path | None, report: EvaluationReport | None) -> None:
        """The maps of another run; one that was drawn before appears at once."""
        self._run_dir, self._report = run_dir, report
        self._show_kept()

    def choice(self) -> MapChoice:
        """What the boxes say."""
        return MapChoice(
            part=self.part.currentData(),
            signals=tuple(self.signals.currentData()),
            method=self.method.currentData(),
        )

    def _show_kept(self) -> None:
        kept = kept_map(self._run_dir, self.choice()) if self._run_dir is not None else None
        self._show(kept)

    def _show(self, drawn: WindowMap | None) -> None:
        self._found = found = drawn.embedding if drawn is not None else None
        windows = self._report.windows if self._report is not None else ()
        self._results = judged(found, windows) if found is not None else []
        self.plot.setVisible(found is not None)
        self.legend.setVisible(found is not None)
        if found is not None:
            names = ("UMAP 1", "UMAP 2") if found.method == UMAP else ("PC 1", "PC 2")
            if found.explained is not None:
                pairs = zip(names, found.explained, strict=True)
                names = tuple(f"{name} ({share:.0%} of the variance)" for name, share in pairs)
            self.plot.show_points(found.points, (names[0], names[1]))
            self._colour()
        self._say(drawn)

    def _colour(self) -> None:
        project, found = self._session.project, self._found
        if found is None or project is None:
            return
        way, colours = self.way.currentText(), self._theme.colours
        made = groups(found, way, project.label_set, colours, self._results)
        self.plot.show_groups(made)
        with QSignalBlocker(self.legend):
            self.legend.clear()
            for group in made:
                item = QListWidgetItem(_symbol(group), f"{group.name} ({len(group.index):,})")
                item.setData(Qt.ItemDataRole.UserRole, group.name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                item.setToolTip(item.text())
                self.legend.addItem(item)

    def _on_legend(self) -> None:
        items = [self.legend.item(row) for row in range(self.legend.count())]
        off = [item for item in items if item.checkState() == Qt.CheckState.Unchecked]
        self.plot.hide_groups({item.data(Qt.ItemDataRole.UserRole) for item in off})

    def _say(self, drawn: WindowMap | None = None) -> None:
        project = self._session.project
        model = self._run_dir is not None and (self._run_dir / MODEL).is_file()
        self.draw.setEnabled(model and project is not None and not self._busy)
        self.draw.setText("Draw again" if self._found is not None else "Draw the map")
        if self._busy:
            return
        if self._found is None or drawn is None or self._run_dir is None or project is None:
            folded = self._run_dir is not None and not model
            self.said.setText(_NO_MODEL if folded else _WHAT_FOR)
            return
        stale = drawn.made_from != fingerprint(project, self._run_dir)
        old = " · labels have changed since: draw it again to see them" if stale else ""
        self.said.setText(
            f"{len(self._found):,} windows, {self._found.of}{old}. Click a point to go there; drag "
            "a lasso to list what is in it; middle drag moves, the wheel zooms."
        )

    def tell(self, index: int) -> str:
        """A point in words: clip, time, label, prediction."""
        found, project = self._found, self._session.project
        if found is None:
            return ""
        clip_id = str(found.clip[index])
        clips = project.clips if project is not None else {}
        name = clips[clip_id].name if clip_id in clips else clip_id
        source = "real" if found.real[index] else "virtual"
        result = self._results[index]
        said = (
            f"predicted {result.prediction} ({result.probability:.2f})"
            if result is not None
            else "not judged by the run"
        )
        return (
            f"{name} ({source}), {clock_text(float(found.start_s[index]))}\n"
            f"{found.label[index]}, {said}"
        )

    # -- the job -------------------------------------------------------------------------

    def start(self) -> None:
        """Draw the map anew, in a child process."""
        session, run_dir, choice = self._session, self._run_dir, self.choice()
        if session.project is None or run_dir is None or self._busy:
            return
        self._busy = True
        slow = " UMAP compiles itself first: half a minute." if choice.method == UMAP else ""
        self.said.setText(f"Drawing the map …{slow}")
        self._jobs.start(
            "Map of windows",
            map_windows,
            session.project,
            session.folder,
            run_dir,
            choice,
            on_done=lambda drawn: self._on_done(run_dir, drawn),
            on_end=self._on_end,
        )
        self._say()

    def _on_done(self, run_dir: Path, drawn: WindowMap) -> None:
        self._busy = False
        if run_dir == self._run_dir and drawn.choice == self.choice():
            self._show(drawn)

    def _on_end(self) -> None:
        if self._busy:
            self._busy = False
            self._show_kept()
        self._say(None) if self._found is None else self.draw.setEnabled(True)

    # -- points --------------------------------------------------------------------------

    def window(self, index: int) -> WindowResult:
        """A point as a window; without a prediction where the run did not judge it."""
        found, result = self._found, self._results[index]
        if result is not None:
            return result
        assert found is not None
        return WindowResult(
            clip_id=str(found.clip[index]),
            subject=str(found.subject[index]),
            start_s=float(found.start_s[index]),
            end_s=float(found.end_s[index]),
            truth=str(found.label[index]),
            prediction="–",
            probability=0.0,
            part="",
            real=bool(found.real[index]),
        )

    def _on_point(self, index: int) -> None:
        window, project = self.window(index), self._session.project
        if project is None or window.clip_id not in project.clips:
            self._session.message.emit("That clip is no longer in the project")
            return
        self.windows_chosen.emit([window], "Point of the map")
        self._session.show_moment(window.clip_id, window.start_s, window.end_s)

    def _on_lasso(self, index: IntArray) -> None:
        self.windows_chosen.emit([self.window(int(i)) for i in index], "Within the lasso")


def _combo(rows: Sequence[tuple[str, object] | str], tip: str) -> QComboBox:
    box = QComboBox(toolTip=tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    box.setMinimumWidth(64)  # four in a row, and the dock still fits a small laptop
    for row in rows:
        text, value = (row, row) if isinstance(row, str) else row
        box.addItem(text, value)
    return box


def _symbol(group: Group) -> QIcon:
    """A group's mark, as it is drawn."""
    pixmap = QPixmap(14, 14)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(7, 7)
    pg.graphicsItems.ScatterPlotItem.drawSymbol(
        painter, group.symbol, 10, pg.mkPen(group.colour), pg.mkBrush(group.colour)
    )
    painter.end()
    return QIcon(pixmap)
