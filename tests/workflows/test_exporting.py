from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import Segment
from harstudio.core.project import EXCLUDED
from harstudio.io.labels_csv import read_labels
from harstudio.workflows.exporting import export_labels
from tests.workflows.making import Study


def test_every_segment_of_every_clip_is_a_row(study: Study, tmp_path: Path) -> None:
    rows = export_labels(study.project, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["clip", "start_s", "end_s", "label"]
    expected = [
        (clip.name, segment.start_s, segment.end_s, segment.label)
        for clip in study.project.clips.values()
        for segment in clip.labels.segments
    ]
    assert [(r[0], float(r[1]), float(r[2]), r[3]) for r in table[1:]] == expected
    assert rows == len(expected)


def test_what_was_exported_reads_back(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    odd = clip.labels.paint(Segment(1.25, 2.5, 'say "hi", then\nsit'))
    export_labels(study.project.with_clips([clip.with_track(odd)]), tmp_path / "labels.csv")
    assert read_labels(tmp_path / "labels.csv", clip.name) == odd


def test_excluded_clips_stay_out_unless_asked_for(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    project = study.project.with_clips([replace(clip, status=EXCLUDED)])
    export_labels(project, tmp_path / "without.csv")
    export_labels(project, tmp_path / "with.csv", excluded=True)
    assert "p1_waving" not in (tmp_path / "without.csv").read_text()
    assert "p1_waving" in (tmp_path / "with.csv").read_text()


def test_a_place_that_cannot_be_written_is_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"labels\.csv: cannot be written"):
        export_labels(study.project, tmp_path / "absent" / "labels.csv")
