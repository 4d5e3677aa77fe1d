"""The segment table: every change is one step, and the selection is that of the window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Clip
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.panels.segments import rows
from harstudio.gui.panels.segments.panel import SegmentsPanel
from harstudio.gui.panels.segments.rows import COLUMNS, SegmentQuery, Totals
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

COLUMN = {name: i for i, name in enumerate(COLUMNS)}
SEGMENT = Segment(1.25, 2.5, "walking", 0.8, "ann", "limps", 0.1, 0.2)


@pytest.fixture
def panel(
    qtbot: QtBot, session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme
) -> SegmentsPanel:
    session.author = "bo"
    session.open_clip("swing")
    panel = SegmentsPanel(session, clock, window, theme)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    return panel


def texts(panel: SegmentsPanel, column: str) -> list[str]:
    model = panel.model
    cells = (model.index(row, COLUMN[column]) for row in range(model.rowCount()))
    return [model.data(cell) for cell in cells]


def put(panel: SegmentsPanel, row: int, column: str, text: str) -> None:
    """Type a text into a cell, as its editor does on Enter."""
    panel.model.setData(panel.model.index(row, COLUMN[column]), text)
    QApplication.processEvents()


def choose(panel: SegmentsPanel, *chosen: int) -> None:
    flags = QItemSelectionModel.SelectionFlag
    panel.table.clearSelection()
    for row in chosen:
        index = panel.model.index(row, 0)
        panel.table.selectionModel().setCurrentIndex(index, flags.Select | flags.Rows)


def labels_of(session: Session) -> list[str]:
    return [s.label for s in session.track.segments]


def told(session: Session) -> list[str]:
    heard: list[str] = []
    session.message.connect(heard.append)
    return heard


# -- the values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("start", "1.5", "start_s", 1.5),
        ("start", "0:01.75", "start_s", 1.75),
        ("start", "1,5", "start_s", 1.5),
        ("end", "00:03", "end_s", 3.0),
        ("duration", "0.5", "end_s", 1.75),
        ("confidence", "0.3", "confidence", 0.3),
        ("confidence", "30 %", "confidence", 0.3),
        ("label", " running ", "label", "running"),
        ("author", "cy", "author", "cy"),
        ("note", "", "note", ""),
    ],
)
def test_what_is_typed_into_a_cell(column: str, text: str, field: str, value: object) -> None:
    changed = rows.edited(SEGMENT, column, text, 4.0)
    assert getattr(changed, field) == value
    assert changed == replace(SEGMENT, **{field: value})


@pytest.mark.parametrize(
    ("text", "soft"),
    [("", (0, 0)), ("0.3", (0.3, 0.3)), ("0.1 / 0", (0.1, 0)), ("±0,5", (0.5, 0.5))],
)
def test_soft_edges_are_one_number_or_two(text: str, soft: tuple[float, float]) -> None:
    changed = rows.edited(SEGMENT, "soft", text, 4.0)
    assert (changed.start_soft_s, changed.end_soft_s) == soft


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("start", "soon"), ("start", "2.5"), ("start", "-1"), ("start", "nan"), ("start", "1:-2"),
        ("end", "1.25"), ("end", "4.1"), ("end", "inf"), ("end", ""), ("duration", "0"),
        ("duration", "9"), ("confidence", "2"), ("confidence", "sure"), ("label", "  "),
        ("soft", "-1"), ("soft", "1/2/3"),
    ],
)  # fmt: skip
def test_what_makes_no_segment_is_refused(column: str, text: str) -> None:
    with pytest.raises(HarstudioError):
        rows.edited(SEGMENT, column, text, 4.0)


@given(
    st.builds(
        Segment,
        st.floats(0, 2000),
        st.floats(2001, 9000),
        st.sampled_from(("walking", "é / \u2014")),
        st.sampled_from((0.0, 0.25, 1.0)),
        st.just("ann"),
        st.just(""),
        st.floats(0, 3),
        st.floats(0, 3),
    )
)
def test_leaving_an_editor_untouched_changes_nothing(segment: Segment) -> None:
    for column in COLUMNS:
        assert rows.edited(segment, column, rows.edit_text(segment, column), 10_000) == segment


def test_times_read_as_minutes_seconds_and_milliseconds() -> None:
    assert rows.time_text(62.5) == "01:02.500"
    assert rows.time_text(3661.0004) == "1:01:01.000"
    assert rows.time_text(3661.0004, 6) == "1:01:01.0004"
    assert rows.time_text(-0.25) == "-00:00.250"


def test_totals_share_out_the_labelled_time() -> None:
    totals = Totals.of([Segment(0, 3, "a"), Segment(3, 4, "b"), Segment(5, 6, "a")])
    assert (totals.count, totals.labelled_s) == (3, 5.0)
    assert totals.shares == (("a", 0.8), ("b", 0.2))
    assert totals.text(9)[0] == "3 of 9 segments · 00:05.00 labelled · a 80% · b 20%"
    assert Totals.of([]).shares == ()


@pytest.mark.parametrize(("of", "words"), [(1, "1 segment ·"), (2, "1 of 2 segments ·")])
def test_one_segment_is_not_several(of: int, words: str) -> None:
    assert Totals.of([Segment(0, 3, "a")]).text(of)[0].startswith(words)


def test_the_filter_looks_into_label_note_and_author() -> None:
    track = LabelTrack((SEGMENT, Segment(3, 4, "Running")))
    for text, found in (("LIMP", [0]), ("ann", [0]), ("run", [1]), ("", [0, 1]), ("zzz", [])):
        assert rows.shown(track, SegmentQuery(text)) == found
    assert rows.shown(track, SegmentQuery(below=0.8)) == []
    assert rows.shown(track, SegmentQuery(below=0.81)) == [0]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_sorts_both_ways(column: str) -> None:
    other = Segment(3, 3.5, "jumping", 0.9, "bo", "zigzag", 0.0, 0.3)
    track = LabelTrack((SEGMENT, other))
    up = rows.shown(track, SegmentQuery(), column)
    assert rows.shown(track, SegmentQuery(), column, True) == up[::-1]
    expected = {"label": [1, 0], "duration": [1, 0]}.get(column, [0, 1])
    assert up == expected


def test_what_happened_to_neighbours_is_put_in_words() -> None:
    before = LabelTrack((Segment(0, 1, "a"), Segment(1, 2, "b"), Segment(2, 4, "c")))
    after = before.changed(0, Segment(0, 3, "a"))
    assert rows.damage(before, after, 0).startswith("Neighbours: 1 trimmed, 1 covered and gone")
    assert rows.damage(before, before.changed(0, Segment(0, 0.5, "a")), 0) == ""


def test_rows_for_a_spreadsheet_keep_their_columns() -> None:
    text = rows.table_text([replace(SEGMENT, note="two\nlines\tand a tab")])
    head, row = text.split("\n")
    assert len(head.split("\t")) == 7
    assert row.startswith("walking\t1.250000\t2.500000\t1.250000\t0.8\tann\t")


# -- the table -------------------------------------------------------------------------------


def test_the_active_tiers_segments_are_listed(panel: SegmentsPanel, session: Session) -> None:
    assert texts(panel, "label") == ["walking", "jumping"]
    assert texts(panel, "start") == ["00:00.500", "00:01.500"]
    assert texts(panel, "duration") == ["1.000", "1.000"]
    other = LabelTrack((Segment(0, 4, "running", 0.5, "ann", "note"),))
    session.edit_clip("Add", session.clip.with_tier("ann", other))
    assert texts(panel, "label") == ["walking", "jumping"]
    session.select_tier("ann")
    assert texts(panel, "label") == ["running"]
    assert texts(panel, "author") == ["ann"]
    assert panel.tiers.currentText() == "ann"
    panel.tiers.setCurrentText(MINE)
    panel.tiers.activated.emit(0)
    assert session.tier == MINE


def test_a_typed_start_is_one_step(panel: SegmentsPanel, session: Session) -> None:
    put(panel, 0, "start", "0:00.750")
    assert session.track.segments[0].start_s == 0.75
    assert session.segment_index == 0
    assert session.undo_stack.count() == 1
    session.undo_stack.undo()
    assert session.track.segments[0].start_s == 0.5


def test_a_bad_value_is_told_and_nothing_changes(panel: SegmentsPanel, session: Session) -> None:
    before, heard = session.project, told(session)
    for column, text in (("start", "9"), ("end", "x"), ("confidence", "7"), ("label", " ")):
        put(panel, 0, column, text)
    assert session.project is before
    assert session.undo_stack.count() == 0
    assert len(heard) == 4
    assert all(text.startswith("Not changed: ") for text in heard)


def test_an_end_beyond_a_neighbour_trims_it_and_says_so(
    panel: SegmentsPanel, session: Session
) -> None:
    heard = told(session)
    put(panel, 0, "end", "2")
    assert [(s.start_s, s.end_s) for s in session.track.segments] == [(0.5, 2.0), (2.0, 2.5)]
    assert heard == ["Neighbours: 1 trimmed (Ctrl+Z takes it back)"]


def test_another_label_is_signed_by_who_chose_it(panel: SegmentsPanel, session: Session) -> None:
    heard = told(session)
    put(panel, 0, "label", "jumping")
    assert session.track.segments[0] == Segment(0.5, 1.5, "jumping", author="bo")
    assert heard == []
    put(panel, 0, "label", "hopping")
    assert "hopping" in session.project.label_set.names
    assert heard == ["New label 'hopping' (Ctrl+Z takes it back)"]
    assert session.last_label == "hopping"


def test_a_note_a_soft_edge_and_an_author_are_kept(panel: SegmentsPanel, session: Session) -> None:
    put(panel, 1, "note", "arms up")
    put(panel, 1, "soft", "0.1 / 0.2")
    put(panel, 1, "author", "cy")
    assert session.track.segments[1] == Segment(
        1.5, 2.5, "jumping", author="cy", note="arms up", start_soft_s=0.1, end_soft_s=0.2
    )
    assert texts(panel, "soft") == ["", "0.1 / 0.2"]


def test_several_segments_change_as_one_step(panel: SegmentsPanel, session: Session) -> None:
    choose(panel, 0, 1)
    panel.relabel("running")
    assert labels_of(session) == ["running", "running"]
    assert session.undo_stack.undoText() == "Relabel 2 segments to running"
    panel.set_confidence(0.5)
    assert [s.confidence for s in session.track.segments] == [0.5, 0.5]
    panel.delete()
    assert labels_of(session) == []
    assert session.undo_stack.count() == 3
    session.undo_stack.setIndex(0)
    assert [s.label for s in session.track.segments] == ["walking", "jumping"]
    assert {s.confidence for s in session.track.segments} == {1.0}


def test_the_selection_outlives_an_edit_of_many(panel: SegmentsPanel, session: Session) -> None:
    choose(panel, 0, 1)
    panel.relabel("running")
    panel.model.sort(COLUMN["end"], Qt.SortOrder.DescendingOrder)
    assert panel.table.rows() == [0, 1]


def test_a_digit_relabels_all_selected_rows(
    qtbot: QtBot, panel: SegmentsPanel, session: Session
) -> None:
    choose(panel, 0, 1)
    key = next(x.key for x in session.project.label_set.labels if x.name == "jumping")
    qtbot.keyClick(panel.table, key)
    assert labels_of(session) == ["jumping", "jumping"]
    assert session.undo_stack.count() == 1


def test_choosing_a_row_selects_and_goes_there(
    panel: SegmentsPanel, session: Session, clock: PlaybackClock
) -> None:
    panel.table.selectRow(1)
    assert session.segment_index == 1
    assert session.selection == (1.5, 2.5)
    assert clock.time_s == 1.5


def test_a_segment_selected_elsewhere_is_selected_here_without_moving_the_playhead(
    panel: SegmentsPanel, session: Session, clock: PlaybackClock
) -> None:
    session.select_segment(1)
    assert panel.table.rows() == [1]
    assert clock.time_s == 0.0
    session.select_range(0.0, 0.3)
    assert panel.table.rows() == []


def test_the_selection_follows_its_segment_through_sorting_and_filtering(
    panel: SegmentsPanel, session: Session
) -> None:
    session.select_segment(0)
    panel.model.sort(COLUMN["label"])
    assert panel.table.rows() == [1]
    assert session.segment_index == 0
    panel.search.setText("walk")
    panel._apply_query()
    assert panel.table.rows() == [0]
    assert panel.totals.text().startswith("1 of 2 segments")


def test_enter_plays_a_segment_in_a_loop_and_once_more_stops(
    qtbot: QtBot, panel: SegmentsPanel, clock: PlaybackClock
) -> None:
    panel.table.selectRow(1)
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert clock.playing
    assert clock.loop == (1.5, 2.5)
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert not clock.playing
    assert clock.loop is None


def test_a_double_click_plays(qtbot: QtBot, panel: SegmentsPanel, clock: PlaybackClock) -> None:
    place = panel.table.visualRect(panel.model.index(1, COLUMN["start"])).center()
    view = panel.table.viewport()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert clock.loop == (1.5, 2.5)
    clock.pause()


def test_delete_removes_the_rows_and_stays_in_place(
    qtbot: QtBot, panel: SegmentsPanel, session: Session
) -> None:
    panel.table.selectRow(0)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert labels_of(session) == ["jumping"]
    assert panel.table.rows() == [0]
    assert session.segment_index == 0


def test_keys_of_the_window_stay_quiet_in_a_cell_and_elsewhere_work(
    qtbot: QtBot, panel: SegmentsPanel, session: Session
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    pressed: list[str] = []
    for key in ("S", "1", "Space", "Return", "Del", "F2"):
        action = QAction(key, window)
        action.setShortcut(key)
        action.triggered.connect(lambda _on=False, key=key: pressed.append(key))
        window.addAction(action)
    window.setCentralWidget(panel)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    panel.show()
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.model.index(0, COLUMN["note"]))
    qtbot.keyClick(panel.table, Qt.Key.Key_S)
    assert pressed == ["S"]
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    editor = panel.table.findChild(QLineEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "1 step")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.track.segments[0].note == "1 step")
    assert pressed == ["S"]
    assert not panel._clock.playing, "the Enter that ends typing does not play"
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert pressed == ["S"]
    panel.setParent(None)


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Down])
def test_the_hand_comes_back_from_the_filter_to_the_table(
    qtbot: QtBot, panel: SegmentsPanel, key: Qt.Key
) -> None:
    with qtbot.waitActive(panel):
        panel.activateWindow()
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "walk")
    qtbot.keyClick(panel.search, key)
    assert panel.table.hasFocus()
    assert panel.search.text() == "walk"


def test_the_label_editor_offers_the_projects_labels(
    panel: SegmentsPanel, session: Session
) -> None:
    panel.table.setCurrentIndex(panel.model.index(0, 0))
    panel.table.edit_current()
    box = panel.table.findChild(QComboBox)
    assert [box.itemText(i) for i in range(box.count())] == list(session.project.label_set.names)
    assert box.currentText() == "walking"
    box.setCurrentText("jumping")
    box.activated.emit(0)
    QApplication.processEvents()
    assert labels_of(session) == ["jumping", "jumping"]


def test_suggestions_are_not_edited_here(panel: SegmentsPanel, session: Session) -> None:
    track = LabelTrack((Segment(0, 1, "walking", 0.7),))
    session.edit_clip("Predict", session.clip.with_tier(PREDICTED, track))
    session.select_tier(PREDICTED)
    heard = told(session)
    panel.table.selectRow(0)
    panel.relabel("jumping")
    assert not panel.model.flags(panel.model.index(0, 0)) & Qt.ItemFlag.ItemIsEditable
    assert labels_of(session) == ["walking"]
    assert "accepted (Y) or rejected (X)" in heard[0]


def test_rows_are_copied_for_a_spreadsheet(qtbot: QtBot, panel: SegmentsPanel) -> None:
    choose(panel, 0, 1)
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == 3
    assert lines[1].startswith("walking\t0.500000\t1.500000")


def test_the_menu_says_what_can_be_done(panel: SegmentsPanel, session: Session) -> None:
    panel.table.selectRow(0)
    menu = panel.make_menu()
    names = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
    assert names == [
        "Play in a loop", "Edit this cell", "Relabel", "Set confidence …", "Make edges sharp",
        "Copy as a table", "Delete",
    ]  # fmt: skip
    relabel = menu.actions()[3].menu()
    next(a for a in relabel.actions() if a.text().startswith("jumping")).trigger()
    assert labels_of(session) == ["jumping", "jumping"]


def test_an_empty_tier_says_how_to_begin(panel: SegmentsPanel, session: Session) -> None:
    session.edit_labels("Erase", LabelTrack())
    assert not panel.table.isVisible()
    assert "press a label's key" in panel._empty.text()


def test_in_a_hidden_dock_nothing_is_done_until_it_is_looked_at(
    panel: SegmentsPanel, session: Session
) -> None:
    panel.hide()
    session.edit_labels("Erase", LabelTrack())
    assert panel.model.rowCount() == 2
    panel.show()
    assert panel.model.rowCount() == 0


def many(clip: Clip, count: int) -> Clip:
    """The clip, stretched, with that many segments."""
    segments = (Segment(i * 0.5, i * 0.5 + 0.5, f"label {i % 9}") for i in range(count))
    return replace(clip, duration_s=count * 0.5).with_track(LabelTrack(tuple(segments)))


def test_three_thousand_segments_are_all_there_and_editing_one_resets_nothing(
    qtbot: QtBot, panel: SegmentsPanel, session: Session
) -> None:
    session.edit_clip("Many", many(session.clip, 3000))
    assert panel.model.rowCount() == 3000
    resets: list[int] = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    put(panel, 2999, "note", "last")
    assert session.track.segments[2999].note == "last"
    assert resets == []
    panel.table.selectAll()
    panel.set_confidence(0.5)
    assert {s.confidence for s in session.track.segments} == {0.5}
    assert len(panel.table.rows()) == 3000


@pytest.mark.parametrize("column", ["note", "label"])
def test_what_is_being_typed_survives_the_clip_that_finishes_loading(
    qtbot: QtBot, panel: SegmentsPanel, session: Session, column: str
) -> None:
    panel.table.setCurrentIndex(panel.model.index(0, COLUMN[column]))
    panel.table.edit_current()
    editor = panel.table.viewport().findChild(QLineEdit)
    editor.clear()
    qtbot.keyClicks(editor, "limps")
    session.clip_opened.emit()
    assert editor.text() == "limps"
