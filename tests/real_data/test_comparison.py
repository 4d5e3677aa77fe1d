"""Comparing on real recordings: a Kinect's bodies beside real sensors, and known distortions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.jobs import finished
from harstudio.core.project import Project
from harstudio.imu.compare import residual_metrics
from harstudio.imu.simulate import SimulationOptions
from harstudio.store.project_file import ProjectFile
from harstudio.workflows import loading
from harstudio.workflows.calibrating import calibrated, comparable_clips, map_of
from harstudio.workflows.comparing import Comparison, compare_project
from harstudio.workflows.demo import HIDDEN, make_demo
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.pairing import Pair, pooled

ACTIONS = ("a3", "a13", "a15", "a19", "a24")
"""Wave, boxing, tennis swing and knock with a sensor on the wrist; sit to stand on the thigh."""

CAMERA = SimulationOptions(window_s=0.5)


@pytest.fixture(scope="module")
def kinect(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    folder = tmp_path_factory.mktemp("utd")
    for part, ending in (("Inertial", "inertial"), ("Skeleton", "skeleton")):
        (folder / part).mkdir()
        for action in ACTIONS:
            for subject in ("s1", "s2", "s3"):
                name = f"{action}_{subject}_t1_{ending}.mat"
                (folder / part / name).symlink_to(real_data / "utd_mhad" / part / name)
    empty = Project("utd", layout_of(LAYOUTS["xiao2020"]))
    found = finished(import_folder(empty, folder, folder))
    return with_imported(empty, found), folder


@pytest.fixture(scope="module")
def smoothed(kinect: tuple[Project, Path]) -> Comparison:
    project, folder = kinect
    return finished(compare_project(project, folder, options=CAMERA))


def clips_of(comparison: Comparison, sensor: str, quantity: str, what: str) -> np.ndarray:
    """One figure of every clip."""
    return np.array(
        [
            getattr(row.metrics, what)
            for row in comparison.rows
            if not row.of_all_clips
            and (row.label, row.sensor, row.quantity) == ("all", sensor, quantity)
        ]
    )


def test_a_cameras_wrist_follows_the_real_one(smoothed: Comparison) -> None:
    assert smoothed.failures == ()
    r = clips_of(smoothed, "right_wrist", "acc", "r_mean")
    nrmse = clips_of(smoothed, "right_wrist", "acc", "nrmse_all")
    assert len(r) == 12
    assert np.median(r) > 0.6
    assert np.median(nrmse) < 0.85
    assert np.median(clips_of(smoothed, "right_wrist", "gyro", "r_mean")) > 0.6


def test_once_aligned_no_lag_is_left_in_the_angular_velocity(smoothed: Comparison) -> None:
    lags = clips_of(smoothed, "right_wrist", "gyro", "lag_s")
    assert np.median(np.abs(lags)) < 2e-3


def test_a_cameras_jitter_must_be_smoothed_before_it_is_an_acceleration(
    kinect: tuple[Project, Path], smoothed: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, folder = kinect
    monkeypatch.setattr(loading, "POINTS_WINDOW_S", 0.1)
    sharp = finished(compare_project(project, folder))
    before, after = (
        np.median(clips_of(each, "right_wrist", "acc", "rmse_all")) for each in (sharp, smoothed)
    )
    assert before > 1.4 * after
    row = next(r for r in sharp.rows if r.sensor == "right_wrist" and r.quantity == "acc")
    assert row.metrics.psd_ratio[1] > 3.0


def test_another_persons_recording_does_not_pass_for_the_right_one(
    kinect: tuple[Project, Path], smoothed: Comparison
) -> None:
    project, folder = kinect
    wrist = [c for c in comparable_clips(project) if c.recordings[0].sensors == ("right_wrist",)]
    swapped = [
        replace(clip, recordings=other.recordings)
        for clip, other in zip(wrist, wrist[4:] + wrist[:4], strict=True)
    ]
    wrong = finished(
        compare_project(project.with_clips(swapped), folder, tuple(c.id for c in wrist),
                        options=CAMERA)
    )  # fmt: skip
    right = np.median(clips_of(smoothed, "right_wrist", "gyro", "nrmse_all"))
    assert np.median(clips_of(wrong, "right_wrist", "gyro", "nrmse_all")) > 1.2 * right


def test_a_map_fitted_to_others_brings_a_new_persons_distribution_closer(
    smoothed: Comparison,
) -> None:
    pairs = [p for p in smoothed.pairs if (p.sensor, p.quantity) == ("right_wrist", "gyro")]
    closer = 0
    for subject in ("s1", "s2", "s3"):
        found = map_of([pair for pair in pairs if pair.subject != subject])
        assert subject not in found.subjects
        mine = [pair for pair in pairs if pair.subject == subject]
        closer += _distance([calibrated(pair, found) for pair in mine]) < _distance(mine)
    assert closer >= 2


def _distance(pairs: list[Pair]) -> float:
    pool = pooled(pairs)
    metrics = residual_metrics(pool.virtual, pool.real, pool.valid, rate_hz=pairs[0].rate_hz)
    return metrics.magnitude_wasserstein


# -- a recording beside itself -----------------------------------------------------------


@pytest.fixture(scope="module")
def body(real_data: Path) -> dict[str, np.ndarray]:
    """Acceleration of three of qmt's sensors, 100 s at 100 Hz."""
    file = real_data / "qmt" / "full_body_example_data.mat"
    found = loadmat(file, squeeze_me=True, struct_as_record=False)
    return {name: found[name].acc for name in ("forearm_left", "upper_leg_right", "head")}


