"""Asking for films, pictures and meshes: what can be chosen, and what then happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Project
from harstudio.gui.exchange import filming
from harstudio.gui.exchange.film_dialogs import (
    FilmDialog,
    MeshDialog,
    PictureDialog,
    Stretch,
    size_text,
)
from harstudio.gui.main_window import MainWindow
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import DARK, LIGHT, Theme
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.films import GIF, FilmPlan

STRETCHES = [Stretch("The segment “walking”", 0.5, 1.5), Stretch("The whole clip", 0.0, 4.0)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def opened(qtbot: QtBot, session: Session) -> Session:
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    return session


@pytest.fixture
def window(
    qtbot: QtBot, settings: Settings, theme: Theme, project: Project, tmp_path: Path
) -> Iterator[MainWindow]:
    """The window with the labelled clip open."""
    path = tmp_path / "window.harstudio"
    ProjectFile.create(path, project).close()
    result = MainWindow(settings, theme)
    result.resize(1280, 720)
    result.show()
    qtbot.waitExposed(result)
    with qtbot.waitSignal(result.session.clip_opened):
        result.open_path(path)
    yield result
    result.close()
    result.deleteLater()


def film_dialog(qtbot: QtBot, settings: Settings | None = None, **changes: Any) -> FilmDialog:
    words = {"tiers": ("bob",), "sensor": "right wrist", "follows": True, **changes}
    follows = words.pop("follows")
    dialog = FilmDialog(
        STRETCHES, words["tiers"], words["sensor"], LIGHT, follows=follows, settings=settings
    )
    qtbot.addWidget(dialog)
    return dialog


# -- which stretch -----------------------------------------------------------------------


def test_what_is_selected_comes_first_then_the_loop_then_all(opened: Session) -> None:
    opened.select_segment(0)
    found = filming.stretches(opened, (1.0, 2.0))
    assert [(s.start_s, s.end_s) for s in found] == [(0.5, 1.5), (1.0, 2.0), (0.0, 4.0)]
    assert found[0].name == "The segment “walking”"
    opened.select_range(3.0, 9.0)
    first = filming.stretches(opened, None)[0]
    assert (first.name, first.start_s, first.end_s) == ("In to out", 3.0, 4.0)


def test_a_selection_without_length_cannot_be_filmed(opened: Session) -> None:
    opened.select_range(2.0, 2.001)
    assert [s.name for s in filming.stretches(opened, None)] == ["The whole clip"]


# -- captions ----------------------------------------------------------------------------


def test_captions_hold_the_active_tier_and_a_second_one_by_name(opened: Session) -> None:
    clip = opened.clip.with_track(LabelTrack((Segment(0.0, 4.0, "idle"),)), "bob")
    opened.edit_clip("Add a tier", clip)
    captions = filming.captions_for(opened, FilmPlan(0.0, 4.0), second="bob", strip=True)
    assert [tier.at(1.0)[0] for tier in captions.tiers] == ["walking", "idle"]
    assert [tier.name for tier in captions.tiers] == ["", "bob"]
    assert (captions.title, captions.strip is not None) == ("swing", True)
    opened.select_tier("bob")
    captions = filming.captions_for(opened, FilmPlan(0.0, 4.0), words=False, second=MINE)
    assert [tier.at(1.0)[0] for tier in captions.tiers] == ["idle", "walking"]
    assert captions.tiers[1].name == "mine"
    assert (captions.title, captions.clock, captions.strip) == ("", False, None)


def test_without_labels_nothing_of_them_is_written(opened: Session) -> None:
    assert filming.captions_for(opened, FilmPlan(0.0, 4.0), labels=False).tiers == ()


# -- the dialogs -------------------------------------------------------------------------


def test_a_film_is_planned_as_chosen(qtbot: QtBot) -> None:
    dialog = film_dialog(qtbot)
    assert dialog.plan == FilmPlan(0.5, 1.5, 1280, 720, 25.0, 1.0, ".mp4")
    dialog.stretch.setCurrentIndex(1)
    dialog.size.setCurrentIndex(2)
    dialog.rate.setCurrentIndex(3)
    dialog.speed.setCurrentIndex(0)
    assert dialog.plan == FilmPlan(0.0, 4.0, 1080, 1080, 60.0, 0.25, ".mp4")
    assert "960 frames, 16.0 s, about" in dialog.text.text()


def test_a_gif_offers_its_own_rates_and_says_that_it_is_larger(qtbot: QtBot) -> None:
    dialog = film_dialog(qtbot)
    dialog.format.setCurrentIndex(dialog.format.findData(GIF))
    assert [dialog.rate.itemData(i) for i in range(dialog.rate.count())] == [12.5, 25.0]
    assert dialog.plan.rate_hz == 25.0  # kept, since a GIF has it too
    assert "about 3 MB" in dialog.text.text()


def test_it_says_whether_the_camera_follows(qtbot: QtBot) -> None:
    assert "follows the body" in film_dialog(qtbot).text.text()
    assert "stands still" in film_dialog(qtbot, follows=False).text.text()


def test_what_is_not_there_is_not_offered(qtbot: QtBot) -> None:
    dialog = film_dialog(qtbot, tiers=(), sensor="")
    assert not dialog.form.isRowVisible(dialog.second)
    assert not dialog.strip.isEnabled()


def test_answers_are_remembered_but_the_stretch(qtbot: QtBot, settings: Settings) -> None:
    dialog = film_dialog(qtbot, settings)
    dialog.stretch.setCurrentIndex(1)
    dialog.format.setCurrentIndex(1)
    dialog.rate.setCurrentIndex(0)
    dialog.theme.setCurrentIndex(2)
    dialog.labels.setChecked(False)
    dialog.buttons["Make film …"].click()
    again = film_dialog(qtbot, settings)
    assert again.plan == FilmPlan(0.5, 1.5, 1280, 720, 12.5, 1.0, GIF)
    assert again.theme.currentData() is DARK
    assert not again.labels.isChecked()


@pytest.mark.parametrize("words", ["", "{", "[1]", '{"format": 3, "labels": "no", "rate": "x"}'])
def test_answers_that_cannot_be_read_are_as_when_new(
    qtbot: QtBot, settings: Settings, words: str
) -> None:
    settings.keep_choice("film", words)
    assert film_dialog(qtbot, settings).plan == film_dialog(qtbot).plan


def test_a_picture_is_one_two_or_four_times_as_large(qtbot: QtBot, settings: Settings) -> None:
    dialog = PictureDialog((500, 400), LIGHT, settings)
    qtbot.addWidget(dialog)
    sizes = []
    for row in range(dialog.scale.count()):
        dialog.scale.setCurrentIndex(row)
        sizes.append(dialog.size_px)
    assert sizes == [(500, 400), (1000, 800), (2000, 1600)]
    assert "2,000 × 1,600" in dialog.text.text()


def test_a_mesh_says_which_way_is_up(qtbot: QtBot) -> None:
    dialog = MeshDialog(1.5)
    qtbot.addWidget(dialog)
    said = []
    for row in range(dialog.format.count()):
        dialog.format.setCurrentIndex(row)
        said.append((dialog.format.currentData(), "y up" in dialog.text.text()))
    assert said == [(".glb", True), (".obj", False), (".ply", False), (".stl", False)]
    assert "00:01.50" in dialog.text.text()


def test_sizes_are_said_roughly() -> None:
    counts = (10, 340_000, 1_200_000, 9_400_000, 94_000_000)
    said = ["about 100 kB", "about 300 kB", "about 1 MB", "about 9 MB", "about 90 MB"]
    assert [size_text(count) for count in counts] == said


# -- in the window -----------------------------------------------------------------------


def answer(monkeypatch: pytest.MonkeyPatch, dialog: type, button: str, path: Path | None) -> None:
    """The person presses a button of a dialog, then names a file."""
    monkeypatch.setattr(dialog, "asked", lambda _self: button)
    name = "" if path is None else str(path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))


def test_a_film_is_made_beside_the_window(
    display: None, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.session.select_range(0.5, 0.7)
    answer(monkeypatch, FilmDialog, "Make film …", tmp_path / "film")
    window.menus.actions["film"].trigger()
    assert [job.title for job in window.jobs.running] == ["Film film.mp4"]
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert "Film written" in window.statusBar().currentMessage()


def test_closing_the_window_leaves_no_half_film(
    display: None, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "films").mkdir()
    answer(monkeypatch, FilmDialog, "Make film …", tmp_path / "films/film.mp4")
    monkeypatch.setattr(window, "_may_cancel_jobs", lambda: True)
    window.menus.actions["film"].trigger()
    qtbot.waitUntil(lambda: window.jobs.running[0].progress.done > 1, timeout=10_000)
    window.close()
    assert list((tmp_path / "films").iterdir()) == []


def test_a_picture_is_saved_and_copied(
    display: None, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from PySide6.QtGui import QImage

    answer(monkeypatch, PictureDialog, PictureDialog.SAVE, tmp_path / "a.b")
    window.menus.actions["picture"].trigger()
    saved = QImage(str(tmp_path / "a.b.png"))
    stage = window.viewport.stage
    assert saved.size() == stage.size() * stage.devicePixelRatioF()
    window.menus.actions["picture_copy"].trigger()
    assert QApplication.clipboard().image().size() == saved.size()


def test_leaving_a_dialog_does_nothing(
    display: None, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    for dialog, button, path in (
        (FilmDialog, "", tmp_path / "x"), (FilmDialog, "Make film …", None),
        (PictureDialog, "", tmp_path / "x"), (PictureDialog, PictureDialog.SAVE, None),
        (MeshDialog, "", tmp_path / "x"), (MeshDialog, "Export …", None),
    ):  # fmt: skip
        answer(monkeypatch, dialog, button, path)
        name = {FilmDialog: "film", PictureDialog: "picture", MeshDialog: "mesh"}[dialog]
        window.menus.actions[name].trigger()
    assert window.jobs.running == ()
    assert set(tmp_path.iterdir()) == before


def test_a_mesh_is_exported_with_or_without_opengl(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, MeshDialog, "Export …", tmp_path / "body.glb")
    window.clock.seek(1.0)
    window.menus.actions["mesh"].trigger()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    assert (tmp_path / "body.glb").stat().st_size > 100_000


COMMANDS = ("film", "picture", "picture_copy")


def test_without_opengl_a_film_says_why_not(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = window.viewport.stage
    monkeypatch.setattr(stage, "opengl", replace(stage.opengl, problem="No OpenGL here"))
    for command in COMMANDS:
        window.tell("")
        window.menus.actions[command].trigger()
        assert "No OpenGL here" in window.statusBar().currentMessage()
    assert window.jobs.running == ()


def test_while_the_next_clip_is_read_the_last_one_is_not_filmed_in_its_name(
    display: None, qtbot: QtBot, window: MainWindow
) -> None:
    session = window.session
    other = replace(session.clip, id="other", name="other")
    session.edit_clip("Add a clip", other)
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("other")
        for command in COMMANDS:
            window.tell("")
            window.menus.actions[command].trigger()
            assert "still being read" in window.statusBar().currentMessage()


def test_no_clip_is_no_tier(session: Session) -> None:
    with pytest.raises(HarstudioError, match="no clip is open"):
        filming.tier_of(session, MINE)
    assert filming.stretches(session, None) == []
