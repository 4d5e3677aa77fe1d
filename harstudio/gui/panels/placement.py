"""How the chosen sensor sits on the body, in numbers, and a fit of them to a recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.imu import Sensor, SensorMount
from harstudio.gui.placing import Placing, spoken
from harstudio.gui.session import Session
from harstudio.gui.worker import JobCentre, JobRun
from harstudio.workflows.placing import (
    ALONG_LIMB,
    ANYWHERE,
    NOWHERE,
    FitOptions,
    FittedPlacement,
    angles_of,
    fit_sensor,
    mount_of,
    recording_of,
)

_SETTLE_MS = 900
_MM = 1000.0
_CHOICES = (
    ("turn and arm", FitOptions(), "Rotation, and a lever arm from the site in any direction"),
    (
        "turn and place",
        FitOptions(move=ALONG_LIMB),
        "Rotation, and where along the limb the sensor sits on the skin",
    ),
    ("turn only", FitOptions(move=NOWHERE), "Rotation; the sensor stays where it is"),
    (
        "arm only",
        FitOptions(rotation=False, move=ANYWHERE),
        "A lever arm; the rotation stays as it is",
    ),
)
_AXES = "xyz"
_TURNS = (
    ("roll", "About the sensor's x, along the limb away from the trunk"),
    ("pitch", "About y, across the limb"),
    ("yaw", "About z, out of the skin"),
)


class PlacementForm(QWidget):
    """Turn and lever arm of the chosen sensor, live; and what its recording says of them."""

    def __init__(
        self, session: Session, placing: Placing, jobs: JobCentre, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._placing, self._jobs = session, placing, jobs
        self._filling = False
        self._job: JobRun | None = None
        self._found: FittedPlacement | None = None  # while it waits for an answer
        self._told_of: Sensor | None = None  # as `result` describes it
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self.title = QLabel()
        self.turns = [self._box("°", 180.0, tip) for _, tip in _TURNS]
        self.arms = [
            self._box(" mm", 500.0, f"From the site on the skin, along its {axis}")
            for axis in _AXES
        ]
        self.straighten = QPushButton("Straighten")
        self.straighten.setToolTip("No turn, no lever arm")
        self.straighten.clicked.connect(self._on_straighten)
        self.what = QComboBox()
        for text, _, tip in _CHOICES:
            self.what.addItem(text)
            self.what.setItemData(self.what.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.fit = QPushButton("Fit placement to this recording")
        self.fit.clicked.connect(self._on_fit)
        self.result = QLabel(wordWrap=True)
        self.result.setMinimumWidth(1)
        self.result.setToolTip("RMSE of virtual minus real over all axes, before → after the fit")
        self.apply, self.dismiss = QPushButton("Apply"), QPushButton("Dismiss")
        self.apply.clicked.connect(self._on_apply)
        self.dismiss.clicked.connect(self._on_dismiss)
        self._lay_out()
        placing.layout_changed.connect(self._on_layout)
        session.sensor_changed.connect(lambda _name: self._on_sensor())
        session.clip_opening.connect(lambda _clip: self._on_sensor())
        session.clip_opened.connect(self._refresh)
        self._refresh()

    def _box(self, suffix: str, limit: float, tip: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(minimum=-limit, maximum=limit, decimals=1, suffix=suffix)
        box.setWrapping(suffix == "°")
        box.setToolTip(tip)
        box.setMinimumWidth(64)
        box.valueChanged.connect(lambda _value: self._on_numbers())
        box.editingFinished.connect(self._on_settled)
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for row, (text, boxes) in enumerate((("Turn", self.turns), ("Arm", self.arms))):
            grid.addWidget(QLabel(text), row, 0)
            for column, box in enumerate(boxes):
                grid.addWidget(box, row, column + 1)
                grid.setColumnStretch(column + 1, 1)
        head, fit, answer = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (head, (self.title, self.straighten)),
            (fit, (self.fit, self.what)),
            (answer, (self.apply, self.dismiss)),
        ):
            row.setSpacing(4)
            for i, widget in enumerate(widgets):
                row.addWidget(widget, 0 if (row is head and i) else 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(grid)
        column.addLayout(fit)
        column.addWidget(self.result)
        column.addLayout(answer)

    # -- showing -------------------------------------------------------------------------

    def _on_sensor(self) -> None:
        if self._settle.isActive():
            self._on_settled()
        self._forget()
        self._refresh()

    def _on_layout(self) -> None:
        # Once the sensor sits elsewhere, what was said of it is past: answered, undone or not.
        unanswered = self._found is not None and not self._placing.trying
        if self._told_of is not None and (unanswered or self._placing.sensor != self._told_of):
            self._forget()
        self._refresh()

    def _refresh(self) -> None:
        sensor = self._placing.sensor
        editable = sensor is not None and self._placing.possible
        self._fill(sensor)
        for widget in (*self.turns, *self.arms, self.straighten):
            widget.setEnabled(editable)
        loaded = self._session.loaded
        has = loaded is not None and loaded.motion is not None and sensor is not None
        worn = has and recording_of(loaded, sensor.name) is not None
        self.fit.setEnabled(editable and worn and self._job is None)
        self.what.setEnabled(self.fit.isEnabled())
        self.fit.setToolTip(
            "Least squares on the first 60 %, judged on the rest, which the fit never sees"
            if worn
            else "Open a clip with a motion and a recording of this sensor"
        )
        offered = self._found is not None and self._found.fit.worth_it
        self.apply.setVisible(offered)
        self.dismiss.setVisible(offered)
        self.result.setVisible(bool(self.result.text()))

    def _fill(self, sensor: Sensor | None) -> None:
        self._filling = True
        mount = sensor.mount if sensor is not None else SensorMount()
        self.title.setText(f"<b>{spoken(sensor.name).capitalize()}</b>" if sensor else "No sensor")
        self.title.setToolTip(_where(sensor))
        values = (*angles_of(mount), *(_MM * arm for arm in mount.lever_arm_m))
        for box, value in zip((*self.turns, *self.arms), values, strict=True):
            if abs(box.value() - value) > 0.051:  # what is typed stays as it is typed
                box.setValue(value)
        self._filling = False

    # -- numbers -------------------------------------------------------------------------

    def _on_numbers(self) -> None:
        sensor = self._placing.sensor
        if self._filling or sensor is None:
            return
        roll, pitch, yaw = (box.value() for box in self.turns)
        x, y, z = (box.value() / _MM for box in self.arms)
        self._placing.try_sensor(replace(sensor, mount=mount_of((roll, pitch, yaw), (x, y, z))))
        self._settle.start()

    def _on_settled(self) -> None:
        self._settle.stop()
        if self._found is None:
            self._placing.settle("Mount")

    def _on_straighten(self) -> None:
        sensor = self._placing.sensor
        if sensor is not None:
            self._placing.try_sensor(replace(sensor, mount=SensorMount()))
            self._placing.settle("Straighten")

    # -- the fit -------------------------------------------------------------------------

    def _on_fit(self) -> None:
        session, project = self._session, self._session.project
        self._on_dismiss()
        sensor, clip_id = self._placing.sensor, session.clip_id
        if project is None or sensor is None or clip_id is None:
            return
        _, options, _ = _CHOICES[self.what.currentIndex()]

        def done(found: FittedPlacement) -> None:
            if session.clip_id == clip_id and self._placing.sensor == sensor:
                self._offer(found)
            else:
                session.message.emit(f"The fit of {spoken(sensor.name)} came too late for its clip")

        self._job = self._jobs.start(
            f"Fit {spoken(sensor.name)}",
            fit_sensor, project, session.folder, clip_id, sensor, options,
            on_done=done, on_end=self._on_fit_end,
        )  # fmt: skip
        self._refresh()

    def _on_fit_end(self) -> None:
        self._job = None
        self._refresh()

    def _offer(self, found: FittedPlacement) -> None:
        self.result.setText(told(found))
        self._told_of = self._placing.sensor
        if found.fit.worth_it:
            self._found, self._told_of = found, found.sensor
            self._placing.try_sensor(found.sensor)
        self._refresh()

    def _on_apply(self) -> None:
        self._found = None
        self._placing.settle("Fit")
        self._refresh()

    def _on_dismiss(self) -> None:
        if self._found is not None:
            self._placing.cancel()
        self._forget()
        self._refresh()

    def _forget(self) -> None:
        self._found, self._told_of = None, None
        self.result.setText("")


def told(found: FittedPlacement) -> str:
    """What a fit found, and what it gains where it has not looked; rich text."""
    fit, mount = found.fit, found.sensor.mount
    head = (
        f"{100 * fit.gain:.0f} % less residual on the held-out part."
        if fit.worth_it
        else "No gain on the held-out part: not applied."
    )
    gap = "&nbsp;" * 4
    cells = [
        ("", f"fitted {_span(fit.fit_span)}", f"held out {_span(fit.test_span)}"),
        (
            "m/s²",
            _arrow(fit.fit_before.acc, fit.fit_after.acc, 3),
            _arrow(fit.test_before.acc, fit.test_after.acc, 3),
        ),
        (
            "rad/s",
            _arrow(fit.fit_before.gyro, fit.fit_after.gyro, 4),
            _arrow(fit.test_before.gyro, fit.test_after.gyro, 4),
        ),
    ]
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}{gap}</td>" for cell in row) + "</tr>"
        for row in cells
        if row[1]
    )
    turn = ", ".join(f"{angle + 0.0:.1f}" for angle in np.round(angles_of(mount), 1))
    arm = ", ".join(f"{value + 0.0:.1f}" for value in np.round(_MM * _array(mount), 1))
    sure = _MM * max(0.0001, float(fit.arm_sd_m.max()))
    lines = [
        f"<b>{head}</b><table>{rows}</table>Turn {turn}°, arm {arm} mm"
        + (f" ± {sure:.1f}" if fit.arm_sd_m.any() else "")
    ]
    if fit.doubts:
        lines.append(f"{fit.doubts[0].upper()}{fit.doubts[1:]}.")
    return "<br>".join(lines)


def _array(mount: SensorMount) -> np.ndarray:
    return np.asarray(mount.lever_arm_m)


def _span(span: tuple[float, float]) -> str:
    return f"{span[0]:.0f}–{span[1]:.0f}&nbsp;s"


def _arrow(before: float | None, after: float | None, digits: int) -> str:
    if before is None or after is None:
        return ""
    return f"{before:.{digits}f}&nbsp;→&nbsp;{after:.{digits}f}"


def _where(sensor: Sensor | None) -> str:
    if sensor is None:
        return ""
    first, last = (spoken(name) for name in sensor.site.bone)
    return (
        f"On the bone from {first} to {last}, {100 * sensor.site.along:.0f} % of the way; "
        f"it moves with {spoken(sensor.site.joint)}"
    )
