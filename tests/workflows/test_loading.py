from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.body import files
from harstudio.body.sites import SITES, layout_of
from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY
from harstudio.core.labels import LabelTrack
from harstudio.core.points import PointPath
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.imu.simulate import PAPER, SimulationOptions
from harstudio.workflows import loading
from harstudio.workflows.loading import (
    Bodies,
    layout_for,
    layout_with,
    load_clip,
    options_for,
)
from tests.workflows.making import RATE_HZ, Study, write_moving


def test_a_clip_loads_with_its_body_its_virtual_signals_and_its_recordings(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    loaded = load_clip(study.project, clip, study.folder)
    assert loaded.motion is not None
    assert loaded.shaped is not None
    assert loaded.virtual is not None
    assert loaded.motion.frames == round(clip.duration_s * RATE_HZ)
    assert loaded.virtual.sensors == study.project.layout.names
    assert loaded.virtual.rate_hz == pytest.approx(study.project.rate_hz)
    assert [item.recording.kind for item in loaded.recordings] == ["real"]


def test_over_time_the_sensors_of_a_body_that_stays_feel_gravity_alone(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    virtual = load_clip(study.project, clip, study.folder).virtual
    assert virtual is not None
    assert virtual.orientation_wxyz is not None
    world_from_sensor = rot.matrix_from_quaternion(virtual.orientation_wxyz)
    force = np.einsum("tsij,tsj->tsi", world_from_sensor, virtual.acc_mps2)
    mean = force[virtual.valid_mask].mean(axis=0)
    np.testing.assert_allclose(mean, [[0, 0, GRAVITY]] * 2, atol=0.8)  # 2 x 2 m/s in 6 s


def test_options_reach_the_simulation(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    loaded = load_clip(study.project, clip, study.folder, PAPER)
    assert loaded.virtual is not None
    assert (loaded.virtual.frame, loaded.virtual.with_gravity) == ("global", False)


def test_a_recordings_own_sensor_is_simulated_too(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    narrow = replace(study.project, layout=layout_of(("head",)))
    loaded = load_clip(narrow, clip, study.folder)
    assert loaded.virtual is not None
    assert loaded.virtual.sensors == ("head", "left_wrist", "right_thigh")


def test_a_clip_without_a_motion_has_only_its_recordings(study: Study) -> None:
    clip = replace(study.project.clip(study.clip_id("p4_long")), motion=None)
    loaded = load_clip(study.project, clip, study.folder)
    assert (loaded.motion, loaded.virtual, loaded.shaped) == (None, None, None)
    assert len(loaded.recordings) == 1


def test_a_missing_file_is_named(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    with pytest.raises(HarstudioError, match=r"p1_waving_poses\.npz: no such file"):
        load_clip(study.project, clip, tmp_path)


def test_values_that_are_not_finite_are_found_on_first_reading(
    tmp_path: Path, study: Study
) -> None:
    path = write_moving(tmp_path / "nan_poses.npz", "waving", 1.0)
    with np.load(path) as held:
        arrays = dict(held)
    arrays["poses"][17, 4] = np.nan
    np.savez(path, **arrays)
    clip = Clip("nan", "nan", 1.0, RATE_HZ, motion=Source(str(path), "amass"))
    with pytest.raises(HarstudioError, match=r"nan_poses.npz: pose is nan at frame 17"):
        load_clip(study.project, clip, tmp_path)


def test_a_layout_gains_the_sites_it_lacks_and_nothing_unknown() -> None:
    layout = layout_of(("head",))
    assert layout_with(layout, ("head",)) is layout
    assert layout_with(layout, ("left_wrist", "pocket", "left_wrist")).names == (
        "head",
        "left_wrist",
    )


def test_sensors_are_picked_from_the_layout_first_and_from_the_sites_else() -> None:
    own = replace(layout_of(("head",)).sensors[0], site=SITES["left_wrist"])
    layout = replace(layout_of(()), sensors=(own,))
    found = layout_for(layout, ("right_wrist", "head"))
    assert found.names == ("right_wrist", "head")
    assert found.sensors[1] is own
    with pytest.raises(HarstudioError, match=r"no sensor 'tail' \(known: head, "):
        layout_for(layout, ("tail",))


class _Folder:
    """A stand-in for reading models: a folder that holds some genders."""

    def __init__(self, *genders: str) -> None:
        self.genders, self.read = genders, 0

    def __call__(self, path: Path, gender: str) -> str:
        self.read += 1
        if path.is_dir() and gender not in self.genders:
            raise HarstudioError(f"{path}: no {gender} body model (it has some)")
        return f"{path.name} {gender}"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> _Folder:
    folder = _Folder("female", "male")
    monkeypatch.setattr(loading, "load_body", folder)
    loading._body_at.cache_clear()
    yield folder
    loading._body_at.cache_clear()


def test_the_open_body_serves_every_gender() -> None:
    assert Bodies().of("male") is Bodies().of("female") is files.open_body()


def test_a_folder_without_the_neutral_body_gives_another(tmp_path: Path, models: _Folder) -> None:
    assert Bodies(tmp_path).of("male") == f"{tmp_path.name} male"
    assert Bodies(tmp_path).of("neutral") == f"{tmp_path.name} female"


def test_a_body_file_is_read_once_for_many_clips(tmp_path: Path, models: _Folder) -> None:
    path = tmp_path / "SMPL_MALE.npz"
    path.write_bytes(b"")
    for gender in ("male", "female", "neutral", "male"):
        Bodies(path).of(gender)
    assert models.read == 1


def test_a_damaged_body_is_an_error_and_not_replaced_by_another_gender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(path: Path, gender: str) -> object:
        raise HarstudioError(f"{path}/SMPL_MALE.npz: truncated")

    monkeypatch.setattr(loading, "load_body", damaged)
    with pytest.raises(HarstudioError, match="truncated"):
        Bodies(tmp_path).of("male")


def test_a_depth_cameras_points_get_a_body_and_signals(real_data: Path) -> None:
    folder = real_data / "utd_mhad"
    clip = Clip(
        "a1",
        "a1",
        3.0,
        19.0,
        motion=Source("Skeleton/a1_s1_t1_skeleton.mat", "utd_skeleton"),
        recordings=(
            RecordingRef(
                Source("Inertial/a1_s1_t1_inertial.mat", "utd_inertial"), ("right_wrist",), 3.0, 50
            ),
        ),
        tracks=(("labels", LabelTrack()),),
    )
    loaded = load_clip(Project("utd", layout_of(("head",))), clip, folder)
    assert loaded.points is not None
    assert loaded.motion is not None
    assert loaded.virtual is not None
    assert loaded.points.frames == loaded.motion.frames
    assert loaded.virtual.sensors == ("head", "right_wrist")
    real = loaded.recordings[0].recording
    assert loaded.virtual.times_s[-1] == pytest.approx(real.times_s[-1], abs=0.1)


def test_points_of_a_camera_are_smoothed_over_half_a_second() -> None:
    points = PointPath(np.zeros((4, 1, 3)), ("pelvis",), 19.0)
    usual = SimulationOptions()
    assert options_for(None, usual) is usual
    assert options_for(points, usual).window_s == 0.5
    assert options_for(points, SimulationOptions(window_s=0.8)).window_s == 0.8
    paper = SimulationOptions(preset="paper")
    assert options_for(points, paper) is paper
