"""For sensors whose names say nothing of where they were worn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from harstudio.body.sites import SITES
from harstudio.core.imu import Sensor
from harstudio.gui.panels.align.parts import push_button, row_of
from harstudio.gui.placing import spoken


class MissingPlace(QWidget):
    """Asks where such a sensor was worn."""

    place_given = Signal(object)  # Sensor

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._text = QLabel(wordWrap=True)
        self.sites = QComboBox(toolTip="Where on the body this sensor was worn")
        for name in SITES:
            self.sites.addItem(spoken(name), name)
        self.add_button = push_button("Add to the layout", "A virtual sensor of that name, there")
        self.add_button.clicked.connect(self._on_add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._text)
        column.addLayout(row_of((self.sites, 1), (self.add_button, 1)))

    def show_name(self, name: str) -> None:
        """Ask about a sensor; nothing for an empty name."""
        self._name = name
        self._text.setText(f"No place on the body is called “{name}”. It was worn at the")
        self.setVisible(bool(name))

    def _on_add(self) -> None:
        if self._name:
            self.place_given.emit(Sensor(self._name, SITES[self.sites.currentData()]))
