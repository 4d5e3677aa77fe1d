"""Made-up wrist signals beside real ones: same strength, same rhythm.

Real figures, so that the tests mean something where the recordings are absent:
`REAL_WALKING`, `REAL_JUMPING`: median over 11 walking and 5 jumping takes of the CMU motion
capture database (mocap.cs.cmu.edu, as AMASS-layout files), both wrists, on the open body at 60 Hz.
`REAL_TYPING`: standard deviation of |f| of two watches (WISDM 2019, subjects 1600 and 1601, 20 Hz).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from harstudio.body.files import open_body
from harstudio.body.kinematics import forward_kinematics
from harstudio.core.imu import GRAVITY
from harstudio.core.skeleton import joint_index
from harstudio.demo.activities import session
from harstudio.demo.people import people

RATE = 60.0
REAL_WALKING = 8.36
"""RMS of gravity-free wrist acceleration, m/s2."""
REAL_JUMPING = 14.68
REAL_STEP_HZ = (1.5, 2.3)
"""Step frequency of the real walks; a stride is half of it."""
REAL_TYPING = (0.38, 0.33)
"""Standard deviation of the specific force's length when typing, m/s2."""


def wrist_acceleration(pose, translation, joints, side):
    """(T, 3) m/s2 in the world, gravity-free, at a watch's place on the forearm."""
    positions = forward_kinematics(pose, translation, joints).positions
    elbow, wrist = (positions[:, joint_index(f"{side}_{name}")] for name in ("elbow", "wrist"))
    place = elbow + 0.88 * (wrist - elbow)
    return savgol_filter(place, 7, 4, deriv=2, delta=1 / RATE, axis=0)[4:-4]


def rms(acceleration):
    return float(np.sqrt(np.mean(np.sum(acceleration**2, axis=1))))


def force_length(acceleration):
    return np.linalg.norm(acceleration + np.array([0.0, 0.0, GRAVITY]), axis=1)


def peak_hz(signal, low=0.5, high=8.0):
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(len(signal)), 1 << 13))
    hz = np.fft.rfftfreq(1 << 13, 1 / RATE)
    band = (hz >= low) & (hz <= high)
    return float(hz[band][np.argmax(power[band])])


@pytest.fixture(scope="module")
def made():
    """Gravity-free wrist accelerations of six people per activity."""
    signals: dict[str, list[np.ndarray]] = {}
    for person in people(11, 6):
        joints = open_body().shaped(np.array(person.betas)).joints
        for activity in ("walking", "jumping", "computer_work"):
            motion, _ = session(person, [(activity, 14.0)], joints, RATE, 2)
            for side in ("left", "right"):
                acc = wrist_acceleration(motion.pose, motion.translation, joints, side)
                signals.setdefault(activity, []).append(acc)
    return signals


def test_walking_wrists_are_as_lively_as_real_ones(made):
    middle = np.median([rms(acc) for acc in made["walking"]])
    assert middle == pytest.approx(REAL_WALKING, rel=0.35)


def test_walking_wrists_beat_once_a_step_or_once_a_stride_like_real_ones(made):
    low, high = REAL_STEP_HZ
    peaks = np.array([peak_hz(force_length(acc)) for acc in made["walking"]])
    per_step = (peaks > low) & (peaks < high)
    per_stride = (peaks > low / 2) & (peaks < high / 2)
    per_half_step = (peaks > 2 * low) & (peaks < 2 * high)
    assert (per_step | per_stride | per_half_step).all()
    assert np.mean(per_step | per_stride) >= 0.75
    assert low < np.median(peaks) < high


def test_wrists_in_walking_swing_along_at_the_stride(made):
    for acc in made["walking"]:
        level = acc[:, :2] - acc[:, :2].mean(axis=0)
        power = np.sum(np.abs(np.fft.rfft(level * np.hanning(len(acc))[:, None], axis=0)), axis=1)
        hz = np.fft.rfftfreq(len(acc), 1 / RATE)
        assert 0.75 < hz[np.argmax(power)] < 1.2


def test_jumping_wrists_are_as_lively_as_real_ones(made):
    middle = np.median([rms(acc) for acc in made["jumping"]])
    assert middle == pytest.approx(REAL_JUMPING, rel=0.40)


def test_wrists_at_a_desk_are_as_quiet_as_real_typing_ones(made):
    middle = np.median([np.std(force_length(acc)) for acc in made["computer_work"]])
    assert 0.5 * min(REAL_TYPING) < middle < 1.6 * max(REAL_TYPING)


def test_steps_vary_from_stride_to_stride_like_a_persons(made):
    """Real step times vary by 1.5-4 % (Hausdorff 2007); a machine's would not."""
    for acc in made["walking"][::2]:
        up = force_length(acc)[60:-60]
        spectrum = np.abs(np.fft.rfft((up - up.mean()) * np.hanning(len(up)))) ** 2
        share = np.sort(spectrum)[::-1]
        assert share[:12].sum() < 0.97 * spectrum.sum()


def real_takes(folder, activity):
    joints = open_body().shaped(np.zeros(10)).joints
    for path in sorted((folder / "amass_cmu" / activity).glob("*.npz")):
        with np.load(path, allow_pickle=False) as take:
            poses = take["poses"].reshape(-1, 52, 3)[::2, [*range(22), 22, 37]]
            translation = take["trans"][::2]
            assert float(take["mocap_framerate"]) == 2 * RATE
        for side in ("left", "right"):
            yield wrist_acceleration(poses, translation, joints, side)


def test_the_real_figures_are_those_of_the_real_recordings(real_data):
    walking = list(real_takes(real_data, "walking"))
    assert np.median([rms(acc) for acc in walking]) == pytest.approx(REAL_WALKING, rel=0.02)
    jumping = list(real_takes(real_data, "jumping"))
    assert np.median([rms(acc) for acc in jumping]) == pytest.approx(REAL_JUMPING, rel=0.02)
    low, high = REAL_STEP_HZ
    peaks = np.array([peak_hz(force_length(acc)) for acc in walking])
    explained = np.any([(peaks > low * k) & (peaks < high * k) for k in (0.5, 1, 2)], axis=0)
    assert explained.mean() > 0.8, "the real ones beat with stride, step, or half a step too"


def test_the_real_typing_figures_are_those_of_the_real_watches(real_data):
    for subject, expected in zip((1600, 1601), REAL_TYPING, strict=True):
        path = real_data / "wisdm51" / "watch_accel" / f"data_{subject}_accel_watch.txt"
        rows = (line.strip().rstrip(";").split(",") for line in path.read_text().splitlines())
        force = np.array([[float(v) for v in row[3:6]] for row in rows if row[1:2] == ["F"]])
        assert np.std(np.linalg.norm(force, axis=1)) == pytest.approx(expected, abs=0.01)
