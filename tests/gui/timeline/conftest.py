"""The timeline with the clip open."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.timeline.panel import TimelinePanel


@pytest.fixture
def panel(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> TimelinePanel:
    """The panel with the clip open, 880 px wide: 200 px a second."""
    result = TimelinePanel(session, clock, window, theme)
    qtbot.addWidget(result)
    result.resize(880, 260)
    session.open_clip("swing")
    result.show()
    qtbot.waitExposed(result)
    return result
