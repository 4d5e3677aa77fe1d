"""pose2imu on clips of a project: paired windows, training, signals made from motions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.body.kinematics import joint_frames
from harstudio.body.model import body_for
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.io.imu_npz import read_imu_npz
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.pose_windows import BESIDE, sensor_channels
from harstudio.learn.runs.files import read_json
from harstudio.learn.runs.folder import REGRESSION, RunFolder
from harstudio.workflows.poses import joint_positions
from harstudio.workflows.posing import can_generate, generate, generate_clip, generate_project
from harstudio.workflows.predicting import predict_project
from harstudio.workflows.training import check_trainable, evaluate_project, train_project
from harstudio.workflows.training_data import plan_training
from harstudio.workflows.windowing import REAL, collect_windows, with_people
from tests.workflows.making import SENSORS, Study, moving

CONFIG = TrainingConfig(
    model="pose2imu", rate_hz=20.0, window_s=1.6, epochs=16, batch=8, learning_rate=3e-3, seed=2
)


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "made"
    clips = tuple(study.project.clips)
    finished(train_project(study.project, study.folder, CONFIG, path, clips))
    return path


def test_joints_are_where_the_motion_puts_them_between_its_frames_too() -> None:
    motion = moving("waving", 2.0)
    shaped = body_for(open_body(), motion)
    frames = joint_frames(shaped, motion).positions
    assert np.allclose(joint_positions(shaped, motion, motion.times_s), frames, atol=1e-9)
    half = joint_positions(shaped, motion, motion.times_s[:-1] + 0.5 / motion.rate_hz)
    assert np.abs(half - 0.5 * (frames[1:] + frames[:-1])).max() < 0.002
    outside = joint_positions(shaped, motion, np.array([-0.1, 0.5, 2.5]))
    assert np.isfinite(outside).all(axis=(1, 2)).tolist() == [False, True, False]
    alone = joint_positions(shaped, motion.cut(0, 1), np.array([0.0, 0.1]))
    assert np.allclose(alone[0], frames[0])
    assert np.isnan(alone[1]).all()


def test_virtual_windows_carry_the_pose_of_their_own_moments(study: Study) -> None:
    windows = finished(collect_windows(study.project, study.folder, CONFIG))
    assert windows.channels[-len(BESIDE) :] == BESIDE
    assert len(sensor_channels(windows.channels)) == 3 * len(SENSORS)
    assert (windows.signals[:, :, -2:] == 1.0).all()
    sketch = plan_training(study.project, CONFIG, tuple(study.project.clips)).windows
    assert abs(len(sketch) - len(windows)) <= 0.1 * len(windows)


def test_real_windows_are_paired_where_the_clip_has_a_motion(study: Study) -> None:
    windows = finished(collect_windows(study.project, study.folder, CONFIG, signals=REAL))
    assert windows.real.all()
    assert windows.signals[:, :, -1].mean() > 0.95
    assert set(windows.clip_ids) == {study.clip_id("p4_long")}


def test_made_up_people_are_posed_as_they_move(study: Study) -> None:
    windows = finished(collect_windows(study.project, study.folder, CONFIG))
    clip_id = study.clip_id("p1_waving")
    config = TrainingConfig(**{**CONFIG.__dict__, "people": 1})
    more = finished(with_people(study.project, study.folder, config, windows, (clip_id,)))
    added = more.signals[len(windows) :]
    assert len(added) > 0
    assert (added[:, :, -1] == 1.0).all()
    same = windows.signals[windows.clip_index == windows.clip_ids.index(clip_id)]
    assert not np.allclose(added[0, :, 6:-2], same[0, :, 6:-2])


def test_a_run_recognises_and_makes_signals_and_says_how_well(run: Path) -> None:
    report = RunFolder(run).report()
    assert report.macro_f1 > 0.8
    assert report.leaks == ()
    found = read_json(run / REGRESSION)
    assert found["samples"] == report.total * CONFIG.window_samples
    assert set(found["channels"]) == {f"{s} acc_{a}" for s in SENSORS for a in "xyz"}
    assert found["r"] > 0.3
    assert can_generate(RunFolder(run))


def test_the_run_works_wherever_other_runs_do(study: Study, run: Path) -> None:
    report = finished(evaluate_project(study.project, study.folder, run, REAL))
    assert report.macro_f1 > 0.6
    clip_id = study.clip_id("p1_shaking")
    found = finished(predict_project(study.project, study.folder, run, (clip_id,)))
    assert [s.label for s in dict(found.tracks)[clip_id].segments] == ["shaking"]


def test_generated_signals_are_of_the_movement_wherever_it_is(study: Study, run: Path) -> None:
    clip_id = study.clip_id("p2_waving")
    made = finished(generate_clip(study.project, study.folder, clip_id, run))
    assert (made.kind, made.frame, made.with_gravity) == ("virtual", "sensor", True)
    assert made.sensors == SENSORS
    assert made.rate_hz == pytest.approx(20.0)
    assert made.gyro_radps is None
    assert made.source is not None
    assert (made.source.format, Path(made.source.path)) == ("pose2imu", run)
    motion = moving("waving", 6.0, seed=20)
    again = finished(generate(run, body_for(open_body(), motion), motion))
    assert again.samples == made.samples
    assert np.allclose(again.acc_mps2, made.acc_mps2, atol=1e-3)  # that of the clip
    elsewhere = replace(motion, translation=motion.translation + np.array([3.0, -2.0, 0.0]))
    moved = finished(generate(run, body_for(open_body(), motion), elsewhere))
    assert np.allclose(moved.acc_mps2, made.acc_mps2, atol=1e-2)


def test_signals_for_every_clip_are_files_that_can_be_read(
    study: Study, run: Path, tmp_path: Path
) -> None:
    ids = (study.clip_id("p1_waving"), study.clip_id("p1_shaking"))
    made = finished(generate_project(study.project, study.folder, run, tmp_path / "out", ids))
    assert [path.name for path in made.files] == ["p1_shaking.npz", "p1_waving.npz"]
    assert made.failures == ()
    recording = read_imu_npz(made.files[0])
    assert (recording.kind, recording.sensors) == ("virtual", SENSORS)
    with pytest.raises(HarstudioError, match="not empty"):
        finished(generate_project(study.project, study.folder, run, tmp_path / "out", ids))


def test_a_run_that_makes_no_signals_is_refused_before_anything_is_written(
    study: Study, tmp_path: Path
) -> None:
    config = TrainingConfig(model="random_forest", trees=5)
    finished(train_project(study.project, study.folder, config, tmp_path / "forest"))
    assert not can_generate(RunFolder(tmp_path / "forest"))
    assert not can_generate(RunFolder(tmp_path / "nothing"))
    with pytest.raises(HarstudioError, match="random_forest makes no signals"):
        finished(
            generate_project(study.project, study.folder, tmp_path / "forest", tmp_path / "out")
        )
    assert not (tmp_path / "out").exists()


def test_calibration_is_refused_for_a_model_that_learns_its_own(study: Study) -> None:
    config = TrainingConfig(**{**CONFIG.__dict__, "calibrate": True})
    with pytest.raises(HarstudioError, match="pose2imu"):
        check_trainable(study.project, config)
