"""Label files find their clips and tiers; nothing of a person is lost, all that is done is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project
from harstudio.core.source import Source
from harstudio.io.imu_csv import read as read_imu_csv
from harstudio.workflows.exchange.exporting import ALL_TIERS, LabelExport, export_labels
from harstudio.workflows.exchange.label_matching import ClipFinder
from harstudio.workflows.exchange.labels_import import (
    REPLACE,
    LabelsImported,
    added,
    matches_of,
    near_names,
    placed,
    read_label_files,
    with_labels,
)
from harstudio.workflows.importing import import_folder, with_imported
from tests.workflows.making import Study

MINE_TRACK = LabelTrack((Segment(1, 3, "walking"), Segment(5, 6, "sitting")))


def clip(name: str, path: str, track: LabelTrack | None = None) -> Clip:
    bare = Clip(path, name, 10.0, 60.0, motion=Source(path, "amass"))
    return bare if track is None else bare.with_track(track)


@pytest.fixture
def project(empty_project: Project) -> Project:
    """Clips of which two have one name in different folders."""
    return empty_project.with_clips(
        [
            clip("walk", "KIT/3/walk_poses.npz", MINE_TRACK),
            clip("CMU/01_01", "CMU/01/01_01_poses.npz"),
            clip("BMLrub/01_01", "BMLrub/7/01_01_poses.npz"),
        ]
    )


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def bring(
    project: Project, *paths: Path, tier: str = "", mode: str = "", **how: object
) -> LabelsImported:
    read = finished(read_label_files(paths))
    matches = matches_of(project, read, **how)  # type: ignore[arg-type]
    return with_labels(project, placed(project, matches, tier, mode))


ROWS = "start_s,end_s,label\n2,4,running\n4,5,walking\n"


# -- which clip --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "path", "expected"),
    [
        (("walk",), "x.csv", "KIT/3/walk_poses.npz"),
        (("CMU/01_01",), "x.csv", "CMU/01/01_01_poses.npz"),
        (("CMU-01_01",), "x.csv", "CMU/01/01_01_poses.npz"),
        (("CMU/CMU/01/01_01_poses.npz",), "x.csv", "CMU/01/01_01_poses.npz"),
        (("BMLrub/BioMotionLab/7/01_01_stageii.npz",), "x.csv", "BMLrub/7/01_01_poses.npz"),
        ((r"C:\data\CMU\01\01_01.mp4",), "x.csv", "CMU/01/01_01_poses.npz"),
        ((), "walk_labels.csv", "KIT/3/walk_poses.npz"),
        ((), "CMU-01_01.eaf", "CMU/01/01_01_poses.npz"),
        (("walk.mp4",), "x.csv", "KIT/3/walk_poses.npz"),
        (("gone.mp4",), "walk.eaf", "KIT/3/walk_poses.npz"),
        (("01_01.npz",), "x.csv", ""),
        ((), "run_labels.csv", ""),
        ((), "walk__bob.txt", "KIT/3/walk_poses.npz"),
        ((), "walk_2.csv", ""),
        (("", "."), "..csv", ""),
    ],
)
def test_clips_are_found_by_name_and_by_the_folders_of_their_files(
    project: Project, names: tuple[str, ...], path: str, expected: str
) -> None:
    assert ClipFinder(project).find(names, Path("/labels") / path).clip_id == expected


def test_an_ambiguous_name_says_so(project: Project) -> None:
    found = ClipFinder(project).find(("x/01_01.npz",), Path("y.csv"))
    assert found.reason == "several clips have the name '01_01.npz'"


def test_of_many_takes_of_a_name_only_the_nearest_is_a_clips(
    project: Project, tmp_path: Path
) -> None:
    def sequence(path: str, label: str) -> dict[str, object]:
        labels = [{"proc_label": label, "start_t": 0, "end_t": 1}]
        return {"feat_p": path, "frame_ann": {"labels": labels}}

    value = {
        "1": sequence("SFU/SFU/5/walk_poses.npz", "wrong"),
        "2": sequence("KIT/KIT/3/walk_poses.npz", "right"),
        "3": sequence("EKUT/EKUT/9/walk_poses.npz", "wrong"),
        "4": sequence("KIT/KIT/8/jump_poses.npz", "wrong"),
    }
    path = written(tmp_path / "babel.json", json.dumps(value))
    matches = matches_of(project, finished(read_label_files([path])))
    found = {m.tier.track.labels: m.clip_id for m in matches if m.clip_id}
    assert found == {("right",): "KIT/3/walk_poses.npz"}
    value["2"] = sequence("KIT/KIT/9/walk_poses.npz", "wrong")
    written(path, json.dumps(value))
    matches = matches_of(project, finished(read_label_files([path])))
    assert not any(m.clip_id for m in matches)
    assert "several takes in the file" in matches[0].reason


def test_a_clip_that_is_named_takes_all(project: Project, tmp_path: Path) -> None:
    done = bring(project, written(tmp_path / "a.csv", ROWS), clip_id="CMU/01/01_01_poses.npz")
    assert done.project.clip("CMU/01/01_01_poses.npz").track("a").labels == ("running", "walking")


# -- which tier --------------------------------------------------------------------------


def test_labels_go_to_a_new_tier_and_leave_a_persons_own_alone(
    project: Project, tmp_path: Path
) -> None:
    done = bring(project, written(tmp_path / "walk__bob.csv", ROWS))
    after = done.project.clip("KIT/3/walk_poses.npz")
    assert after.labels == MINE_TRACK
    assert after.tiers == (MINE, "bob")
    assert (done.clips, done.segments, done.tiers, done.new_labels) == (
        1,
        2,
        ("bob",),
        ("running",),
    )


def test_a_tier_of_that_name_is_not_written_into_unasked(project: Project, tmp_path: Path) -> None:
    once = bring(project, written(tmp_path / "walk__bob.csv", ROWS)).project
    again = bring(once, tmp_path / "walk__bob.csv")
    assert again.project is once
    assert again.notes == ("1 tiers that are there already",)
    other = bring(once, written(tmp_path / "walk__bob.csv", ROWS.replace("4,5", "4,6")))
    assert other.project.clip("KIT/3/walk_poses.npz").tiers == (MINE, "bob", "bob (2)")


def test_adding_to_a_tier_fills_only_what_is_free(project: Project, tmp_path: Path) -> None:
    path = written(tmp_path / "walk__bob.csv", ROWS)
    done = bring(project, path, tier=MINE)
    assert done.project.clip("KIT/3/walk_poses.npz").labels.segments == (
        Segment(1, 3, "walking"),
        Segment(3, 4, "running"),
        Segment(4, 5, "walking"),
        Segment(5, 6, "sitting"),
    )
    assert done.notes == ("1 tiers had labels already: only what was free got new ones",)


def test_replacing_a_tier_is_said(project: Project, tmp_path: Path) -> None:
    path = written(tmp_path / "walk__bob.csv", ROWS)
    done = bring(project, path, tier=MINE, mode=REPLACE)
    assert done.project.clip("KIT/3/walk_poses.npz").labels.labels == ("running", "walking")
    assert done.notes == ("1 tiers replaced (undo brings them back)",)


@given(
    mine=st.lists(st.integers(0, 40), unique=True, max_size=8),
    more=st.lists(st.tuples(st.integers(0, 35), st.integers(1, 9)), max_size=5),
    overlapping=st.booleans(),
)
def test_adding_loses_no_moment_of_what_was_there(
    mine: list[int], more: list[tuple[int, int]], overlapping: bool
) -> None:
    edges = sorted(mine)
    before = LabelTrack(
        tuple(Segment(a, b, "mine") for a, b in zip(edges[::2], edges[1::2], strict=False)),
        overlapping,
    )
    new = LabelTrack(tuple(Segment(a, a + n, "new") for a, n in more), True)
    after = added(before, new)
    assert set(before.segments) <= set(after.segments)
    if not before.segments and not overlapping:
        assert after == new.exclusive()
    for moment in range(50):
        at = moment + 0.5
        had, got = before.at(at) is not None, new.at(at) is not None
        assert (after.at(at) is not None) == (had or got)
        if not overlapping and had:
            found = after.at(at)
            assert found is not None
            assert found.label == "mine"


def test_tiers_that_overlap_stay_so(project: Project, tmp_path: Path) -> None:
    path = written(tmp_path / "walk__bob.csv", "start_s,end_s,label\n0,2,a\n1,3,b\n")
    track = bring(project, path).project.clip("KIT/3/walk_poses.npz").track("bob")
    assert track.overlapping
    assert len(track) == 2


def test_ones_own_tier_is_filled_where_it_is_empty(project: Project, tmp_path: Path) -> None:
    text = "clip,tier,start_s,end_s,label\nCMU/01_01,labels,0,1,a\nwalk,labels,0,1,a\n"
    done = bring(project, written(tmp_path / "x.csv", text))
    assert done.project.clip("CMU/01/01_01_poses.npz").labels.labels == ("a",)
    assert done.project.clip("KIT/3/walk_poses.npz").labels == MINE_TRACK
    assert done.tiers == (MINE, "labels (2)")


# -- which label, which time -------------------------------------------------------------


def test_labels_are_renamed_left_out_and_join_the_label_set(
    project: Project, tmp_path: Path
) -> None:
    path = written(tmp_path / "walk__b.csv", "start_s,end_s,label\n0,1,Run\n1,2,x\n2,3,Walking\n")
    matches = matches_of(project, finished(read_label_files([path])))
    names = {"Run": "running", "x": "", **near_names(project, ("Walking", "Run", "x"))}
    done = with_labels(project, placed(project, matches), names)
    track = done.project.clip("KIT/3/walk_poses.npz").track("b")
    assert [s.label for s in track.segments] == ["running", "walking"]
    assert done.project.label_set.names == (*project.label_set.names, "running")
    assert done.notes == ("1 segments of labels that were left out",)


def test_what_is_outside_the_clip_is_cut_and_told(project: Project, tmp_path: Path) -> None:
    text = "start_s,end_s,label\n-1,2,a\n8,12,b\n12,13,c\n-3,0,d\n4,5,e\n"
    done = bring(project, written(tmp_path / "walk__b.csv", text))
    track = done.project.clip("KIT/3/walk_poses.npz").track("b")
    assert [(s.start_s, s.end_s, s.label) for s in track.segments] == [
        (0, 2, "a"),
        (4, 5, "e"),
        (8, 10, "b"),
    ]
    assert set(done.notes) == {
        "2 segments cut where their clip begins or ends",
        "2 segments outside their clip left out",
    }


def test_dates_count_from_the_first_label_or_from_where_told(
    project: Project, tmp_path: Path
) -> None:
    text = "start,end,label\n2022-03-29 14:25:22.5+09:00,2022-03-29 14:25:24+09:00,a\n"
    path = written(tmp_path / "walk__b.csv", text)

    def start(**how: object) -> float:
        done = bring(project, path, **how)
        return done.project.clip("KIT/3/walk_poses.npz").track("b").segments[0].start_s

    assert start() == 0.0
    assert start(starts_at_s=1648531521.0) == pytest.approx(1.5, abs=1e-5)
    assert start(starts_at_s=7.0) == 0.0  # no date
    written(path, ROWS)
    assert start(starts_at_s=1648531521.0) == 2.0
    assert start(starts_at_s=1.5) == 0.5


def test_labels_of_a_whole_clip_cover_it(project: Project, tmp_path: Path) -> None:
    value = [
        {"data": {"clip": "walk"}, "annotations": [{"result": [{"value": {"choices": ["out"]}}]}]}
    ]
    done = bring(project, written(tmp_path / "x.json", json.dumps(value)))
    assert done.project.clip("KIT/3/walk_poses.npz").track("x").segments == (Segment(0, 10, "out"),)


# -- files and folders -------------------------------------------------------------------


def test_a_folder_is_read_whole_and_refuses_file_by_file(project: Project, tmp_path: Path) -> None:
    written(tmp_path / "a/walk__bob.csv", ROWS)
    written(tmp_path / "a/b/walk.eaf", "")
    written(tmp_path / "a/signal.csv", "time_s,acc_x\n0,1\n")
    written(tmp_path / "a/.hidden.csv", ROWS)
    read = finished(read_label_files([tmp_path / "a"]))
    assert [path.name for path, _ in read.files] == ["walk__bob.csv"]
    assert [item.path.rpartition("/")[2] for item in read.refused] == ["walk.eaf"]
    assert "line 1, column" in read.refused[0].reason
    with pytest.raises(HarstudioError, match="no label file found"):
        finished(read_label_files([written(tmp_path / "c/x.md", "").parent]))


def test_a_broken_file_leaves_no_half_of_it(project: Project, tmp_path: Path) -> None:
    path = written(tmp_path / "walk__b.csv", ROWS + "7,6,back\n")
    read = finished(read_label_files([path]))
    assert read.files == ()
    assert "line 4: segment 'back': end 6.0 s is not after start 7.0 s" in read.refused[0].reason


@pytest.mark.parametrize("format_id", ["csv", "elan", "textgrid", "babel", "label-studio", "boris"])
def test_a_project_takes_back_what_it_gave_away(
    study: Study, tmp_path: Path, format_id: str
) -> None:
    out = tmp_path / ("out" if format_id in ("elan", "textgrid") else "out.json")
    finished(export_labels(study.project, out, LabelExport(format_id, (ALL_TIERS,))))
    bare = study.project.with_clips(
        clip.with_track(LabelTrack()) for clip in study.project.clips.values()
    )
    tier = MINE if format_id in ("csv", "boris") else ""  # these need not name one's own tier
    read = finished(read_label_files([out], format_id if not out.is_dir() else ""))
    matches = matches_of(bare, read)
    done = with_labels(bare, placed(bare, matches, tier))
    assert {c.name: c.labels for c in done.project.clips.values()} == {
        c.name: c.labels for c in study.project.clips.values()
    }


def test_openpacks_real_labels_lie_on_their_recording(
    real_data: Path, empty_project: Project, tmp_path: Path
) -> None:
    rows = (real_data / "openpack/atr01_S0500_first10min.csv").read_text().splitlines()[1:]
    times = [int(row.partition(",")[0]) for row in rows]
    body = "".join(
        f"{(time - times[0]) / 1e3},{','.join(row.split(',')[1:4])}\n"
        for time, row in zip(times, rows, strict=True)
    )
    recording = written(tmp_path / "pack_imu.csv", "time_s,acc_x,acc_y,acc_z\n" + body)
    assert read_imu_csv(recording).samples == len(rows)
    project = with_imported(
        empty_project, finished(import_folder(empty_project, tmp_path, recording))
    )
    (only,) = project.clips.values()
    done = bring(
        project,
        real_data / "openpack/operations_S0500.csv",
        clip_id=only.id,
        starts_at_s=times[0] / 1e3,
        tier=MINE,
    )
    track = done.project.clip(only.id).labels
    assert track.segments[0] == Segment(1.143, 9.304, "Picking")
    assert track.segments[-1].end_s == only.duration_s
    assert any("outside their clip left out" in note for note in done.notes)
    assert len(done.new_labels) == 10


def test_two_files_of_one_clip_replace_what_was_there_and_not_each_other(
    project: Project, tmp_path: Path
) -> None:
    first = written(tmp_path / "walk__a.txt", "0.0\t1.0\trunning\n")
    second = written(tmp_path / "walk__b.txt", "6.0\t7.0\tsitting\n")
    done = bring(project, first, second, tier=MINE, mode=REPLACE)
    track = done.project.clip("KIT/3/walk_poses.npz").labels
    assert track.segments == (Segment(0, 1, "running"), Segment(6, 7, "sitting"))
    assert done.segments == 2
    assert done.notes == ("1 tiers replaced (undo brings them back)",)


def test_only_the_segments_that_found_room_are_counted(project: Project, tmp_path: Path) -> None:
    text = "start_s,end_s,label\n1.5,2.5,running\n7,8,running\n"
    done = bring(project, written(tmp_path / "walk.csv", text), tier=MINE)
    assert done.segments == 1
    assert len(done.project.clip("KIT/3/walk_poses.npz").labels) == 3


def test_dated_labels_of_several_clips_begin_each_at_its_own_first_one(
    project: Project, tmp_path: Path
) -> None:
    text = (
        "clip,start,end,label\n"
        "walk,2022-03-29 10:00:00,2022-03-29 10:00:01,a\n"
        "CMU/01_01,2022-03-29 11:00:00,2022-03-29 11:00:02,a\n"
    )
    done = bring(project, written(tmp_path / "all.csv", text), tier="dated")
    assert done.clips == 2
    assert done.project.clip("CMU/01/01_01_poses.npz").track("dated").segments == (
        Segment(0, 2, "a"),
    )


def test_dated_labels_of_one_clip_in_two_files_share_its_beginning(
    project: Project, tmp_path: Path
) -> None:
    row = "start,end,label\n2022-03-29 10:00:0{},2022-03-29 10:00:0{},a\n"
    files = [
        written(tmp_path / f"walk__{who}.csv", row.format(at, at + 1))
        for who, at in (("late", 3), ("early", 1))
    ]
    clip = bring(project, *files).project.clip("KIT/3/walk_poses.npz")
    assert clip.track("early").segments == (Segment(0, 1, "a"),)
    assert clip.track("late").segments == (Segment(2, 3, "a"),)
