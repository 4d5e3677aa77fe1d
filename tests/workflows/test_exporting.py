"""Labels leave a project in any format, into a file or a folder, whole or not at all."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, Project
from harstudio.io.label_formats.registry import FORMATS, read_label_file
from harstudio.io.labels_csv import read_labels
from harstudio.workflows.exchange.exporting import (
    ALL_TIERS,
    Exported,
    LabelExport,
    export_labels,
    format_for,
)
from tests.workflows.making import Study


def export(project: Project, path: Path, **choice: object) -> Exported:
    return finished(export_labels(project, path, LabelExport(**choice)))  # type: ignore[arg-type]


def two_tiers(study: Study) -> Project:
    clip = study.project.clip(study.clip_id("p4_long"))
    return study.project.with_clips(
        [clip.with_tier("bob", LabelTrack((Segment(1, 2, "waving"), Segment(1, 3, "x")), True))]
    )


def test_every_segment_of_every_clip_is_a_row(study: Study, tmp_path: Path) -> None:
    done = export(study.project, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["clip", "start_s", "end_s", "label"]
    expected = [
        (clip.name, segment.start_s, segment.end_s, segment.label)
        for clip in study.project.clips.values()
        for segment in clip.labels.segments
    ]
    assert [(r[0], float(r[1]), float(r[2]), r[3]) for r in table[1:]] == expected
    assert (done.files, done.items, done.notes) == (1, len(expected), ())


def test_what_was_exported_reads_back(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    odd = clip.labels.paint(Segment(1.25, 2.5, 'say "hi", then\nsit'))
    export(study.project.with_clips([clip.with_track(odd)]), tmp_path / "labels.csv")
    assert read_labels(tmp_path / "labels.csv", clip.name) == odd


def test_excluded_clips_stay_out_unless_asked_for(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    project = study.project.with_clips([replace(clip, status=EXCLUDED)])
    done = export(project, tmp_path / "without.csv")
    export(project, tmp_path / "with.csv", excluded=True)
    assert done.notes == ("1 excluded clips left out",)
    assert "p1_waving" not in (tmp_path / "without.csv").read_text()
    assert "p1_waving" in (tmp_path / "with.csv").read_text()


def test_a_place_that_cannot_be_written_is_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"labels\.csv: cannot be written"):
        export(study.project, tmp_path / "absent" / "labels.csv")
    with pytest.raises(HarstudioError, match="deep: cannot be written"):
        export(study.project, tmp_path / "absent" / "deep", format_id="elan")


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
def test_all_labels_of_all_tiers_are_in_every_format(
    study: Study, tmp_path: Path, kind: object
) -> None:
    project = two_tiers(study)
    done = export(project, tmp_path / "out", format_id=kind.id, tiers=(ALL_TIERS,))  # type: ignore[attr-defined]
    files = sorted(done.place.iterdir()) if done.files > 1 else [done.place]
    assert len(files) == done.files
    assert all(path.suffix == kind.suffixes[0] for path in files)  # type: ignore[attr-defined]
    found = [
        (s.start_s, s.end_s, s.label)
        for path in files
        for tier in read_label_file(path, kind.id).tiers  # type: ignore[attr-defined]
        for s in tier.track.segments
    ]
    expected = [
        (s.start_s, s.end_s, s.label)
        for clip in project.clips.values()
        for _, track in clip.tracks
        for s in track.segments
    ]
    assert sorted(found) == sorted(expected)
    assert done.items == len(expected)


def test_a_format_of_one_clip_makes_a_file_for_each_that_is_labelled(
    study: Study, tmp_path: Path
) -> None:
    bare = study.project.clip(study.clip_id("p1_waving"))
    project = study.project.with_clips([bare.with_track(LabelTrack())])
    done = export(project, tmp_path / "out", format_id="textgrid", variant="short")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "p4_long.TextGrid" in names
    assert "p1_waving.TextGrid" not in names
    assert done.notes == ("1 clips without labels left out",)
    assert "item []" not in (tmp_path / "out/p4_long.TextGrid").read_text()


def test_one_clip_goes_into_one_file(study: Study, tmp_path: Path) -> None:
    one = (study.clip_id("p4_long"),)
    assert export(study.project, tmp_path / "x.eaf", clip_ids=one).files == 1
    assert read_label_file(tmp_path / "x.eaf").tiers[0].clips == ("p4_long",)
    with pytest.raises(
        HarstudioError, match=r"y\.eaf: 9 files of ELAN to write, expected a folder"
    ):
        export(study.project, tmp_path / "y.eaf")


def test_tiers_of_one_clip_get_files_of_their_own_where_a_file_holds_one(
    study: Study, tmp_path: Path
) -> None:
    project, one = two_tiers(study), (study.clip_id("p4_long"),)
    export(project, tmp_path / "out", format_id="audacity", tiers=(ALL_TIERS,), clip_ids=one)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["p4_long.txt", "p4_long__bob.txt"]


def test_names_that_are_no_file_names_and_clash_become_such(study: Study, tmp_path: Path) -> None:
    one, two = (study.project.clip(study.clip_id(f"p{i}_waving")) for i in (1, 2))
    project = study.project.with_clips([replace(one, name="a/b:c"), replace(two, name="A?b*C")])
    export(project, tmp_path / "out", format_id="elan", clip_ids=(one.id, two.id))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["A-b-C (2).eaf", "a-b-c.eaf"]


def test_a_folder_that_is_not_empty_is_left_alone(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    (folder / "p4_long.eaf").write_text("old")
    with pytest.raises(HarstudioError, match="out: the folder is not empty"):
        export(study.project, folder, format_id="elan")
    assert (folder / "p4_long.eaf").read_text() == "old"
    export(study.project, folder, format_id="elan", overwrite=True)
    assert (folder / "diary.txt").read_text() == "mine"
    assert read_label_file(folder / "p4_long.eaf").labels == ("shaking", "waving")


@pytest.mark.parametrize("name", ["all.csv", "one.eaf"])
def test_a_file_that_is_there_is_replaced_only_where_that_is_asked_for(
    study: Study, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("a year of work")
    one = (study.clip_id("p4_long"),)
    with pytest.raises(HarstudioError, match="exists already"):
        export(study.project, tmp_path / name, clip_ids=one)
    assert (tmp_path / name).read_text() == "a year of work"
    export(study.project, tmp_path / name, clip_ids=one, overwrite=True)
    assert len(read_label_file(tmp_path / name).labels) > 0


def test_a_cancelled_export_leaves_nothing(study: Study, tmp_path: Path) -> None:
    job = export_labels(study.project, tmp_path / "out", LabelExport("elan"))
    next(job)
    next(job)
    job.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "choice", "reason"),
    [
        ("x.json", {}, r"x\.json: the name does not tell the format .known: babel, label-studio"),
        ("x.xyz", {}, r"x\.xyz: the name does not tell the format"),
        ("x", {"format_id": "word"}, "no label format 'word'"),
        ("x.csv", {"tiers": ("carol",)}, "no tier 'carol' .there are labels"),
        ("x.csv", {"variant": "short"}, "CSV: no variant 'short'"),
        ("x.csv", {"clip_ids": ("9",)}, "no clip '9'"),
    ],
)
def test_what_cannot_be_exported_is_said(
    study: Study, tmp_path: Path, name: str, choice: dict[str, object], reason: str
) -> None:
    with pytest.raises(HarstudioError, match=reason):
        export(study.project, tmp_path / name, **choice)
    assert list(tmp_path.iterdir()) == []


def test_the_suffix_tells_the_format() -> None:
    found = [
        format_for(Path(f"x{s}")).id for s in ("", ".csv", ".EAF", ".textgrid", ".txt", ".boris")
    ]
    assert found == ["csv", "csv", "elan", "textgrid", "audacity", "boris"]
