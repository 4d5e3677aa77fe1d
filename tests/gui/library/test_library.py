"""Finding clips, and what the table says of them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, KEPT, Clip, Project
from harstudio.core.source import Source
from harstudio.gui.library.filtering import (
    PROBLEM,
    UNLABELLED,
    WITH_RECORDING,
    Query,
    found,
    label_counts,
    natural,
)
from harstudio.gui.library.model import COLUMNS, ClipTableModel
from harstudio.gui.library.panel import LibraryPanel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme


def clip(name: str, label: str = "", **fields: object) -> Clip:
    made = Clip(name, name, 2.0, 60.0, motion=Source(f"{name}.npz", "amass"), **fields)
    return made.with_track(LabelTrack((Segment(0, 2, label),))) if label else made


CLIPS = [
    clip("walk_2", "walking", subject="anna"),
    clip("walk_10", "walking", subject="ben", status=KEPT),
    clip("jump_1", "jumping", subject="anna", notes="limps", status=EXCLUDED),
    clip("bare", problem="NaN at frame 3"),
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (Query(), ["walk_2", "walk_10", "jump_1", "bare"]),
        (Query(text="WALK"), ["walk_2", "walk_10"]),
        (Query(text="anna limps"), ["jump_1"]),
        (Query(label="jumping"), ["jump_1"]),
        (Query(label=UNLABELLED), ["bare"]),
        (Query(subject="anna", status=EXCLUDED), ["jump_1"]),
        (Query(status=PROBLEM), ["bare"]),
        (Query(status=WITH_RECORDING), []),
        (Query(text="nothing like it"), []),
    ],
)
def test_a_query_finds(query: Query, names: list[str]) -> None:
    assert found(CLIPS, query) == names


def test_names_sort_as_people_count() -> None:
    assert found(CLIPS, Query(text="walk"), "name") == ["walk_2", "walk_10"]
    assert found(CLIPS, Query(text="walk"), "name", descending=True) == ["walk_10", "walk_2"]
    assert natural("a²") != natural("a2")  # no digit that int() cannot read


def test_labels_are_counted_with_the_bare_ones_last() -> None:
    assert label_counts(CLIPS) == [("walking", 2), ("jumping", 1), (UNLABELLED, 1)]


@pytest.fixture
def panel(qtbot: QtBot, session: Session, theme: Theme) -> LibraryPanel:
    result = LibraryPanel(session, theme)
    qtbot.addWidget(result)
    result.show()
    return result


def add(session: Session, clips: list[Clip]) -> None:
    assert session.project is not None
    session.edit("Add clips", session.project.with_clips(clips))


def test_an_edit_of_one_clip_keeps_the_selection(panel: LibraryPanel, session: Session) -> None:
    add(session, CLIPS)
    panel.table.selectRow(2)
    ids = panel.selected_ids()
    project = session.project
    assert project is not None
    session.edit("Keep", project.with_clips([replace(project.clip("walk_2"), status=KEPT)]))
    assert panel.selected_ids() == ids


def test_selecting_a_row_opens_the_clip(panel: LibraryPanel, session: Session) -> None:
    panel.table.selectRow(0)
    assert session.clip_id == "swing"


def test_a_filter_hides_clips_and_says_how_many(panel: LibraryPanel, session: Session) -> None:
    add(session, CLIPS)
    panel.search.setText("walk_")
    panel._typing.timeout.emit()
    assert panel.model.ids == ["walk_2", "walk_10"]
    assert panel._counts.text().startswith("2 of 5 clips")
    panel.search.setText("zzz")
    panel._typing.timeout.emit()
    assert panel._empty.isVisible()


def test_eleven_thousand_clips_are_filtered_at_typing_speed(
    panel: LibraryPanel, project: Project
) -> None:
    clips = [
        clip(f"clip_{i}", "walking" if i % 3 else "", subject=f"s{i % 40}") for i in range(11_000)
    ]
    started = time.perf_counter()
    assert len(found(clips, Query(text="clip_77 s"), "name")) == 111
    assert time.perf_counter() - started < 1.0  # far from the 0.1 s it takes, and not flaky


@pytest.mark.parametrize("column", ["", "name", "labels", "duration", "status"])
@pytest.mark.parametrize("query", [Query(), Query(label="walking"), Query(status=KEPT)])
def test_after_every_edit_the_table_is_as_if_it_were_filled_anew(
    project: Project, qapp: object, column: str, query: Query
) -> None:
    base = replace(project, clips={}).with_clips(CLIPS)
    edits = [
        replace(CLIPS[0], duration_s=9.0),
        CLIPS[0].with_track(LabelTrack((Segment(0, 2, "aerobics"),))),
        replace(CLIPS[2], status=KEPT),
        replace(CLIPS[3], notes="read again"),
        clip("walk_1", "walking"),
    ]
    table, states = ClipTableModel(), [base, *(base.with_clips([edit]) for edit in edits)]
    backwards = replace(base, clips=dict(reversed(base.clips.items())))
    states += [backwards, base.without_clips(["bare"]), base]
    number = COLUMNS.index(column) if column else -1
    table.sort(number)
    table.set_query(query)
    for state in states:
        table.set_project(state)
        assert table.ids == found(state.clips.values(), query, column)
        assert [table.clip(row) for row in range(len(table.ids))] == [
            state.clips[i] for i in table.ids
        ]
