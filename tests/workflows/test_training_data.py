"""What training would do is told before it starts; labels are mapped, signals mixed, folds made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Project
from harstudio.io.amass import read, write_motion
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.label_map import LEAVE_OUT, LabelMap
from harstudio.learn.fit.cross_validation import CrossValidation, fold_runs
from harstudio.learn.runs.folder import CALIBRATION, RunFolder
from harstudio.learn.splitting.splits import make_split
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.training import SPLIT_LIST, train_project, training_clips
from harstudio.workflows.training_data import check_trainable, plan_training, with_sensors
from harstudio.workflows.windowing import BOTH, REAL, collect_windows, sketched_windows
from tests.workflows.making import SENSORS, Study

FOREST = TrainingConfig(model="random_forest", sensors=SENSORS, trees=5)
ARMS = LabelMap((("waving", "arms"), ("shaking", "rest")), name="two")


def everyone(study: Study) -> tuple[str, ...]:
    return training_clips(study.project, include_recorded=True)


def test_the_sketch_has_the_windows_that_cutting_gives(study: Study) -> None:
    config = replace(FOREST, window_s=1.5)
    real = finished(collect_windows(study.project, study.folder, config))
    sketch = sketched_windows(study.project, config)
    assert abs(len(sketch) - len(real)) <= len(real.clip_ids)
    assert sketch.labels == real.labels
    assert set(sketch.clip_ids) == set(real.clip_ids)
    assert sketch.channels == ()


def test_the_plan_shows_the_split_that_training_makes(study: Study) -> None:
    plan = plan_training(study.project, FOREST)
    windows = finished(
        collect_windows(study.project, study.folder, FOREST, clip_ids=training_clips(study.project))
    )
    assert plan.splits[0].units == make_split(windows, FOREST).units
    assert plan.splits[0].leaks == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window_s": 7.0}, "a window of 7 s takes 4.20 s of one label"),
        ({"split": "leave_one_subject_out", "signals": "real"}, "at least 2 subjects"),
        ({"split": "folds", "folds": 9}, "9 folds by subject need as many"),
        ({"split": "list", "split_list": "no_such_list"}, "neither a file nor an official list"),
        ({"split": "list", "split_list": "dip"}, "none of its test subjects"),
        ({"label_map": LabelMap((("waving", "arms"),))}, "says nothing about shaking"),
        ({"label_map": LabelMap((("waving", "a"), ("shaking", "a")))}, "labels in use: a"),
        ({"signals": "real", "people": 2}, "made-up people have virtual signals"),
        ({"signals": "real", "calibrate": True}, "only real ones are trained on"),
    ],
)
def test_mistakes_are_told_before_anything_is_simulated(
    study: Study, changes: dict[str, object], words: str
) -> None:
    config = replace(FOREST, **changes)
    with pytest.raises(HarstudioError) as caught:
        check_trainable(study.project, config)
    assert words in str(caught.value)


def test_what_is_possible_but_doubtful_is_told(study: Study) -> None:
    clips = list(study.project.clips.values())
    alone = clips[0].with_track(LabelTrack((Segment(0, 6, "kneeling"),)))
    brief = clips[1].with_track(
        LabelTrack((Segment(0, 0.3, "blinking"), Segment(0.3, 6, clips[1].labels.labels[0])))
    )
    project = study.project.with_clips([alone, brief])
    told = check_trainable(project, FOREST, tuple(clip.id for clip in clips))
    assert any("'kneeling' is of one subject only (p1)" in text for text in told)
    assert any("too long for blinking (at most 0.30 s), which give none" in text for text in told)
    assert check_trainable(study.project, replace(FOREST, split="clip_7_3"))[0].startswith(
        "7:3 by clip has no validation part"
    )
    bare = check_trainable(study.project, replace(FOREST, split="folds", folds=3,
                                                  validation_share=0.0))  # fmt: skip
    assert bare == ("no validation part was asked for: the last epoch is kept",)


def test_real_and_virtual_windows_of_a_person_stay_in_the_same_part(study: Study) -> None:
    ids = everyone(study)
    windows = finished(
        collect_windows(study.project, study.folder, FOREST, signals=BOTH, clip_ids=ids)
    )
    assert 0 < windows.real.sum() < len(windows)
    recorded = study.clip_id("p4_long")
    both = {
        bool(real)
        for real, clip in zip(windows.real, windows.clip_index, strict=True)
        if windows.clip_ids[clip] == recorded
    }
    assert both == {False, True}
    for kind in ("subject", "clip"):
        split = make_split(windows, replace(FOREST, split=kind, validation_share=0.0))
        trained = {windows.clip_of(int(i)) for i in split.train}
        assert trained.isdisjoint(windows.clip_of(int(i)) for i in split.test)
        assert all(leak.kind == "subject" for leak in split.leaks)
        assert kind == "clip" or split.leaks == ()


def test_a_run_on_both_kinds_says_which_window_was_real(study: Study, tmp_path: Path) -> None:
    config = replace(FOREST, signals="both", split="clip", seed=1)
    summary = finished(train_project(study.project, study.folder, config, tmp_path / "both"))
    assert {w.real for w in summary.report.windows} <= {False, True}
    assert RunFolder(tmp_path / "both").config().signals == "both"
    only = replace(config, signals="real", split="random_windows")
    real = finished(train_project(study.project, study.folder, only, tmp_path / "real"))
    assert all(w.real for w in real.report.windows)
    assert any(text.startswith("leak: ") for text in real.report.warnings)


def test_sensors_of_real_signals_are_those_that_the_recordings_share(study: Study) -> None:
    bare = replace(FOREST, sensors=(), signals=REAL)
    assert with_sensors(study.project, bare).sensors == SENSORS
    clip = study.project.clip(study.clip_id("p4_long"))
    ref = clip.recordings[0]
    other = replace(clip, id="x", name="x", recordings=(replace(ref, sensors=("tail",)),))
    with pytest.raises(HarstudioError, match="no sensor in common") as caught:
        with_sensors(study.project.with_clips([other]), bare)
    assert "tail (1)" in caught.value.hint


def test_a_report_has_the_labels_of_the_map_and_tells_what_was_left_out(
    study: Study, tmp_path: Path
) -> None:
    summary = finished(
        train_project(
            study.project, study.folder, replace(FOREST, label_map=ARMS), tmp_path / "mapped"
        )
    )
    assert summary.report.labels == ("arms", "rest")
    assert RunFolder(tmp_path / "mapped").config().label_map == ARMS
    clips = list(study.project.clips.values())
    track = LabelTrack((Segment(0, 3, "waving"), Segment(3, 6, "falling")))
    project = study.project.with_clips([clips[0].with_track(track)])
    strict = replace(FOREST, label_map=ARMS)
    with pytest.raises(HarstudioError, match=r"nothing about falling \(1 segment, 3\.0 s\)"):
        finished(train_project(project, study.folder, strict, tmp_path / "no"))
    lenient = replace(FOREST, label_map=replace(ARMS, others=LEAVE_OUT))
    summary = finished(train_project(project, study.folder, lenient, tmp_path / "some"))
    assert "label map 'two': left out falling (1 segment, 3.0 s)" in summary.report.warnings
    assert summary.report.labels == ("arms", "rest")


def test_a_run_keeps_the_list_that_it_was_split_by(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("subject,part\np1,train\np2,validation\np3,test\n")
    config = replace(FOREST, split="list", split_list=str(path))
    summary = finished(train_project(study.project, study.folder, config, tmp_path / "listed"))
    assert {w.subject for w in summary.report.windows} == {"p3"}
    kept = json.loads((tmp_path / "listed" / SPLIT_LIST).read_text())
    assert kept["parts"] == {"train": ["p1"], "validation": ["p2"], "test": ["p3"]}


def test_cross_validating_a_project_calibrates_anew_in_each_fold(
    study: Study, tmp_path: Path
) -> None:
    clips = [c for c in study.project.clips.values() if c.id != study.clip_id("p4_long")]
    lender = study.project.clip(study.clip_id("p4_long"))
    others = [replace(lender, subject="p1", id="q", name="q")]
    project = study.project.with_clips([*clips, *others])
    config = replace(
        FOREST, split="leave_one_subject_out", validation_share=0.0, calibrate=True, people=1
    )
    ids = tuple(clip.id for clip in project.clips.values())
    summary = finished(train_project(project, study.folder, config, tmp_path / "cv", ids))
    assert isinstance(summary, CrossValidation)
    runs = fold_runs(summary.path)
    assert len(runs) == 4
    for run in runs:
        (tested,) = run.report().parts["test"]["subjects"]
        fitted_on = json.loads((run.path / CALIBRATION).read_text())["subjects"]
        assert tested not in fitted_on
        assert run.report().parts["train"]["varied"] > 0
    assert len(summary.report.windows) == len({(w.clip_id, w.start_s) for w in
                                               summary.report.windows})  # fmt: skip


def test_one_movement_on_two_bodies_is_found_among_the_clips(study: Study, tmp_path: Path) -> None:
    home = tmp_path / "motions"
    for person in (1, 2, 3):
        for name in ("waving", "shaking"):
            source = study.folder / f"motions/p{person}/p{person}_{name}_poses.npz"
            motion = read(source)
            out = home / f"p{person}" / source.name
            out.parent.mkdir(parents=True, exist_ok=True)
            write_motion(out, motion)
            out.with_name(f"p{person}_{name}_labels.csv").write_text(
                f"start_s,end_s,label\n0,6,{name}\n"
            )
    copied = read(home / "p1/p1_waving_poses.npz")
    swapped = replace(copied, betas=np.full(10, 0.5))
    (home / "p9").mkdir()
    write_motion(home / "p9/p9_waving_poses.npz", swapped)
    (home / "p9/p9_waving_labels.csv").write_text("start_s,end_s,label\n0,6,waving\n")
    empty = Project("copies", study.project.layout)
    project = with_imported(empty, finished(import_folder(empty, home, home)))
    windows = finished(collect_windows(project, home, FOREST))
    shown = dict(zip(windows.clip_names, windows.movements, strict=True))
    assert shown["p9_waving"] == shown["p1_waving"]
    assert len(set(shown.values())) == 6
    lists = tmp_path / "list.csv"
    lists.write_text("subject,part\np1,train\np2,train\np3,test\np9,test\n")
    split = make_split(
        windows, replace(FOREST, split="list", split_list=str(lists), validation_share=0.0)
    )
    (leak,) = split.leaks
    assert leak.kind == "movement"
    assert "(p1_waving, p9_waving)" in leak.text
