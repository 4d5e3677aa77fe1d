from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.jobs import Progress, finished
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.core.project import EXCLUDED, Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.workflows.windowing import (
    LEFT_OUT,
    REAL,
    aligned_recording,
    collect_windows,
    with_people,
)
from tests.workflows.making import SENSORS, Study

CONFIG = TrainingConfig(sensors=SENSORS, channels="acc_gyro")


def windows_of(study: Study, project: Project | None = None, **options: object) -> WindowSet:
    job = collect_windows(project or study.project, study.folder, CONFIG, **options)  # type: ignore[arg-type]
    return finished(job)


def test_every_labelled_clip_gives_windows_of_its_label(study: Study) -> None:
    windows = windows_of(study)
    assert windows.labels == study.project.label_set.names
    assert set(windows.subjects) == {"p1", "p2", "p3", "p4"}
    assert len(windows.clip_ids) == len(study.project.clips)
    assert not windows.real.any()
    for i in range(len(windows)):
        name = study.project.clip(windows.clip_of(i)).name
        if "long" not in name:
            assert windows.labels[windows.codes[i]] == name.split("_")[1]


def test_excluded_broken_and_unlabelled_clips_take_no_part(study: Study) -> None:
    a, b, c, *_ = study.project.clips.values()
    changed = [
        replace(a, status=EXCLUDED),
        replace(b, problem="nan"),
        c.with_track(LabelTrack()),
    ]
    windows = windows_of(study, study.project.with_clips(changed))
    assert {a.id, b.id, c.id}.isdisjoint(windows.clip_ids)
    assert len(windows.clip_ids) == len(study.project.clips) - 3


