"""The sensors on the body, the clip's recordings, and how they lie on its clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.body.sites import LAYOUTS, SITES, layout_of
from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.timebase import Alignment, clock_text
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

_CUSTOM = "custom"


class SensorsPanel(QWidget):
    """Choose the layout; see and align the recordings of the open clip."""

    def __init__(
        self,
        session: Session,
        align: Callable[[], None],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._filling = False
        self.layouts = QComboBox()
        self.layouts.addItems([*LAYOUTS, _CUSTOM])
        self.layouts.activated.connect(self._on_layout)
        self.list = QListWidget()
        self.list.itemChanged.connect(lambda _item: self._on_checked())
        self.list.currentItemChanged.connect(self._on_current)
        self.recording = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.recording.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.align = QPushButton("Align to the body")
        self.align.setToolTip("Fit lag, drift and mounting of the recording (Ctrl+L)")
        self.align.clicked.connect(align)
        self._nudges = [self._nudge_button(text, by) for text, by in _NUDGES]
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Layout", self.layouts)
        nudges = QHBoxLayout()
        nudges.setSpacing(4)
        nudges.addWidget(self.align, 1)
        for button in self._nudges:
            nudges.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.list, 1)
        column.addWidget(self.recording)
        column.addLayout(nudges)
        session.project_changed.connect(lambda _before, _after: self._fill())
        session.clip_opening.connect(lambda _clip: self._say_recording())
        session.clip_opened.connect(self._say_recording)
        session.sensor_changed.connect(lambda _name: self._mark_sensor())
        theme.changed.connect(self._say_recording)
        self._fill()

    def _nudge_button(self, text: str, by_s: float) -> QPushButton:
        button = QPushButton(text)
        button.setFixedWidth(64)
        button.setToolTip(f"Shift the recording by {by_s * 1000:+.0f} ms; labels stay")
        button.clicked.connect(lambda: self._nudge(by_s))
        return button

    # -- layout --------------------------------------------------------------------------

    def _fill(self) -> None:
        project = self._session.project
        layout = project.layout if project is not None else SensorLayout("none", ())
        self._filling = True
        self.layouts.setCurrentText(layout.name if layout.name in LAYOUTS else _CUSTOM)
        names = [*layout.names, *(name for name in SITES if name not in layout.names)]
        if [self.list.item(i).data(_NAME) for i in range(self.list.count())] != names:
            self.list.clear()
            for name in names:
                item = QListWidgetItem(name.replace("_", " "))
                item.setData(_NAME, name)
                self.list.addItem(item)
        for i in range(self.list.count()):
            item = self.list.item(i)
            checked = item.data(_NAME) in layout.names
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
        self._filling = False
        editable = project is not None and not self._session.read_only
        self.layouts.setEnabled(editable)
        self._mark_sensor()
        self._say_recording()

    def _mark_sensor(self) -> None:
        self._filling = True
        for i in range(self.list.count()):
            if self.list.item(i).data(_NAME) == self._session.sensor:
                self.list.setCurrentRow(i)
        self._filling = False

    def _on_current(self, item: QListWidgetItem | None) -> None:
        project = self._session.project
        if item is None or self._filling or project is None:
            return
        if item.data(_NAME) in project.layout.names:
            self._session.select_sensor(item.data(_NAME))

    def _on_layout(self) -> None:
        name = self.layouts.currentText()
        if name in LAYOUTS:
            self._use(layout_of(LAYOUTS[name], name))

    def _on_checked(self) -> None:
        project = self._session.project
        if self._filling or project is None:
            return
        items = [self.list.item(i) for i in range(self.list.count())]
        chosen = [i.data(_NAME) for i in items if i.checkState() == Qt.CheckState.Checked]
        own = {sensor.name: sensor for sensor in project.layout.sensors}
        if chosen and not self._session.read_only:
            sensors = tuple(own.get(name, Sensor(name, SITES[name])) for name in chosen)
            self._use(SensorLayout(_CUSTOM, sensors))
        else:
            self._fill()

    def _use(self, layout: SensorLayout) -> None:
        project = self._session.project
        if project is not None and layout != project.layout:
            self._session.edit(f"Layout {layout.name}", replace(project, layout=layout))
            if self._session.sensor not in layout.names:
                self._session.select_sensor(layout.names[0])

    # -- recording -----------------------------------------------------------------------

    def _say_recording(self) -> None:
        clip = self._session.clip
        has = clip is not None and bool(clip.recordings)
        self.recording.setText(_recording_text(clip))
        movable = has and not self._session.read_only
        self.align.setEnabled(movable and clip is not None and clip.motion is not None)
        for button in self._nudges:
            button.setEnabled(movable)

    def _nudge(self, by_s: float) -> None:
        clip = self._session.clip
        if clip is None:
            return
        recordings = tuple(
            replace(r, alignment=replace(r.alignment, offset_s=r.alignment.offset_s + by_s))
            for r in clip.recordings
        )
        what = f"Shift recording {by_s * 1000:+.0f} ms"
        self._session.edit_clip(what, replace(clip, recordings=recordings))


_NAME = Qt.ItemDataRole.UserRole
_NUDGES = (("−10 ms", -0.01), ("+10 ms", 0.01))


def _recording_text(clip: Clip | None) -> str:
    if clip is None:
        return "Open a clip to see its recordings."
    if not clip.recordings:
        return (
            "This clip has no recording. Import one whose file has the clip's name, "
            f"e.g. <i>{clip.name}_imu.npz</i> or <i>{clip.name}_imu.csv</i>."
        )
    return "<br>".join(_one_recording(recording) for recording in clip.recordings)


def _one_recording(recording: RecordingRef) -> str:
    alignment = recording.alignment
    if alignment == Alignment():
        state = "not aligned yet"
    else:
        state = f"offset {alignment.offset_s:+.4f} s, drift {alignment.drift_ppm:+.1f} ppm"
    names = ", ".join(name.replace("_", " ") for name in recording.sensors)
    return (
        f"<b>{recording.source.name}</b><br>{names}<br>"
        f"{clock_text(recording.duration_s)} at {recording.rate_hz:.4g} Hz · {state}"
    )
