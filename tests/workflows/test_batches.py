"""What is told of many files: short enough to be read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.jobs import Job, Progress, finished
from harstudio.core.project import Project
from harstudio.workflows import training
from harstudio.workflows.batches import by_reason
from harstudio.workflows.training import all_aligned
from tests.workflows.making import Study


def test_clips_left_out_for_one_reason_are_told_in_one_line() -> None:
    notes = ("a: no sensor", "b: broken: here", "c: no sensor", "d: no sensor", "e: no sensor")
    assert by_reason(notes) == ["4 clips (a, c, d, ...): no sensor", "b: broken: here"]
    assert by_reason(("all of it",)) == ["all of it"]
    assert by_reason(()) == []


@pytest.mark.parametrize(("count", "lines"), [(0, 0), (5, 5), (6, 1), (700, 1)])
def test_hundreds_of_recordings_that_do_not_align_are_one_note_with_their_number(
    count: int, lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = tuple((f"clip{i}", "too short") for i in range(count))

    def failing(*_args: object, **_options: object) -> Job[SimpleNamespace]:
        yield Progress(0, 1, "aligning")
        return SimpleNamespace(clips=(), failures=failures)

    monkeypatch.setattr(training, "align_clips", failing)
    _, notes = finished(all_aligned(Project("empty", layout_of(("pelvis",))), tmp_path, None))
    assert len(notes) == lines
    assert all("both clocks are taken to start together" in note for note in notes)
    if lines == 1:
        assert notes[0].startswith(f"{count} recordings not aligned")
        assert "clip0" in notes[0]


def test_recordings_that_lack_a_sensor_are_not_aligned_for_nothing(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def recording(_project: Project, _folder: Path, ids: tuple[str, ...], **_: object) -> Job[Any]:
        asked.append(ids)
        yield Progress(0, 1, "aligning")
        return SimpleNamespace(clips=(), failures=())

    monkeypatch.setattr(training, "align_clips", recording)
    worn = next(c.recordings[0].sensors for c in study.project.clips.values() if c.recordings)
    for sensors in (worn, ("left_knee",)):
        finished(all_aligned(study.project, study.folder, None, sensors))
    assert len(asked[0]) > 0
    assert asked[1] == ()
