"""Another body shape and a sensor at a joint: seen in views, written nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from harstudio.body.contact import ground_height, soles_of
from harstudio.body.kinematics import joint_frames
from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY
from harstudio.core.labels import Segment
from harstudio.core.project import Clip
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.what_if import WhatIf, hip_height, other_person

TALL = np.array([2.0, 0, 0, 0, 0, 2.0, 0, 0, 0, 0])


@pytest.fixture
def what_if(qtbot: QtBot, session: Session) -> WhatIf:
    result = WhatIf(session, Placing(session))
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    return result


def test_another_shape_is_seen_in_the_signals_and_written_nowhere(
    qtbot: QtBot, what_if: WhatIf, session: Session
) -> None:
    before, project, steps = session.virtual, session.project, session.undo_stack.count()
    with qtbot.waitSignal(session.virtual_changed):
        what_if.shape(TALL)
    assert session.virtual.sensors == before.sensors
    # A longer arm on the same swing: more acceleration at the wrist.
    swing = np.ptp(before.acc_mps2[:, 0], axis=0).max()
    assert np.ptp(session.virtual.acc_mps2[:, 0], axis=0).max() > 1.02 * swing
    assert session.project is project
    assert session.undo_stack.count() == steps
    with qtbot.waitSignal(session.virtual_changed):
        what_if.reset_shape()
    assert session.virtual is before
    assert what_if.person is None


def test_many_moves_of_a_slider_are_one_simulation(
    qtbot: QtBot, what_if: WhatIf, session: Session
) -> None:
    shown: list[int] = []
    session.virtual_changed.connect(lambda: shown.append(1))
    for share in np.linspace(0.1, 1.0, 30):
        what_if.shape(share * TALL)
    with qtbot.waitSignal(session.virtual_changed):
        pass
    assert len(shown) == 1
    np.testing.assert_allclose(what_if.betas, TALL)


def test_the_recorded_shape_is_no_other_shape(what_if: WhatIf) -> None:
    what_if.shape(what_if.recorded)
    assert what_if.person is None


def test_other_legs_stand_on_the_same_ground_and_the_pelvis_keeps_its_path(
    what_if: WhatIf, session: Session
) -> None:
    loaded = session.loaded
    person = other_person(loaded, TALL)
    own = ground_height(loaded.shaped, loaded.motion, soles_of(loaded.shaped))
    its = ground_height(person.shaped, person.motion, soles_of(person.shaped))
    assert its == pytest.approx(own, abs=0.01)
    before = joint_frames(loaded.shaped, loaded.motion).positions[:, 0]
    after = joint_frames(person.shaped, person.motion).positions[:, 0]
    rise = hip_height(person.shaped) - hip_height(loaded.shaped)
    assert rise > 0.05
    np.testing.assert_allclose(after - before, np.tile((0, 0, rise), (len(after), 1)), atol=1e-9)


def test_a_sensor_at_a_joint_is_chosen_and_has_signals(what_if: WhatIf, session: Session) -> None:
    what_if.measure("pelvis")
    assert session.sensor == "pelvis_joint"
    virtual = session.virtual
    at = virtual.sensor_index("pelvis_joint")
    # The pelvis stands still, so all there is is gravity, along its own up.
    acc = virtual.acc_mps2[virtual.valid_mask][:, at]
    np.testing.assert_allclose(acc, np.tile((0.0, GRAVITY, 0.0), (len(acc), 1)), atol=0.02)
    assert "pelvis_joint" not in session.project.layout.names


def test_another_joint_takes_its_place_and_forgetting_it_chooses_a_real_sensor(
    qtbot: QtBot, what_if: WhatIf, session: Session
) -> None:
    what_if.measure("pelvis")
    what_if.measure("left_knee")
    assert session.sensor == "left_knee_joint"
    assert "pelvis_joint" not in session.virtual.sensors
    with qtbot.waitSignal(session.virtual_changed):
        what_if.forget_probe()
    assert session.sensor == session.project.layout.names[0]
    assert session.virtual is session.loaded.virtual


def test_the_sensor_at_the_joint_is_worn_by_the_other_body(
    qtbot: QtBot, what_if: WhatIf, session: Session
) -> None:
    what_if.measure("right_elbow")
    index = session.virtual.sensor_index("right_elbow_joint")
    before = np.ptp(session.virtual.acc_mps2[:, index], axis=0).max()
    with qtbot.waitSignal(session.virtual_changed):
        what_if.shape(np.array([0, 0, 0, 0, 3.0, 0, 0, 0, 0, 0]))
    after = np.ptp(session.virtual.acc_mps2[:, index], axis=0).max()
    assert after > 1.001 * before


def test_a_label_does_not_end_it_and_another_layout_keeps_it(
    qtbot: QtBot, what_if: WhatIf, session: Session
) -> None:
    with qtbot.waitSignal(session.virtual_changed):
        what_if.shape(TALL)
    session.edit_labels("x", session.track.paint(Segment(3.0, 3.5, "walking")))
    assert what_if.person is not None
    placing = what_if._placing
    with qtbot.waitSignals([session.clip_opened, session.virtual_changed]):
        placing.use(layout_of(("head",)), "x")
    assert what_if.person is not None
    assert session.virtual.sensors[0] == "head"


def test_another_clip_starts_without_it(
    qtbot: QtBot, what_if: WhatIf, session: Session, labelled_clip: Clip
) -> None:
    session.edit("x", session.project.with_clips([replace(labelled_clip, id="two", name="two")]))
    what_if.measure("pelvis")
    what_if.shape(TALL)
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("two")
    assert what_if.person is None
    assert what_if.probe is None
    assert session.virtual is session.loaded.virtual


def test_without_a_clip_there_is_nothing_to_measure(session: Session) -> None:
    what_if = WhatIf(session, Placing(session))
    what_if.shape(TALL)
    assert what_if.person is None
    with pytest.raises(HarstudioError, match="motion"):
        what_if.measure("pelvis")
