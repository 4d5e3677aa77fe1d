"""The sensors on the body: named layouts, which sensors, how each sits, and the recordings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from harstudio.body.sites import LAYOUTS, SITES, layout_of
from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.timebase import Alignment, clock_text
from harstudio.gui.panels.placement import PlacementForm
from harstudio.gui.placing import Placing, spoken
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre

_CUSTOM = "custom"
_NAME = Qt.ItemDataRole.UserRole
_ROWS = 5
_TITLES = {
    "xiao2020": "Xiao 2020: three",
    "watch": "One watch",
    "dip6": "DIP: six",
    "dip17": "DIP: seventeen",
    "xsens": "Xsens: seventeen",
    "all": "All named sites",
}


class SensorsPanel(QWidget):
    """Choose a layout, its sensors, and how the chosen one sits."""

    def __init__(
        self,
        session: Session,
        placing: Placing,
        jobs: JobCentre,
        settings: Settings,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._placing, self._settings = session, placing, settings
        self._filling = False
        self.layouts = QComboBox()
        self.layouts.setToolTip("A named set of sensors; your own are kept for all projects")
        self.layouts.activated.connect(lambda _index: self._on_layout())
        self.save = QPushButton("Save as …")
        self.save.setToolTip("Keep these sensors, as they sit, under a name")
        self.save.clicked.connect(self._on_save)
        self.delete = QPushButton("Delete")
        self.delete.clicked.connect(self._on_delete)
        self.list = QListWidget()
        self.list.setMinimumHeight(_ROWS * 18)
        # As much as there is, but not more than that: what is below must be reached without a trip.
        self.list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.list.itemChanged.connect(self._on_item)
        self.list.currentItemChanged.connect(self._on_current)
        self.form = PlacementForm(session, placing, jobs)
        self.recording = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.recording.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        session.project_changed.connect(lambda _before, _after: self._fill())
        session.clip_opening.connect(lambda _clip: self._say_recording())
        session.clip_opened.connect(self._say_recording)
        session.sensor_changed.connect(lambda _name: self._mark_sensor())
        theme.changed.connect(self._say_recording)
        self._fill()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.layouts, 1)
        row.addWidget(self.save)
        row.addWidget(self.delete)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        column.addWidget(self.form)
        column.addWidget(self.recording)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    # -- showing -------------------------------------------------------------------------

    def _fill(self) -> None:
        project = self._session.project
        layout = project.layout if project is not None else SensorLayout("none", ())
        self._filling = True
        self._fill_layouts(layout)
        names = [*layout.names, *(name for name in SITES if name not in layout.names)]
        if [self.list.item(i).data(_NAME) for i in range(self.list.count())] != names:
            self.list.clear()
            for name in names:
                self.list.addItem(_item(name))
        for i in range(self.list.count()):
            item = self.list.item(i)
            item.setText(spoken(item.data(_NAME)))  # a name that was refused goes
            worn = item.data(_NAME) in layout.names
            item.setCheckState(Qt.CheckState.Checked if worn else Qt.CheckState.Unchecked)
            flags = item.flags() & ~Qt.ItemFlag.ItemIsEditable
            item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if worn else flags)
        self._filling = False
        self._mark_sensor()
        self._say_recording()

    def _fill_layouts(self, layout: SensorLayout) -> None:
        known = self._known()
        same = [name for name, sensors in known.items() if sensors == layout.sensors]
        current = layout.name if layout.name in same else next(iter(same), _CUSTOM)
        self.layouts.clear()
        for name in LAYOUTS:
            self.layouts.addItem(_TITLES.get(name, name), name)
        saved = self._settings.sensor_layouts
        if saved:
            self.layouts.insertSeparator(self.layouts.count())
        for name in saved:
            self.layouts.addItem(name, name)
        if current == _CUSTOM:
            self.layouts.insertSeparator(self.layouts.count())
            self.layouts.addItem(f"Custom: {len(layout.sensors)}", _CUSTOM)
        self.layouts.setCurrentIndex(self.layouts.findData(current))
        editable = self._placing.possible
        self.layouts.setEnabled(editable)
        self.save.setEnabled(bool(layout.sensors))
        self.delete.setEnabled(current in saved)
        self.delete.setToolTip(
            f"Forget the saved layout {current!r}; the sensors stay"
            if current in saved
            else "Choose a layout of your own to delete it"
        )

    def _known(self) -> dict[str, tuple[Sensor, ...]]:
        """Sensors of every named layout, presets first."""
        presets = {name: layout_of(sites, name).sensors for name, sites in LAYOUTS.items()}
        saved = {name: each.sensors for name, each in self._settings.sensor_layouts.items()}
        return {**presets, **saved}

    def _mark_sensor(self) -> None:
        self._filling = True
        for i in range(self.list.count()):
            if self.list.item(i).data(_NAME) == self._session.sensor:
                self.list.setCurrentRow(i)
        self._filling = False

    # -- layouts -------------------------------------------------------------------------

    def _on_layout(self) -> None:
        name = self.layouts.currentData()
        known = self._known()
        if name in known:
            self._use(SensorLayout(name, known[name]), f"Layout {name}")

    def _on_save(self) -> None:
        project = self._session.project
        if project is None:
            return
        current = self.layouts.currentData()
        name, accepted = QInputDialog.getText(
            self,
            "Save layout",
            "Name of the layout:",
            text=current if current in self._settings.sensor_layouts else "",
        )
        if accepted and name.strip():
            self.save_as(name.strip())

    def save_as(self, name: str) -> None:
        """Keep the project's sensors under a name, for all projects."""
        project = self._session.project
        if project is None:
            return
        if name in LAYOUTS or name == _CUSTOM:
            self._session.message.emit(f"{name!r} is the name of a layout that harstudio has")
            return
        layout = SensorLayout(name, project.layout.sensors)
        self._settings.keep_sensor_layout(layout)
        if not self._session.read_only:
            self._use(layout, f"Name layout {name}")
        self._fill()

    def _on_delete(self) -> None:
        self._settings.forget_sensor_layout(self.layouts.currentData())
        self._fill()

    def _use(self, layout: SensorLayout, what: str, choose: str = "") -> None:
        self._placing.use(layout, what, choose)
        self._fill()

    # -- sensors -------------------------------------------------------------------------

    def _on_current(self, item: QListWidgetItem | None) -> None:
        project = self._session.project
        if item is None or self._filling or project is None:
            return
        if item.data(_NAME) in project.layout.names:
            self._session.select_sensor(item.data(_NAME))

    def _on_item(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        if item.text() != spoken(item.data(_NAME)):
            self.rename(item.data(_NAME), "_".join(item.text().split()))
        else:
            self._on_checked()

    def _on_checked(self) -> None:
        project = self._session.project
        if project is None:
            return
        items = [self.list.item(i) for i in range(self.list.count())]
        chosen = [i.data(_NAME) for i in items if i.checkState() == Qt.CheckState.Checked]
        own = {sensor.name: sensor for sensor in project.layout.sensors}
        if chosen and not self._session.read_only:
            sensors = tuple(own.get(name) or Sensor(name, SITES[name]) for name in chosen)
            self._use(SensorLayout(_CUSTOM, sensors), "Choose sensors")
        else:
            self._fill()

    def rename(self, name: str, new: str) -> None:
        """Give a sensor of the layout another name; recordings are matched by it."""
        project = self._session.project
        if project is None or self._session.read_only or not new or new in project.layout.names:
            if project is not None and new in project.layout.names and new != name:
                self._session.message.emit(f"There is a sensor {new!r} already")
            self._fill()
            return
        sensors = tuple(
            replace(s, name=new) if s.name == name else s for s in project.layout.sensors
        )
        chosen = new if self._session.sensor == name else ""
        self._use(SensorLayout(_CUSTOM, sensors), f"Rename {spoken(name)}", chosen)

    def remove(self, name: str) -> None:
        """Take a sensor off the body; the last one stays."""
        project = self._session.project
        if project is None or self._session.read_only or len(project.layout.sensors) < 2:
            return
        sensors = tuple(s for s in project.layout.sensors if s.name != name)
        self._use(SensorLayout(_CUSTOM, sensors), f"Remove {spoken(name)}")

    def _open_menu(self, at: QPoint) -> None:
        item, project = self.list.itemAt(at), self._session.project
        if item is None or project is None or item.data(_NAME) not in project.layout.names:
            return
        name = item.data(_NAME)
        menu = QMenu(self)
        rename = menu.addAction("Rename", lambda: self.list.editItem(item))
        remove = menu.addAction("Remove", lambda: self.remove(name))
        rename.setEnabled(not self._session.read_only)
        remove.setEnabled(not self._session.read_only and len(project.layout.sensors) > 1)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(at))

    # -- recording -----------------------------------------------------------------------

    def _say_recording(self) -> None:
        self.recording.setText(_recording_text(self._session.clip))


def _item(name: str) -> QListWidgetItem:
    item = QListWidgetItem(spoken(name))
    item.setData(_NAME, name)
    return item


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
    names = ", ".join(map(spoken, recording.sensors))
    return (
        f"<b>{recording.source.name}</b><br>{names}<br>"
        f"{clock_text(recording.duration_s)} at {recording.rate_hz:.4g} Hz · {state}"
    )
