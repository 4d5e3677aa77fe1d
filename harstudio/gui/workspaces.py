"""The three arrangements of the same docks: Review, Compare, Learn."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

WORKSPACES = ("review", "compare", "learn")

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_MARK = "\u200b"  # invisible, and in no title
_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget], name: str) -> None:
    """Put the docks where a workspace has them when it is new.

    Parameters
    ----------
    docks : mapping
        library, signals, timeline, labels, segments, agreement, sensors, align, body, train,
        results, runs, history.
    """
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    # Results and alignment need height, so the right side goes all the way down; in Review the
    # timeline takes the whole width instead.
    right = _BOTTOM if name == "review" else _RIGHT
    window.setCorner(Qt.Corner.BottomRightCorner, right)
    {"review": _review, "compare": _compare, "learn": _learn}[name](window, docks)
    window.restoreState(window.saveState())  # or Qt forgets the tabs of docks that were hidden
    settle(window, docks)


def settle(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Set title bars and tab bars right after the docks have been put elsewhere."""
    name_docks(window, docks)
    retire_tabs(window, docks)


def name_docks(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Give a title bar to docks that stand alone; in a group the tab is name enough."""
    for dock in docks.values():
        grouped = bool(window.tabifiedDockWidgets(dock)) and not dock.isFloating()
        bare = dock.titleBarWidget() is not None
        if grouped and not bare:
            dock.setTitleBarWidget(QWidget(dock))
        elif bare and not grouped:
            dock.titleBarWidget().deleteLater()
            dock.setTitleBarWidget(None)


def retire_tabs(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Hide the tab bars that Qt leaves behind when an arrangement takes another's place.

    A bar in use follows its docks' titles; one left behind keeps the old words.
    """
    titles = {dock: dock.windowTitle() for dock in docks.values()}
    for dock, title in titles.items():
        dock.setWindowTitle(title + _MARK)
    children = Qt.FindChildOption.FindDirectChildrenOnly
    for bar in window.findChildren(QTabBar, options=children):
        if bar.count():
            used = any(_MARK in bar.tabText(i) for i in range(bar.count()))
            bar.setVisible(used and bar.count() > 1)  # one tab is no choice
    for dock, title in titles.items():
        dock.setWindowTitle(title)


def _show(window: QMainWindow, area: Qt.DockWidgetArea, dock: QDockWidget) -> None:
    window.addDockWidget(area, dock)
    dock.show()


def _tabs(window: QMainWindow, docks: list[QDockWidget]) -> None:
    for dock in docks[1:]:
        window.tabifyDockWidget(docks[0], dock)
        dock.show()
    docks[0].raise_()


def _tabs_hidden(window: QMainWindow, front: QDockWidget, *docks: QDockWidget) -> None:
    """Docks that a command brings up beside others: so many tabs could not be read."""
    for dock in docks:
        window.tabifyDockWidget(front, dock)
        dock.hide()


def _below(window: QMainWindow, upper: QDockWidget, lower: QDockWidget) -> None:
    window.splitDockWidget(upper, lower, _DOWN)
    lower.show()


def _review(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    _show(window, _LEFT, docks["library"])
    _show(window, _RIGHT, docks["signals"])
    _below(window, docks["signals"], docks["labels"])
    _tabs(window, [docks[n] for n in ("labels", "sensors", "align", "history", "train", "results")])
    _tabs(window, [docks[n] for n in ("library", "segments", "agreement")])  # tables need height
    _tabs_hidden(window, docks["library"], docks["body"])
    _tabs_hidden(window, docks["labels"], docks["runs"])
    _show(window, _BOTTOM, docks["timeline"])
    width, height = window.width(), window.height()
    window.resizeDocks(
        [docks["library"], docks["signals"]], [int(width * 0.27), int(width * 0.32)], _ACROSS
    )
    window.resizeDocks(
        [docks["signals"], docks["labels"]], [int(height * 0.44), int(height * 0.31)], _DOWN
    )
    window.resizeDocks([docks["timeline"]], [176], _DOWN)


def _compare(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    _show(window, _LEFT, docks["library"])
    _show(window, _RIGHT, docks["align"])
    _tabs(window, [docks[n] for n in ("align", "sensors", "labels", "history", "train", "results")])
    _tabs_hidden(window, docks["library"], docks["body"], docks["segments"], docks["agreement"])
    _tabs_hidden(window, docks["align"], docks["runs"])
    for name in ("history", "train", "results"):  # six tabs could not be read; a command shows them
        docks[name].hide()
    _show(window, _BOTTOM, docks["signals"])
    _below(window, docks["signals"], docks["timeline"])
    width, height = window.width(), window.height()
    window.resizeDocks(
        [docks["library"], docks["align"]], [int(width * 0.22), int(width * 0.26)], _ACROSS
    )
    window.resizeDocks([docks["signals"], docks["timeline"]], [int(height * 0.4), 168], _DOWN)


def _learn(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    _show(window, _RIGHT, docks["train"])
    _tabs(window, [docks[n] for n in ("train", "results", "runs", "history")])
    _show(window, _LEFT, docks["library"])
    _tabs(window, [docks[n] for n in ("library", "labels", "sensors", "align")])
    _tabs_hidden(window, docks["library"], docks["body"], docks["segments"], docks["agreement"])
    _show(window, _BOTTOM, docks["timeline"])
    _tabs(window, [docks["timeline"], docks["signals"]])
    width = window.width()
    window.resizeDocks(
        [docks["library"], docks["train"]], [int(width * 0.2), int(width * 0.5)], _ACROSS
    )
    window.resizeDocks([docks["timeline"]], [176], _DOWN)
