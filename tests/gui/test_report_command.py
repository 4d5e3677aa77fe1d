"""The report command: asks for a folder, works in a child process, tells where the files are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from harstudio.core.project import Project
from harstudio.gui.main_window import MainWindow
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.store.project_file import ProjectFile


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path, project: Project, theme: Theme) -> Iterator[MainWindow]:
    path = tmp_path / "window.harstudio"
    ProjectFile.create(path, project).close()
    window = MainWindow(Settings(tmp_path / "settings.ini"), theme)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.session.clip_opened):
        window.open_path(path)
    yield window
    window.close()
    window.deleteLater()


def test_the_report_lands_in_the_chosen_folder(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    told: list[str] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(out))
    monkeypatch.setattr(opened, "tell", told.append)
    action = opened.menus.actions["report"]
    assert action.isEnabled()
    action.trigger()
    qtbot.waitUntil(lambda: any("files in" in text for text in told), timeout=60_000)
    assert (out / "fidelity.csv").exists()
    assert (out / "traces_acc.png").read_bytes().startswith(b"\x89PNG")
    assert {path.suffix for path in out.glob("traces_acc.*")} == {".png", ".svg", ".pdf"}
    assert told[-1].startswith("1 clip compared")


def test_an_earlier_report_is_replaced_only_after_asking(
    opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fidelity.csv").write_text("of last week")
    started: list[object] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(tmp_path))
    monkeypatch.setattr(QMessageBox, "question", lambda *_a, **_k: answers.pop(0))
    monkeypatch.setattr(opened.jobs, "start", lambda *a, **_k: started.append(a))
    opened.menus.actions["report"].trigger()
    assert started == []
    opened.menus.actions["report"].trigger()
    assert len(started) == 1
    assert answers == []


def test_no_folder_no_report(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: "")
    monkeypatch.setattr(opened.jobs, "start", lambda *a, **_k: started.append(a))
    opened.menus.actions["report"].trigger()
    assert started == []


def test_without_a_recording_there_is_nothing_to_report(
    opened: MainWindow, project: Project
) -> None:
    from dataclasses import replace

    clip = next(iter(project.clips.values()))
    opened.session.edit("Drop", project.with_clips([replace(clip, recordings=())]))
    assert not opened.menus.actions["report"].isEnabled()