def test_a_recording_is_its_own_twin(body: dict[str, np.ndarray]) -> None:
    for acc in body.values():
        found = residual_metrics(acc, acc, rate_hz=100.0)
        assert found.rmse_all == 0.0
        assert found.r_mean == pytest.approx(1.0)
        assert found.coherence_mean == pytest.approx(1.0)
        assert found.psd_ratio == pytest.approx((1.0, 1.0, 1.0))
        assert found.lag_s == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("delay_s", [0.004, -0.0137, 0.25])
def test_a_delay_in_real_motion_is_found_finer_than_a_sample(
    body: dict[str, np.ndarray], delay_s: float
) -> None:
    for acc in body.values():
        spectrum = np.fft.rfft(acc, axis=0)
        hz = np.fft.rfftfreq(len(acc), 0.01)[:, None]
        later = np.fft.irfft(spectrum * np.exp(-2j * np.pi * hz * delay_s), len(acc), axis=0)
        found = residual_metrics(acc[200:-200], later[200:-200], rate_hz=100.0)
        assert found.lag_s == pytest.approx(delay_s, abs=1e-3)


def test_noise_costs_coherence_where_the_motion_is_weak(body: dict[str, np.ndarray]) -> None:
    acc = body["forearm_left"]
    noise = np.random.default_rng(0).standard_normal(acc.shape)
    levels = [
        residual_metrics(acc, acc + size * noise, rate_hz=100.0).coherence_mean
        for size in (0.0, 0.3, 1.0, 3.0)
    ]
    assert np.all(np.diff(levels) < 0)
    assert levels[1] > 0.9


def test_sensors_on_different_limbs_are_told_apart(body: dict[str, np.ndarray]) -> None:
    found = residual_metrics(body["head"], body["forearm_left"], rate_hz=100.0)
    assert found.coherence_mean < 0.6
    assert found.nrmse_all > 1.0


# -- the demo, whose truth is known ------------------------------------------------------


def test_the_demos_recordings_come_back_to_what_was_hidden_in_them(tmp_path: Path) -> None:
    with ProjectFile.open(finished(make_demo(tmp_path)), read_only=True) as file:
        found = finished(compare_project(file.project, file.folder, calibrate=True))
    for clip, hidden in HIDDEN.items():
        rows = [row for row in found.rows if row.clip == clip and row.label == "all"]
        assert len(rows) == 2 * 6
        for row in rows:
            assert row.offset_s == pytest.approx(hidden.offset_s, abs=1e-3)
            assert row.drift_ppm == pytest.approx(hidden.drift_ppm, abs=5.0)
            assert abs(row.metrics.lag_s) < 1e-3
            if row.quantity == "gyro":
                assert row.metrics.nrmse_all < 0.03
            else:  # the sensors have slipped by centimetres: that is not hidden by any fit
                assert 0.01 < row.metrics.nrmse_all < 0.15
