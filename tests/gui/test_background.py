"""Work beside the window: only the latest request counts, and errors come to light."""

from __future__ import annotations

from threading import Event

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from harstudio.gui.background import Background


@pytest.fixture
def background(qapp: QApplication) -> Background:
    return Background()


def test_a_result_arrives_in_the_windows_thread(background: Background, qtbot: QtBot) -> None:
    arrived: list[tuple[object, object]] = []
    background.run(
        QThread.currentThread,
        lambda thread: arrived.append((thread, QThread.currentThread())),
        now=False,
    )
    qtbot.waitUntil(lambda: bool(arrived))
    worked_in, told_in = arrived[0]
    assert told_in is QThread.currentThread()
    assert worked_in is not told_in


def test_what_is_overtaken_is_dropped(background: Background, qtbot: QtBot) -> None:
    go, arrived = Event(), []
    background.run(lambda: go.wait(5.0) and "first", arrived.append, now=False)
    background.run(lambda: "second", arrived.append, now=False)
    go.set()
    qtbot.waitUntil(lambda: bool(arrived))
    background.wait()
    assert arrived == ["second"]


def test_an_error_is_raised_in_the_windows_thread(background: Background, qtbot: QtBot) -> None:
    with qtbot.captureExceptions() as raised:
        background.run(lambda: 1 / 0, lambda _: None, now=False)
        background.wait()
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError


def test_an_error_that_is_returned_is_a_result(background: Background, qtbot: QtBot) -> None:
    error, arrived = ValueError("told"), []
    background.run(lambda: error, arrived.append, now=False)
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived == [error]
