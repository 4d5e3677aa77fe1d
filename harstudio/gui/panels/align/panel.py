"""The Align dock: lay a recording onto its clip by fit, by the curve, by hand or by two anchors."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QLayout, QScrollArea, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.timebase import Alignment, clock_text
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.panels.align.fits import Fits
from harstudio.gui.panels.align.hand import Anchors, ByHand
from harstudio.gui.panels.align.lag_plot import LagPlot
from harstudio.gui.panels.align.lag_search import LagSearcher
from harstudio.gui.panels.align.missing import MissingPlace
from harstudio.gui.panels.align.parts import column_of, number_field, push_button, row_of
from harstudio.gui.panels.align.state import AlignmentState, LeftAlone, Mountings
from harstudio.gui.placing import spoken
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.imu.align import AlignmentFit
from harstudio.imu.rough_lag import MAX_LAG_S
from harstudio.workflows import aligning
from harstudio.workflows.aligning import Anchor, LagSearch
from harstudio.workflows.loading import LoadedRecording

_LONGEST_SEARCH_S = 86_400.0
_PEAKS_SHOWN = 8
_MERGE = "nudge recording"
_NO_CLIP = "Open a clip in the library to align its recording."
_NO_MOTION = "This clip has no motion: there is nothing to align its recording to."
_NO_RECORDING = (
    "This clip has no recording. Import one whose file has the clip's name, "
    "e.g. <i>{0}_imu.npz</i> or <i>{0}_imu.csv</i>."
)


class AlignPanel(QWidget):
    """Lag, drift and mounting of the open clip's recordings; labels stay where they are."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        jobs: JobCentre,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._theme = session, clock, theme
        self._index = 0
        self._clip_id: str | None = None
        self._search: LagSearch | None = None
        self._known: tuple[LagSearch, Alignment, float] | None = None
        self._stale = True
        self._anchors: list[Anchor | None] = [None, None]
        self._file = session.file
        self._fits = Fits(session, jobs, self)
        self._searcher = LagSearcher(self)
        self._build()
        self._searcher.found.connect(self._on_found)
        self._searcher.failed.connect(self.plot.show_text)
        self._fits.changed.connect(self._show)
        self._fits.all_fitted.connect(self.left_alone.show_found)
        session.project_changed.connect(lambda _before, _after: self._on_project())
        session.clip_opening.connect(lambda _clip: self._on_clip())
        session.clip_opened.connect(self._on_clip)
        theme.changed.connect(self._show)
        self._on_clip()

    # -- building ------------------------------------------------------------------------

    def _build(self) -> None:
        self.empty = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("faint", True)
        self.empty.setContentsMargins(16, 16, 16, 16)
        self.plot = LagPlot(self._theme)
        self.plot.chosen.connect(self._on_start_chosen)
        self.state = AlignmentState()
        self.state.rival_chosen.connect(self.fit)
        self.hand = ByHand()
        self.hand.start_typed.connect(lambda value: self._on_typed(value, None))
        self.hand.drift_typed.connect(lambda value: self._on_typed(None, value))
        self.hand.nudged.connect(self.nudge)
        self.hand.nudged_samples.connect(self.nudge_samples)
        self.anchors = Anchors()
        self.anchors.set_pressed.connect(self.set_anchor)
        self.missing = MissingPlace()
        self.missing.place_given.connect(self._on_place_given)
        self.mountings = Mountings()
        self.left_alone = LeftAlone()
        self.left_alone.clip_chosen.connect(self._on_clip_chosen)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(self._make_head())
        column.addWidget(self.plot)
        column.addLayout(self._make_fit())
        column.addLayout(self._make_fit_all())
        column.addWidget(self.left_alone)
        column.addWidget(self.state)
        column.addWidget(self.missing)
        column.addWidget(self.hand)
        column.addWidget(self.anchors)
        column.addWidget(self.mountings)
        column.addStretch(1)
        self._scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.empty, 1)
        outer.addWidget(self._scroll, 1)
        self.setMinimumWidth(272)

    def _make_head(self) -> QLayout:
        self.recordings = QComboBox(toolTip="Which of the clip's recordings")
        self.recordings.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.recordings.activated.connect(self._on_recording)
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("faint", True)
        return column_of(self.recordings, self._about)

    def _make_fit(self) -> QLayout:
        self.fit_button = push_button("Fit", "Search the lag, then fit lag, drift and mounting")
        self.fit_button.clicked.connect(lambda: self.fit())
        self.refine_button = push_button("Fit from here", "The same from where it lies now")
        self.refine_button.clicked.connect(self.refine)
        self.reach = number_field(
            " s", 1, _LONGEST_SEARCH_S, 5.0,
            "How far a lag is sought from equal clocks and from equal starts",
        )  # fmt: skip
        self.reach.setMinimum(0.5)
        self.reach.setValue(MAX_LAG_S)
        self.reach.setPrefix("± ")
        self.reach.valueChanged.connect(lambda _value: self._search_again())
        return row_of((self.fit_button, 2), (self.refine_button, 3), (self.reach, 2))

    def _make_fit_all(self) -> QLayout:
        self.reset_button = push_button("Reset", "Equal clocks, and no mounting rotation")
        self.reset_button.clicked.connect(self.reset)
        self.all_button = push_button(
            "Fit all clips",
            "Every recording that was never aligned; what is doubtful stays as it is",
        )
        self.all_button.clicked.connect(self.fit_all)
        return row_of((self.all_button, 1), (self.reset_button, 1))

    # -- what is shown -------------------------------------------------------------------

    @property
    def ref(self) -> RecordingRef | None:
        """The recording at hand; None without a clip that can be aligned."""
        clip = self._session.clip
        if clip is None or not aligning.can_align(clip):
            return None
        return clip.recordings[min(self._index, len(clip.recordings) - 1)]

    @property
    def _item(self) -> LoadedRecording | None:
        """The same with its samples; None until they are read."""
        loaded, ref = self._session.loaded, self.ref
        if loaded is None or ref is None:
            return None
        return next((r for r in loaded.recordings if r.ref.source == ref.source), None)

    @property
    def _fit(self) -> AlignmentFit | None:
        """What the present alignment came from, if that was since the project was opened."""
        ref, clip_id = self.ref, self._session.clip_id
        return self._fits.of(clip_id, ref) if ref is not None and clip_id is not None else None

    @property
    def _first_s(self) -> float:
        """The recording's own clock where it starts, s."""
        item = self._item
        return float(item.recording.times_s[0]) if item is not None else 0.0

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        if self._stale:
            self._search_again()

    def _on_project(self) -> None:
        if self._file is not self._session.file:
            self._file = self._session.file
            self._fits.forget()
            self.left_alone.hide()
        self._show()

    def _on_clip(self) -> None:
        if self._clip_id != self._session.clip_id:
            self._clip_id = self._session.clip_id
            self._index, self._anchors = 0, [None, None]
        self._search_again()
        self._show()

    def _on_recording(self) -> None:
        self._index, self._anchors = self.recordings.currentIndex(), [None, None]
        self._search_again()
        self._show()

    def _search_again(self) -> None:
        """Make the curve anew, in the background, once the dock can be seen."""
        self._searcher.forget()
        self._search, self._stale = None, True
        loaded, item = self._session.loaded, self._item
        self.plot.show_text("Correlating …" if self.ref is not None else "")
        self.plot.set_now(None)
        if loaded is not None and item is not None and self.isVisible():
            self._stale = False
            self._searcher.start(loaded, item, float(self.reach.value()))

    def _on_found(self, search: LagSearch) -> None:
        self._search = search
        curve, first_s = search.curve, self._first_s
        peaks = [(peak.lag_s + first_s, peak.correlation) for peak in curve.candidates]
        self.plot.show_curve(curve.lags_s + first_s, curve.correlation, peaks[:_PEAKS_SHOWN])
        self._show()

    def _show(self) -> None:
        clip, ref = self._session.clip, self.ref
        self.empty.setText(_reason(clip))
        self.empty.setVisible(ref is None)
        self._scroll.setVisible(ref is not None)
        if clip is None or ref is None:
            return
        self._show_head(clip, ref)
        self._show_state(ref)
        self._show_missing(ref)
        start_s = aligning.start_of(ref.alignment, self._first_s)
        self.hand.set_values(start_s, ref.alignment)
        self.anchors.show_anchors(self._anchors, self._first_s)
        self._enable(ref)

    def _show_head(self, clip: Clip, ref: RecordingRef) -> None:
        names = [each.source.name for each in clip.recordings]
        if [self.recordings.itemText(i) for i in range(self.recordings.count())] != names:
            self.recordings.clear()
            self.recordings.addItems(names)
        self.recordings.setCurrentIndex(min(self._index, len(names) - 1))
        self.recordings.setVisible(len(names) > 1)
        about = f"{clock_text(ref.duration_s)} at {ref.rate_hz:.4g} Hz, " + ", ".join(
            spoken(name) for name in ref.sensors
        )
        self._about.setText(about if len(names) > 1 else f"{ref.source.name}: {about}")

    def _show_state(self, ref: RecordingRef) -> None:
        search = self._search
        self.state.show_alignment(
            ref.alignment,
            self._correlation(ref.alignment),
            self._fit,
            self._theme.colours,
            not self._session.read_only and not self._fits.busy,
        )
        self.mountings.show_alignment(ref.alignment, self._theme.colours)
        if search is not None:
            self.plot.set_now(search.curve.lag_of(ref.alignment) + self._first_s)

    def _correlation(self, alignment: Alignment) -> float | None:
        """Of magnitudes, as they lie; worked out once for an alignment."""
        if self._search is None:
            return None
        if self._known is None or self._known[0] is not self._search or self._known[1] != alignment:
            self._known = (self._search, alignment, self._search.correlation(alignment))
        return self._known[2]

    def _show_missing(self, ref: RecordingRef) -> None:
        virtual = self._session.virtual
        known = virtual.sensors if virtual is not None else ref.sensors
        self.missing.show_name(next((name for name in ref.sensors if name not in known), ""))

    def _enable(self, ref: RecordingRef) -> None:
        editable = not self._session.read_only
        ready = editable and self._item is not None
        idle = not self._fits.busy
        self.hand.setEnabled(ready)
        self.anchors.setEnabled(ready)
        self.fit_button.setEnabled(ready and idle)
        self.refine_button.setEnabled(ready and idle and self._search is not None)
        self.all_button.setEnabled(editable and idle)
        self.missing.add_button.setEnabled(editable)
        self.reset_button.setEnabled(ready and ref.alignment != Alignment())

    # -- by hand -------------------------------------------------------------------------

    def _set(self, what: str, alignment: Alignment, merge: str = "") -> None:
        """Lay the recording there; what a fit said of it holds no longer."""
        clip = self._session.clip
        if clip is not None and self.ref is not None and not self._session.read_only:
            index = clip.recordings.index(self.ref)
            after = aligning.with_alignment(clip, index, alignment.by_hand())
            self._session.edit_clip(what, after, merge)

    def nudge(self, by_s: float) -> None:
        """Shift the recording; nudges in quick succession are undone together."""
        ref = self.ref
        if ref is not None:
            offset_s = ref.alignment.offset_s + by_s
            self._set("Nudge recording", replace(ref.alignment, offset_s=offset_s), _MERGE)

    def nudge_samples(self, count: int) -> None:
        """Shift the recording by its own samples."""
        ref = self.ref
        if ref is not None and ref.rate_hz > 0:
            self.nudge(count / ref.rate_hz)

    def reset(self) -> None:
        """Take the alignment away."""
        self._anchors = [None, None]
        self._set("Reset alignment", Alignment())

    def _on_start_chosen(self, start_s: float) -> None:
        ref = self.ref
        if ref is not None and self._search is not None:
            lag_s = start_s - self._first_s
            after = self._search.curve.with_lag(ref.alignment, lag_s)
            self._set("Move recording", after)

    def _on_typed(self, start_s: float | None, drift_ppm: float | None) -> None:
        """One of them was typed; the other stays exactly as it was, not as it is shown."""
        ref = self.ref
        if ref is None or self._item is None:
            return
        if start_s is None:
            start_s = aligning.start_of(ref.alignment, self._first_s)
        if drift_ppm is None:
            drift_ppm = ref.alignment.drift_ppm
        after = aligning.starting_at(ref.alignment, self._first_s, start_s, drift_ppm)
        self._set("Type alignment", after, "type alignment")

    def set_anchor(self, index: int) -> None:
        """Keep together what lies at the playhead; with both, offset and drift follow."""
        ref = self.ref
        if ref is None or self._session.read_only:
            return
        before = self._anchors[index]
        self._anchors[index] = aligning.anchor_at(ref.alignment, self._clock.time_s)
        first, second = self._anchors
        if first is not None and second is not None:
            try:
                self._set("Align by two anchors", aligning.anchored(ref.alignment, first, second))
            except HarstudioError as error:
                self._anchors[index] = before
                self._session.message.emit(str(error))
        self._show()

    def _on_place_given(self, sensor: Sensor) -> None:
        project = self._session.project
        if project is not None:
            sensors = (*project.layout.sensors, sensor)
            layout = replace(project.layout, name="custom", sensors=sensors)
            self._session.edit(f"Add sensor {sensor.name}", replace(project, layout=layout))

    # -- jobs ----------------------------------------------------------------------------

    def refine(self) -> None:
        """Fit, starting where the recording lies now."""
        ref = self.ref
        if ref is not None and self._search is not None:
            self.fit(self._search.curve.lag_of(ref.alignment))

    def fit(self, near_s: float | None = None) -> None:
        """Fit lag, drift and mounting of the recording at hand, in the background."""
        clip, ref = self._session.clip, self.ref
        if clip is not None and ref is not None:
            self._fits.fit(clip, ref, float(self.reach.value()), near_s)

    def fit_all(self) -> None:
        """Fit what was never aligned of all usable clips in the background; one step to undo."""
        self._fits.fit_all(float(self.reach.value()))

    def _on_clip_chosen(self, clip_id: str) -> None:
        project = self._session.project
        if project is not None and clip_id in project.clips:
            self._session.open_clip(clip_id)


def _reason(clip: Clip | None) -> str:
    """Why there is nothing to align; empty if there is."""
    if clip is None:
        return _NO_CLIP
    if not clip.recordings:
        return _NO_RECORDING.format(clip.name)
    return "" if clip.motion is not None else _NO_MOTION
