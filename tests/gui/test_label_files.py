"""Importing and exporting labels from the window: what is asked, and what then happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt

from harstudio.core.jobs import finished
from harstudio.core.labels import Segment
from harstudio.core.project import MINE, Project
from harstudio.gui.exchange import label_files
from harstudio.gui.exchange.export_dialogs import (
    ExportLabelsDialog,
    ExportMotionsDialog,
    ExportWindowsDialog,
)
from harstudio.gui.exchange.import_dialog import ImportLabelsDialog
from harstudio.gui.session import Session
from harstudio.io.label_formats.registry import FORMATS
from harstudio.workflows.exchange.exporting import ALL_TIERS
from harstudio.workflows.exchange.labels_import import ADD, REPLACE, read_label_files

ALL = [("All", None)]
ROWS = "tier,start_s,end_s,label\nbob,0,1,Walking\nbob,1,2,sitting\ncarol,0,9,x\n"


@pytest.fixture
def dialog(qtbot: Any, project: Project, tmp_path: Path) -> Callable[..., ImportLabelsDialog]:
    """Maker of the dialog for a label file of the clip "swing"."""

    def make(text: str = ROWS, name: str = "swing.csv") -> ImportLabelsDialog:
        (tmp_path / name).write_text(text)
        read = finished(read_label_files([tmp_path / name]))
        result = ImportLabelsDialog(project, read, next(iter(project.clips.values())))
        qtbot.addWidget(result)
        return result

    return make


def test_it_proposes_a_new_tier_for_each_of_the_files(dialog: Callable[..., Any]) -> None:
    shown = dialog()
    done = shown.result_project
    clip = done.project.clip("swing")
    assert clip.tiers == (MINE, "bob", "carol")
    assert [s.label for s in clip.track("bob").segments] == ["walking", "sitting"]
    assert "3 segments" in shown._said.text()
    assert "cut where their clip" in shown._warning.text()


def test_a_tier_can_be_left_out(dialog: Callable[..., Any]) -> None:
    shown = dialog()
    shown._tiers.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert shown.result_project.project.clip("swing").tiers == (MINE, "carol")
    shown._tiers.item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not shown._ok.isEnabled()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (ADD, [(0, 0.5, "walking"), (0.5, 1.5, "walking"), (1.5, 2.5, "jumping")]),
        (REPLACE, [(0, 1, "walking"), (1, 2, "sitting")]),
    ],
)
def test_ones_own_labels_are_filled_up_or_replaced(
    dialog: Callable[..., Any], mode: str, expected: list[tuple[float, float, str]]
) -> None:
    shown = dialog("tier,start_s,end_s,label\nbob,0,1,walking\nbob,1,2,sitting\n")
    assert not shown._tiers.cellWidget(0, 4).isEnabled()
    shown._tiers.cellWidget(0, 3).setCurrentText("my labels")
    assert shown._tiers.cellWidget(0, 4).isEnabled()
    box = shown._tiers.cellWidget(0, 4)
    box.setCurrentIndex(box.findData(mode))
    track = shown.result_project.project.clip("swing").labels
    assert [(s.start_s, s.end_s, s.label) for s in track.segments] == expected


def test_labels_can_become_others_or_be_left_out(dialog: Callable[..., Any]) -> None:
    shown = dialog()
    rows = {shown._labels.item(row, 0).text(): row for row in range(shown._labels.rowCount())}
    assert shown._labels.item(rows["Walking"], 2).text() == "walking"
    assert shown._labels.item(rows["x"], 3).text() == "new"
    shown._labels.item(rows["sitting"], 2).setText("jumping")
    shown._labels.item(rows["x"], 2).setText("")
    assert shown._labels.item(rows["x"], 3).text() == "left out"
    done = shown.result_project
    assert done.project.clip("swing").track("bob").labels == ("jumping", "walking")
    assert done.new_labels == ()


def test_a_file_that_names_no_clip_goes_to_the_open_one(dialog: Callable[..., Any]) -> None:
    shown = dialog(name="other.csv")
    assert shown._of.currentData() == "swing"
    assert shown.result_project.clips == 1
    shown._of.setCurrentIndex(1)
    assert not shown._ok.isEnabled()
    assert "2 tiers are of no clip" in shown._warning.text()


def test_dates_need_to_know_when_the_clip_begins(dialog: Callable[..., Any]) -> None:
    text = "start,end,label\n2022-03-29 14:25:22+09:00,2022-03-29 14:25:23+09:00,a\n"
    shown = dialog(text)
    shown.show()
    assert shown._begins.text() == "2022-03-29 05:25:22+00:00"
    shown._begins.setText("2022-03-29 05:25:21+00:00")
    shown._match()
    track = shown.result_project.project.clip("swing").tracks[-1][1]
    assert track.segments == (Segment(1, 2, "a"),)
    shown._begins.setText("soon")
    shown._match()
    assert "'soon' is no date" in shown._warning.text()
    assert not shown._ok.isEnabled()


def test_what_was_chosen_for_tiers_stays_while_the_beginning_does(
    dialog: Callable[..., Any],
) -> None:
    shown = dialog()
    shown._tiers.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    shown._tiers.cellWidget(1, 3).setCurrentText("hers")
    shown._begins.editingFinished.emit()
    assert shown.result_project.project.clip("swing").tiers == (MINE, "hers")


def test_typing_does_not_wait_for_what_takes_long(qtbot: Any, dialog: Callable[..., Any]) -> None:
    shown = dialog()
    box = shown._tiers.cellWidget(0, 3)
    shown._took_s = 3.0  # as with eleven thousand clips
    box.setCurrentText("my labels")
    assert not shown._tiers.cellWidget(0, 4).isEnabled()
    qtbot.waitUntil(lambda: shown._tiers.cellWidget(0, 4).isEnabled())


def stand_in(session: Session) -> Any:
    """As much of the window as the commands touch."""
    told: list[str] = []
    jobs: list[tuple[Any, ...]] = []

    def start(title: str, job: Any, *arguments: Any, on_done: Any) -> None:
        jobs.append((title, *arguments))
        on_done(finished(job(*arguments)))

    return SimpleNamespace(
        session=session,
        jobs=SimpleNamespace(start=start, started=jobs),
        library=SimpleNamespace(selected_ids=list),
        tell=told.append,
        told=told,
    )


def test_an_import_is_one_step_to_undo(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImportLabelsDialog, "__init__", _without_parent(ImportLabelsDialog))
    monkeypatch.setattr(ImportLabelsDialog, "exec", lambda self: self.DialogCode.Accepted)
    monkeypatch.setattr(label_files, "show_lines", lambda *_: None)
    (tmp_path / "swing.csv").write_text(ROWS)
    window = stand_in(session)
    label_files.read_paths(window, [tmp_path / "swing.csv"])
    assert session.project.clip("swing").tiers == (MINE, "bob", "carol")
    assert session.undo_stack.undoText() == "Import labels from swing.csv"
    assert window.told == ["3 segments in 1 clips: bob, carol"]
    session.undo_stack.undo()
    assert session.project.clip("swing").tiers == (MINE,)


def test_files_that_cannot_be_read_are_listed_and_change_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        label_files, "show_lines", lambda _w, _t, text, lines: shown.append((text, lines))
    )
    (tmp_path / "x.eaf").write_text("<a")
    before = session.project
    label_files.read_paths(stand_in(session), [tmp_path / "x.eaf"])
    assert session.project is before
    assert shown[0][0] == "No label file could be read."
    assert "x.eaf: line 1" in shown[0][1][0]


@pytest.mark.parametrize(
    ("accepted", "expected"), [(True, ["jump"]), (False, None)], ids=["chosen", "cancelled"]
)
def test_babels_three_names_are_asked_about(
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    accepted: bool,
    expected: list[str] | None,
) -> None:
    label = {"proc_label": "leap", "act_cat": ["jump"], "start_t": 0, "end_t": 1}
    value = {"1": {"feat_p": "x/swing_poses.npz", "frame_ann": {"labels": [label]}}}
    (tmp_path / "x.json").write_text(json.dumps(value))
    found: list[Any] = []
    monkeypatch.setattr(label_files, "_place", lambda _w, read: found.append(read))
    answer = ("act_cat", accepted)
    monkeypatch.setattr(label_files.QInputDialog, "getItem", lambda *_, **__: answer)
    label_files.read_paths(stand_in(session), [tmp_path / "x.json"])
    assert [list(read.labels) for read in found] == ([expected] if expected else [])


def _without_parent(kind: type) -> Callable[..., None]:
    plain = kind.__init__

    def init(self: Any, *arguments: Any) -> None:
        plain(self, *arguments[:-1])

    return init


@pytest.mark.parametrize("index", range(len(FORMATS)), ids=[f.id for f in FORMATS])
def test_the_export_dialog_says_what_each_format_keeps(
    qtbot: Any, project: Project, index: int
) -> None:
    shown = ExportLabelsDialog(project, ALL)
    qtbot.addWidget(shown)
    shown.format.setCurrentIndex(index)
    kind = FORMATS[index]
    assert shown.choice.format_id == kind.id
    assert ("Keeps everything." in shown.text.text()) == (len(kind.keeps) == 4)
    assert shown.form.isRowVisible(shown.variant) == bool(kind.write_variants)
    shown.tiers.setCurrentIndex(1)
    assert shown.choice.tiers == (ALL_TIERS,)


def test_the_dialogs_for_motions_and_windows_give_what_was_chosen(
    qtbot: Any, project: Project
) -> None:
    motions, windows = ExportMotionsDialog(project, ALL), ExportWindowsDialog(project, ALL)
    qtbot.addWidget(motions)
    qtbot.addWidget(windows)
    assert not motions.choice.whole
    motions.whole.setCurrentIndex(1)
    assert motions.choice.whole
    assert windows.config.sensors == ()
    windows.sensors.setCurrentText("right_wrist, right_thigh")
    windows.window.setValue(2.0)
    assert windows.config.sensors == ("right_wrist", "right_thigh")
    assert (windows.config.window_s, windows.config.overlap) == (2.0, 0.5)


@pytest.mark.parametrize("kind", ["csv", "elan"])
def test_labels_are_exported_to_the_place_that_was_chosen(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    index = [f.id for f in FORMATS].index(kind)

    def asked(self: ExportLabelsDialog) -> bool:
        self.format.setCurrentIndex(index)
        return True

    target = tmp_path / "out"
    monkeypatch.setattr(ExportLabelsDialog, "__init__", _without_parent(ExportLabelsDialog))
    monkeypatch.setattr(ExportLabelsDialog, "asked", asked)
    monkeypatch.setattr(label_files, "show_lines", lambda *_: None)
    for question in ("getSaveFileName", "getExistingDirectory"):
        answer = (str(target), "") if question == "getSaveFileName" else str(target)
        monkeypatch.setattr(label_files.QFileDialog, question, lambda *_, answer=answer: answer)
    window = stand_in(session)
    label_files.export_labels(window)
    made = target.with_suffix(".csv") if kind == "csv" else target / "swing.eaf"
    assert made.is_file()
    assert window.told[0].startswith("2 segments written to ")


@pytest.mark.parametrize("yes", [True, False])
def test_a_name_with_a_dot_gets_the_formats_ending_and_replaces_nothing_unasked(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yes: bool
) -> None:
    def asked(self: ExportLabelsDialog) -> bool:
        self.format.setCurrentIndex([f.id for f in FORMATS].index("elan"))
        self.clips.setCurrentIndex(self.clips.count() - 1)
        return True

    session.open_clip("swing")
    monkeypatch.setattr(ExportLabelsDialog, "__init__", _without_parent(ExportLabelsDialog))
    monkeypatch.setattr(ExportLabelsDialog, "asked", asked)
    monkeypatch.setattr(label_files, "show_lines", lambda *_: None)
    answer = (str(tmp_path / "walk.01"), "")
    monkeypatch.setattr(label_files.QFileDialog, "getSaveFileName", lambda *_: answer)
    buttons = label_files.QMessageBox.StandardButton
    reply = buttons.Yes if yes else buttons.No
    monkeypatch.setattr(label_files.QMessageBox, "question", lambda *_: reply)
    made = tmp_path / "walk.01.eaf"
    made.write_text("hers")
    label_files.export_labels(stand_in(session))
    assert not (tmp_path / "walk.01").exists()  # it was a folder
    assert (made.read_text() == "hers") is not yes


def test_the_choice_of_clips_is_all_the_selected_and_the_open_one(session: Session) -> None:
    window = stand_in(session)
    assert label_files._clips(window) == [("All 1", None)]
    session.open_clip("swing")
    window.library.selected_ids = lambda: ["swing", "other"]
    assert label_files._clips(window) == [
        ("All 1", None),
        ("The 2 selected", ("swing", "other")),
        ("The open one, swing", ("swing",)),
    ]