def test_unknown_is_a_label_but_not_a_class(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    track = clip.labels.paint(Segment(0, 12, UNKNOWN))
    windows = windows_of(study, study.project.with_clips([clip.with_track(track)]))
    assert UNKNOWN not in windows.labels
    of_clip = windows.clip_index == windows.clip_ids.index(clip.id)
    assert windows.start_s[of_clip].min() >= 11.5


def test_a_clip_that_fails_is_left_out_and_told(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    gone = replace(clip, motion=Source("gone_poses.npz", "amass"))
    job = collect_windows(study.project.with_clips([gone]), study.folder, CONFIG)
    steps: list[Progress] = []
    windows = finished(job, steps.append)
    assert clip.id not in windows.clip_ids
    (told,) = steps[-1].values[LEFT_OUT]  # type: ignore[misc]
    assert told.startswith("p1_waving: gone_poses.npz: no such file")


def test_if_every_clip_fails_the_first_reason_is_the_error(study: Study, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"none of 9 labelled clips .*no such file"):
        finished(collect_windows(study.project, tmp_path, CONFIG))


def test_no_labels_are_an_error(study: Study) -> None:
    bare = [clip.with_track(LabelTrack()) for clip in study.project.clips.values()]
    with pytest.raises(HarstudioError, match="no clip has both labels and virtual signals"):
        windows_of(study, study.project.with_clips(bare))


def test_sensors_that_the_layout_lacks_are_simulated_at_their_site(study: Study) -> None:
    config = replace(CONFIG, sensors=("head", "left_wrist"), channels="acc")
    windows = finished(collect_windows(study.project, study.folder, config))
    assert [name.split()[0] for name in windows.channels[::3]] == ["head", "left_wrist"]


def test_aligned_real_windows_are_like_the_virtual_ones(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    quaternion = tuple(rot.quaternion_from_axis_angle(np.array((0.2, -0.3, 0.1))))
    mounting = tuple((name, quaternion) for name in SENSORS)
    alignment = replace(study.hidden, mounting_wxyz=mounting)
    ref = replace(clip.recordings[0], alignment=alignment)
    project = study.project.with_clips([replace(clip, recordings=(ref,))])
    real = windows_of(study, project, signals=REAL)
    virtual = windows_of(study, project, clip_ids=(clip.id,))
    assert real.real.all()
    assert real.clip_ids == (clip.id,)
    # The recording starts between two virtual samples: compare at the nearest window.
    i = int(np.argmin(np.abs(real.start_s - 20.0)))
    at = real.start_s[i] + np.arange(60) / 60
    grid = virtual.start_s[:, None] + np.arange(60) / 60
    times, rows = np.unique(grid.round(6), return_index=True)
    flat = virtual.signals.reshape(-1, virtual.signals.shape[2])[rows]
    expected = np.stack([np.interp(at, times, flat[:, c]) for c in range(flat.shape[1])], axis=1)
    assert np.abs(real.signals[i] - expected).max() < 0.15 * np.abs(expected).max()


def recorded(rate_hz: float, acc: np.ndarray, **more: object) -> ImuRecording:
    times = np.arange(len(acc)) / rate_hz
    return ImuRecording(times, ("left_wrist",), acc[:, None], **more)  # type: ignore[arg-type]


def clip_with(alignment: Alignment = Alignment(), seconds: float = 10.0) -> Clip:  # noqa: B008
    ref = RecordingRef(Source("x", "imu_npz"), ("left_wrist",), seconds, 100.0, alignment)
    return Clip("c", "c", seconds, 60.0, recordings=(ref,))


def test_going_down_in_rate_does_not_fold_what_is_too_fast() -> None:
    times = np.arange(2000) / 200.0
    acc = np.zeros((2000, 3))
    acc[:, 0] = np.sin(2 * np.pi * 55 * times)  # would fold to 5 Hz at 60 Hz
    own = aligned_recording(recorded(200.0, acc), clip_with(), 0, TrainingConfig())
    assert own.rate_hz == pytest.approx(60.0)
    assert np.abs(own.acc_mps2[30:-30]).max() < 0.02


def test_only_what_lies_on_the_clip_is_kept() -> None:
    shifted = clip_with(Alignment(-4.0), 5.0)
    own = aligned_recording(recorded(60.0, np.ones((720, 3))), shifted, 0, TrainingConfig())
    assert own.times_s[0] == pytest.approx(0.0, abs=1 / 60)
    assert own.times_s[-1] < 5.0
    assert len(own.times_s) == 300


def test_a_recording_that_misses_the_clip_says_where_it_lies() -> None:
    with pytest.raises(HarstudioError, match=r"lies from 100\.0 to .* outside the clip's 10\.0 s"):
        aligned_recording(
            recorded(60.0, np.ones((60, 3))), clip_with(Alignment(100.0)), 0, TrainingConfig()
        )


TURN = rot.quaternion_from_axis_angle(np.array([0.4, 0.9, -0.3]))


def test_a_paper_model_gets_real_signals_in_the_world_without_gravity() -> None:
    still = np.tile(rot.matrix_from_quaternion(TURN).T @ [0.0, 0.0, GRAVITY], (120, 1))
    orientation = np.tile(TURN, (120, 1, 1))
    real = recorded(60.0, still, orientation_wxyz=orientation)
    own = aligned_recording(real, clip_with(), 0, TrainingConfig(preset="paper"))
    assert (own.frame, own.with_gravity) == ("global", False)
    np.testing.assert_allclose(own.acc_mps2, 0.0, atol=1e-9)


def test_a_paper_model_and_a_sensor_without_orientation_do_not_fit() -> None:
    with pytest.raises(HarstudioError, match="no orientation to turn it into the world frame"):
        aligned_recording(
            recorded(60.0, np.ones((60, 3))), clip_with(), 0, TrainingConfig(preset="paper")
        )


def test_a_world_frame_recording_is_turned_into_what_the_sensor_feels() -> None:
    orientation = np.tile(TURN, (120, 1, 1))
    real = recorded(
        60.0,
        np.zeros((120, 3)),
        orientation_wxyz=orientation,
        frame="global",
        with_gravity=False,
    )
    own = aligned_recording(real, clip_with(), 0, TrainingConfig())
    expected = rot.matrix_from_quaternion(TURN).T @ [0.0, 0.0, GRAVITY]
    np.testing.assert_allclose(own.acc_mps2[:, 0], np.tile(expected, (120, 1)), atol=1e-9)


def test_real_windows_come_only_from_recordings_with_all_the_sensors(study: Study) -> None:
    config = replace(CONFIG, sensors=("head",))
    with pytest.raises(HarstudioError, match=r"have the sensors left_wrist, right_thigh, expected"):
        finished(collect_windows(study.project, study.folder, config, signals=REAL))


def test_made_up_people_move_differently_and_are_the_same_every_time(study: Study) -> None:
    config = replace(CONFIG, people=2)
    own = windows_of(study)
    ids = (study.clip_id("p1_waving"), study.clip_id("p2_shaking"))
    one = finished(with_people(study.project, study.folder, config, own, ids))
    turned = finished(with_people(study.project, study.folder, config, own, ids[::-1]))
    made_up = one.taken(one.variant > 0)
    assert {made_up.clip_of(i) for i in range(len(made_up))} == set(ids)
    assert sorted(set(made_up.variant.tolist())) == [1, 2]
    assert np.array_equal(one.signals[: len(own)], own.signals)
    for clip_id in ids:
        shown = {}
        for windows in (one, turned):
            of_clip = windows.clip_index == windows.clip_ids.index(clip_id)
            for variant in range(3):
                shown.setdefault(variant, []).append(
                    windows.signals[of_clip & (windows.variant == variant)]
                )
        for first, second in shown.values():
            assert np.array_equal(first, second)  # whatever the order of the clips
        recorded, first, second = (shown[variant][0] for variant in range(3))
        assert recorded.shape == first.shape == second.shape
        assert np.abs(first - recorded).mean() > 0.2
        assert np.abs(second - first).mean() > 0.2


def test_a_clip_that_other_people_cannot_repeat_is_told(study: Study) -> None:
    own = windows_of(study)
    clip = study.project.clip(study.clip_id("p1_waving"))
    gone = study.project.with_clips([replace(clip, motion=Source("gone_poses.npz", "amass"))])
    steps: list[Progress] = []
    job = with_people(gone, study.folder, replace(CONFIG, people=1), own, (clip.id,))
    assert len(finished(job, steps.append)) == len(own)
    (told,) = steps[-1].values[LEFT_OUT]  # type: ignore[misc]
    assert told.startswith("p1_waving by other people: gone_poses.npz: no such file")
