"""The label map editor: each label goes somewhere, or is seen not to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from harstudio.core.label_set import LabelSet
from harstudio.gui.panels.train.label_map_editor import OUT, UNDECIDED, LabelMapEditor, map_words
from harstudio.gui.theme import Theme
from harstudio.learn.data.label_map import KEEP, LEAVE_OUT, PRESETS, LabelMap, load_label_map
from harstudio.workflows.training_preview import LabelUse

USED = (
    LabelUse("walking", 3, 30.0),
    LabelUse("jogging", 2, 10.0),
    LabelUse("juggling", 4, 5.0),
    LabelUse("unknown", 1, 2.0),
)


def editor_of(qtbot: QtBot, theme: Theme, label_map: LabelMap | None = None) -> LabelMapEditor:
    editor = LabelMapEditor(USED, label_map, LabelSet(), theme)
    qtbot.addWidget(editor)
    return editor


def ok(editor: LabelMapEditor) -> bool:
    return editor._buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def become(editor: LabelMapEditor, row: int, text: str) -> None:
    editor.targets[row].setEditText(text)


def test_labels_that_stay_what_they_are_need_no_map(qtbot: QtBot, theme: Theme) -> None:
    editor = editor_of(qtbot, theme)
    assert editor.label_map() is None
    assert [target.currentText() for target in editor.targets] == [
        "walking", "jogging", "juggling", OUT,
    ]  # fmt: skip


def test_typing_a_class_merges_labels_and_shows_what_comes_of_it(
    qtbot: QtBot, theme: Theme
) -> None:
    editor = editor_of(qtbot, theme)
    become(editor, 0, "locomotion")
    become(editor, 1, "locomotion")
    assert dict(editor.result.rows) == {"locomotion": 40.0, "juggling": 5.0}
    assert editor.label_map().of("jogging") == "locomotion"


def test_an_undecided_label_is_named_with_its_count_and_keeps_ok_shut(
    qtbot: QtBot, theme: Theme
) -> None:
    editor = editor_of(qtbot, theme, PRESETS["dip_five"])
    assert editor.targets[2].currentText() == UNDECIDED
    assert "Not decided: juggling (4×, 5 s)" in editor.told
    assert theme.colours.harm in editor.told
    assert not ok(editor)
    become(editor, 2, OUT)
    assert "Left out: juggling (4×, 5 s)" in editor.told
    become(editor, 2, "freestyle")
    assert ok(editor)


def test_others_can_be_left_out_or_kept_at_once(qtbot: QtBot, theme: Theme) -> None:
    editor = editor_of(qtbot, theme, LabelMap((("walking", "moving"),)))
    editor.others.setCurrentIndex(editor.others.findData(LEAVE_OUT))
    editor.others.activated.emit(1)
    assert editor.targets[2].currentText() == OUT
    assert not ok(editor)  # one class is not enough
    editor.others.setCurrentIndex(editor.others.findData(KEEP))
    editor.others.activated.emit(2)
    assert editor.targets[2].currentText() == "juggling"
    assert ok(editor)


def test_a_preset_fills_the_table(qtbot: QtBot, theme: Theme) -> None:
    editor = editor_of(qtbot, theme)
    editor.presets.setCurrentIndex(editor.presets.findData("dip_five"))
    editor.presets.activated.emit(1)
    assert editor.targets[0].currentText() == "locomotion"
    assert editor.label_map() == PRESETS["dip_five"]


def test_a_map_survives_saving_and_loading(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    editor = editor_of(qtbot, theme)
    become(editor, 0, "locomotion")
    editor.save(tmp_path / "mine.json")
    assert load_label_map(tmp_path / "mine.json").name == "mine"
    other = editor_of(qtbot, theme)
    other.load(tmp_path / "mine.json")
    assert other.label_map().of("walking") == "locomotion"
    assert other.label_map().name == "mine"


def test_a_file_that_is_no_map_changes_nothing_and_is_told(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text("[1")
    editor = editor_of(qtbot, theme)
    become(editor, 0, "locomotion")
    editor.load(tmp_path / "bad.json")
    assert "bad.json" in editor.told
    assert editor.label_map().of("walking") == "locomotion"


@pytest.mark.parametrize(
    ("label_map", "words"),
    [
        (None, "as painted"),
        (LabelMap((("a", "c"), ("b", "c"), ("d", "")), LEAVE_OUT, "five"),
         "five: 2 mapped to 1, 1 left out, others left out"),
    ],
)  # fmt: skip
def test_a_map_is_told_in_a_line(label_map: LabelMap | None, words: str) -> None:
    assert map_words(label_map) == words
