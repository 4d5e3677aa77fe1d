from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.body.sites import layout_of
from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment, clip_time
from harstudio.imu.noise import MEASURED, with_noise
from harstudio.io.amass import read
from harstudio.io.imu_npz import write_imu_npz
from harstudio.io.registry import probe
from harstudio.workflows.aligning import (
    Anchor,
    align_clips,
    align_recording,
    aligned_clip,
    anchor_at,
    anchored,
    fit_recording,
    search_lag,
    start_of,
    starting_at,
    with_aligned,
    with_alignment,
)
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.loading import load_clip
from tests.workflows.making import SENSORS, TILT, Study, worn


def test_the_hidden_lag_drift_and_mounting_are_found(study: Study) -> None:
    found = finished(align_clips(study.project, study.folder, (study.clip_id("p4_long"),)))
    ((name, fit),) = found.fits
    assert name == "p4_long"
    assert fit.alignment.offset_s == pytest.approx(study.hidden.offset_s, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(study.hidden.drift_ppm, abs=5.0)
    for sensor in ("left_wrist", "right_thigh"):
        turn = rot.matrix_from_quaternion(fit.alignment.mounting(sensor))
        assert rot.angle_between(turn, rot.exp(TILT)) < np.radians(0.5)
    (clip,) = found.clips
    assert clip.recordings[0].alignment == fit.alignment


def test_labels_and_motion_stay_where_they_are(study: Study) -> None:
    before = study.project.clip(study.clip_id("p4_long"))
    (after,) = finished(align_clips(study.project, study.folder, (before.id,))).clips
    assert replace(after, recordings=before.recordings) == before


def test_an_alignment_that_is_there_can_be_left_alone(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    mine = replace(clip.recordings[0], alignment=Alignment(0.25))
    loaded = load_clip(study.project, replace(clip, recordings=(mine,)), study.folder)
    after, fits = aligned_clip(loaded, only_new=True)
    assert (after.recordings, fits) == ((mine,), ())


def test_a_clip_that_cannot_be_aligned_is_noted_and_the_rest_goes_on(study: Study) -> None:
    ids = (study.clip_id("p1_waving"), study.clip_id("p4_long"))
    found = finished(align_clips(study.project, study.folder, ids))
    assert [clip.name for clip in found.clips] == ["p4_long"]
    ((name, reason),) = found.failures
    assert name == "p1_waving"
    assert "needs a motion and a recording" in reason


def test_if_no_clip_can_be_aligned_the_reason_is_the_error(study: Study) -> None:
    with pytest.raises(HarstudioError, match="'p1_waving': alignment needs"):
        finished(align_clips(study.project, study.folder, (study.clip_id("p1_waving"),)))


def test_one_recording_of_one_clip_is_fitted_as_with_all(study: Study) -> None:
    clip_id = study.clip_id("p4_long")
    one = finished(align_recording(study.project, study.folder, clip_id, 0))
    ((_, all_of_it),) = finished(align_clips(study.project, study.folder, (clip_id,))).fits
    assert one == all_of_it


@pytest.mark.parametrize("motion", ["walking", "jumping"])
def test_a_real_motion_s_recording_finds_its_place(
    real_data: Path, tmp_path: Path, motion: str
) -> None:
    """200 ppm, a lag and a tilt are hidden in what the sensors of a captured motion would read."""
    paths = sorted((real_data / "amass_cmu" / motion).glob("*_poses.npz"))
    longest = max(paths, key=lambda path: read(path).duration_s)
    hidden = Alignment(offset_s=0.3456, drift_ppm=200.0)
    shutil.copy(longest, tmp_path / "real_poses.npz")
    pure = read(longest)
    recording = with_noise(worn(pure, hidden), MEASURED, 0)
    write_imu_npz(tmp_path / "real_imu.npz", recording)
    empty = Project("real", layout_of(SENSORS))
    project = with_imported(empty, finished(import_folder(empty, tmp_path, tmp_path)))
    (clip_id,) = project.clips
    (clip,) = finished(align_clips(project, tmp_path, (clip_id,))).clips
    found = clip.recordings[0].alignment
    long = pure.duration_s > 25.0
    middle = 0.5 * pure.duration_s
    lag_error = clip_time(found, middle) - clip_time(hidden, middle)
    assert abs(lag_error) < 1e-3
    assert found.drift_ppm == pytest.approx(200.0 if long else 0.0, abs=5.0)
    for sensor in SENSORS:
        turn = rot.matrix_from_quaternion(np.array(found.mounting(sensor)))
        assert np.degrees(rot.angle_between(turn, rot.exp(TILT))) < 0.5


def test_takes_of_a_camera_are_laid_right_or_called_doubtful(real_data: Path) -> None:
    """UTD-MHAD: both files of a take start together; its skeleton is coarse, its takes short."""
    folder = real_data / "utd_mhad"
    project = Project("utd", layout_of(("right_wrist",)))
    clips = [camera_take(folder, a, s) for a in range(1, 28) for s in (1, 5)]
    project = project.with_clips(clips)
    found = finished(align_clips(project, folder, tuple(project.clips), only_sure=True))
    assert len(clips) >= 50
    assert found.failures == ()
    lags = np.array([fit.alignment.offset_s for _, fit in found.fits])
    assert np.abs(lags).max() < 0.4
    assert len(found.doubtful) < 0.25 * len(clips)
    assert all(reason for _, _, reason in found.doubtful)


def camera_take(folder: Path, action: int, subject: int) -> Clip:
    name = f"a{action}_s{subject}_t1"
    inertial = folder / "Inertial" / f"{name}_inertial.mat"
    skeleton = folder / "Skeleton" / f"{name}_skeleton.mat"
    info = probe(inertial)
    ref = RecordingRef(
        Source(str(inertial), "utd_inertial"), info.sensors, info.duration_s, info.rate_hz
    )
    return Clip(
        name, name, info.duration_s, 19.0,
        motion=Source(str(skeleton), "utd_skeleton"), recordings=(ref,),
    )  # fmt: skip


# What a window asks


def test_the_search_shows_the_lag_as_the_curve_s_peak(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    loaded = load_clip(study.project, clip, study.folder)
    search = search_lag(loaded, loaded.recordings[0])
    curve = search.curve
    top = curve.lags_s[np.nanargmax(curve.correlation)]
    assert curve.best.lag_s == pytest.approx(top)
    right = curve.with_lag(study.hidden, curve.lag_of(study.hidden))
    assert right.offset_s == pytest.approx(study.hidden.offset_s)
    assert top == pytest.approx(curve.lag_of(study.hidden), abs=0.02)
    assert search.correlation(study.hidden) > 0.99 > search.correlation(Alignment())


def test_a_lag_from_the_curve_is_the_lag_of_its_alignment(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    loaded = load_clip(study.project, clip, study.folder)
    curve = search_lag(loaded, loaded.recordings[0]).curve
    moved = curve.with_lag(Alignment(3.0, 5000.0), 0.75)
    assert curve.lag_of(moved) == pytest.approx(0.75)
    assert moved.drift_ppm == 5000.0


def test_a_short_motion_is_found_within_a_long_recording(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    loaded = load_clip(study.project, clip, study.folder)
    item = loaded.recordings[0]
    virtual = loaded.virtual
    part = slice(20 * 60, 35 * 60)
    short = replace(
        virtual, times_s=virtual.times_s[part] - 20.0, acc_mps2=virtual.acc_mps2[part],
        gyro_radps=virtual.gyro_radps[part], valid=virtual.valid_mask[part],
        orientation_wxyz=None,
    )  # fmt: skip
    fit = fit_recording(replace(loaded, virtual=short), item, max_lag_s=30.0)
    # A shift in time turns 150 ppm of 20 s into 3 ms of the offset, and 15 s tell no drift.
    middle = 20.0 + 7.5
    expected = clip_time(study.hidden, middle + 0.6789) - 20.0
    assert clip_time(fit.alignment, middle + 0.6789) == pytest.approx(expected, abs=2e-3)
    assert "+24.00 s" in fit.ambiguous  # where the same motion comes again


def test_only_what_is_sure_is_aligned_where_that_is_asked(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    other = replace(clip, id="other", motion=other_motion(study))
    project = study.project.with_clips([other])
    found = finished(
        align_clips(project, study.folder, (clip.id, "other"), only_sure=True)
    )  # fmt: skip
    assert [each.id for each in found.clips] == [clip.id]
    ((clip_id, _, reason),) = found.doubtful
    assert clip_id == "other"
    assert reason
    everything = finished(align_clips(project, study.folder, (clip.id, "other")))
    assert [each.id for each in everything.clips] == [clip.id, "other"]


def other_motion(study: Study) -> Source:
    """The motion of someone else, doing something else."""
    motion = study.project.clip(study.clip_id("p1_waving")).motion
    assert motion is not None
    return motion


def test_what_was_edited_while_a_fit_ran_stays_edited(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    found = finished(align_clips(study.project, study.folder, (clip.id,)))
    painted = LabelTrack((Segment(1.0, 2.0, "painted"),))
    now = study.project.with_clips([clip.with_track(painted)])
    project, moved = with_aligned(now, found, study.project)
    after = project.clip(clip.id)
    assert after.labels == painted
    assert after.recordings == found.clips[0].recordings
    assert moved == ()
    gone = now.without_clips([clip.id])
    assert with_aligned(gone, found, study.project)[0] is gone


def test_a_recording_moved_while_it_was_fitted_stays_there_and_is_named(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    found = finished(align_clips(study.project, study.folder, (clip.id,)))
    mine = study.project.with_clips([with_alignment(clip, 0, Alignment(0.25))])
    assert with_aligned(mine, found, study.project) == (mine, (clip.name,))


def test_how_well_it_is_known_stays_with_the_alignment(study: Study) -> None:
    found = finished(align_clips(study.project, study.folder, (study.clip_id("p4_long"),)))
    ((_, fit),) = found.fits
    kept = found.clips[0].recordings[0].alignment
    assert (kept.offset_sd_s, kept.drift_sd_ppm) == (fit.lag_sd_s, fit.drift_sd_ppm)
    assert kept.rotations_sd_rad == fit.rotations_sd_rad
    assert kept.mounting_sd_rad("right_thigh") == fit.rotations_sd_rad[1]
    assert kept.doubt == fit.ambiguous == ""


def test_what_was_aligned_before_is_left_alone_and_counted(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    mine = with_alignment(clip, 0, Alignment(0.25))
    broken = replace(clip, id="broken", motion=replace(clip.motion, path="gone.npz"))
    project = study.project.with_clips([mine, broken])
    found = finished(
        align_clips(project, study.folder, (clip.id, "broken"), only_new=True)
    )  # fmt: skip
    assert (found.clips, found.fits, found.kept) == ((), (), 1)
    assert len(found.failures) == 1
    again = finished(align_clips(project, study.folder, (clip.id,)))
    assert again.clips[0].recordings[0].alignment.offset_s == pytest.approx(
        study.hidden.offset_s, abs=1e-3
    )
    assert again.kept == 0


# By hand


@given(
    offset_s=st.floats(-1e4, 1e4),
    ppm=st.floats(-4e4, 4e4),
    first_s=st.floats(0, 1e4),
    gap_s=st.floats(2, 1e4),
)
def test_two_moments_that_agree_give_the_alignment(
    offset_s: float, ppm: float, first_s: float, gap_s: float
) -> None:
    truth = Alignment(offset_s, ppm)
    anchors = [Anchor(clip_time(truth, own), own) for own in (first_s, first_s + gap_s)]
    fit = Alignment(7.0, 1.0, (("s", (0.0, 1.0, 0.0, 0.0)),), 0.1, 2.0, (0.1,), "periodic")
    found = anchored(fit, *anchors)
    for anchor in anchors:
        assert clip_time(found, anchor.recording_s) == pytest.approx(anchor.clip_s, abs=1e-6)
    assert found.drift_ppm == pytest.approx(ppm, abs=0.1)
    assert found.mounting("s") == (0.0, 1.0, 0.0, 0.0)
    assert not found.is_fitted
    assert anchored(Alignment(), *anchors[::-1]).offset_s == pytest.approx(found.offset_s, abs=1e-6)


def test_an_anchor_is_what_lies_there_now() -> None:
    anchor = anchor_at(Alignment(2.0, 1000.0), 12.0)
    assert anchor.clip_s == 12.0
    assert clip_time(Alignment(2.0, 1000.0), anchor.recording_s) == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("second", "words"),
    [(Anchor(1.5, 1.5), "0.50 s apart"), (Anchor(9.0, 1.2), "0.20 s"), (Anchor(9.0, 8.0), "ppm")],
)
def test_anchors_that_cannot_be_are_refused(second: Anchor, words: str) -> None:
    with pytest.raises(HarstudioError, match=words):
        anchored(Alignment(), Anchor(1.0, 1.0), second)


@given(first_s=st.floats(-1e3, 2e9), start_s=st.floats(-1e3, 1e3), ppm=st.floats(-9e4, 9e4))
def test_a_recording_starts_where_it_was_told_to(
    first_s: float, start_s: float, ppm: float
) -> None:
    found = starting_at(Alignment(), first_s, start_s, ppm)
    assert start_of(found, first_s) == pytest.approx(start_s, abs=2e-6)
