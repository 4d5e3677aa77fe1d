"""The sliders of the body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.project import Clip
from harstudio.gui.panels.body import BodyPanel, shape_text
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.what_if import WhatIf


@pytest.fixture
def what_if(session: Session) -> WhatIf:
    return WhatIf(session, Placing(session))


@pytest.fixture
def panel(qtbot: QtBot, session: Session, what_if: WhatIf) -> BodyPanel:
    panel = BodyPanel(session, what_if)
    qtbot.addWidget(panel)
    panel.show()
    assert panel._pages.currentIndex() == 0
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    return panel


def test_there_is_a_slider_for_each_way_the_body_varies(panel: BodyPanel, what_if: WhatIf) -> None:
    assert [row.name.text() for row in panel._rows][:2] == ["Stature", "Weight"]
    assert len(panel._rows) == len(what_if.body.shape_names)
    assert panel._pages.currentIndex() == 1
    assert not panel.reset.isEnabled()


def test_a_slider_moves_its_number_and_the_body_and_only_that_coefficient(
    panel: BodyPanel, what_if: WhatIf
) -> None:
    panel._rows[1].slider.setValue(30)
    assert panel._rows[1].number.value() == 1.5
    expected = what_if.recorded.copy()
    expected[1] = 1.5
    np.testing.assert_array_equal(what_if.betas, expected)
    panel._rows[1].number.setValue(-0.25)
    assert panel._rows[1].slider.value() == -5
    assert what_if.betas[1] == -0.25


def test_reset_shows_the_person_recorded(panel: BodyPanel, what_if: WhatIf) -> None:
    panel.other.click()
    assert what_if.person is not None
    assert np.abs(panel.values).max() <= 2.0
    first = panel.values
    panel.other.click()
    assert not np.allclose(first, panel.values)
    panel.reset.click()
    assert what_if.person is None
    np.testing.assert_array_equal(panel.values, what_if.recorded)
    assert not panel.reset.isEnabled()


def test_the_other_body_is_laid_over_the_recorded_one_on_request(
    panel: BodyPanel, what_if: WhatIf
) -> None:
    panel.over.click()
    assert what_if.beside
    what_if.show_beside(False)
    assert not panel.over.isChecked()


def test_it_fits_a_narrow_dock(panel: BodyPanel) -> None:
    inner = panel._pages.widget(1).widget()
    assert inner.minimumSizeHint().width() <= 281


def test_names_are_read_as_words() -> None:
    assert shape_text("arm_length") == "Arm length"
    assert shape_text("beta 3") == "Beta 3"


def test_a_clip_that_goes_takes_shape_and_sensor_along(
    panel: BodyPanel, what_if: WhatIf, session: Session
) -> None:
    what_if.measure("pelvis")
    panel.other.click()
    session.close_clip()
    assert panel._pages.currentIndex() == 0
    assert (what_if.person, what_if.probe) == (None, None)
    assert session.sensor in session.project.layout.names


def test_another_clip_comes_while_shape_and_sensor_are_shown(
    qtbot: QtBot, panel: BodyPanel, what_if: WhatIf, session: Session, labelled_clip: Clip
) -> None:
    session.edit("x", session.project.with_clips([replace(labelled_clip, id="two", name="two")]))
    what_if.measure("pelvis")
    panel.other.click()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("two")  # an error in a slot fails the test
    np.testing.assert_array_equal(panel.values, what_if.recorded)
