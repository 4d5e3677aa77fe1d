"""The main job on real recordings: see docs/real-data.md and proof.py beside this file."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from harstudio.core.imu import GRAVITY
from tests.real_data import proof
from tests.real_data.figures import write_curves, write_matrix


@pytest.fixture(scope="module")
def learned(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> proof.Activities:
    return proof.activities(real_data, tmp_path_factory.mktemp("proof"))


@pytest.fixture(scope="module")
def pairs(real_data: Path) -> list[proof.PairResult]:
    takes = [f"a{a}_s{s}_t1" for a in (1, 5, 9, 11, 14, 19, 23, 24) for s in range(1, 9)]
    return proof.paired(real_data, takes)


def test_cmus_activities_are_told_apart_on_clips_that_were_held_out(
    learned: proof.Activities,
) -> None:
    assert set(learned.clips) >= {"walking", "running", "jumping", "soccer", "basketball"}
    parts = learned.report.parts
    clips = [set(parts[part]["clips"]) for part in ("train", "validation", "test")]
    assert sum(map(len, clips)) == len(set.union(*clips)) == sum(learned.clips.values())
    assert learned.report.split_kind == "clip"
    # Six classes, the largest with half of the windows; five splits gave .72 to .88.
    assert learned.report.accuracy > 0.6
    assert learned.report.macro_f1 > 0.45


def test_the_three_sites_are_simulated_on_every_motion(learned: proof.Activities) -> None:
    assert learned.frames > 50_000


@pytest.mark.parametrize("name", ["13_29", "13_30", "14_14"])
def test_a_long_recording_opens_with_its_human_labels(real_data: Path, name: str) -> None:
    found = proof.exercise(real_data, name)
    clip, virtual = found.loaded.clip, found.loaded.virtual
    segments = clip.labels.segments
    assert [segment.label for segment in segments] == [row[2] for row in found.rows]
    starts = [row[0] for row in found.rows]
    ends = [min(row[1], clip.duration_s) for row in found.rows]
    np.testing.assert_allclose([s.start_s for s in segments], starts, atol=1e-6)
    np.testing.assert_allclose([s.end_s for s in segments], ends, atol=1e-6)
    assert max(segment.duration_s for segment in segments) > 5.0
    assert virtual is not None
    assert virtual.times_s[-1] == pytest.approx(clip.duration_s, abs=0.05)


def test_star_jumps_have_the_pace_of_star_jumps(real_data: Path) -> None:
    paces = proof.exercise(real_data, "13_29").wrist_hz
    assert 0.7 < paces["JumpJack"] < 1.2
    assert paces["Squat"] < 0.6


def test_real_motions_obey_gravity_and_walk_at_a_human_pace(real_data: Path) -> None:
    facts = proof.physics(real_data)
    assert facts.upright_mps2 == pytest.approx(GRAVITY, abs=0.1)
    assert 0.75 < facts.stride_hz["walking"] < 1.1
    assert 1.1 < facts.stride_hz["running"] < 1.6
    # In flight a body is weightless.
    assert facts.lightest_mps2["jumping"] < 1.5
    assert facts.lightest_mps2["walking"] > 2.5


def test_a_real_wrist_and_its_virtual_twin_agree_below_the_cameras_rate(
    pairs: list[proof.PairResult],
) -> None:
    assert len(pairs) >= 50
    acc, gyro = proof.medians(pairs, "acc_r"), proof.medians(pairs, "gyro_r")
    assert acc[0] > 0.8
    assert gyro[0] > 0.7
    # A camera at 19 frames a second knows little of fast movements: it must show.
    assert acc == sorted(acc, reverse=True)
    assert acc[0] - acc[-1] > 0.05
    assert acc[-1] > 0.6  # the camera's jitter is smoothed, or this is .43


def test_alignment_is_what_makes_them_comparable(pairs: list[proof.PairResult]) -> None:
    before = float(np.median([pair.unaligned_gyro_r for pair in pairs]))
    assert proof.medians(pairs, "gyro_r")[-1] > before + 0.5
    assert np.median([abs(pair.lag_s) for pair in pairs]) < 0.15


def test_walking_is_worn_on_the_thigh_and_gestures_on_the_wrist(
    pairs: list[proof.PairResult],
) -> None:
    sensors = {pair.label: pair.sensor for pair in pairs}
    assert sensors["walk"] == sensors["sit_to_stand"] == "right_thigh"
    assert sensors["knock"] == sensors["draw_circle_clockwise"] == "right_wrist"


def test_figures_are_sound_svg(tmp_path: Path) -> None:
    counts = np.array([[3, 1], [0, 0]])
    write_matrix(tmp_path / "m.svg", ["a <b>", "c & d"], counts, "2 < 3")
    times = np.linspace(0, 2, 50)
    wave = np.where(times < 0.1, np.nan, np.sin(9 * times))
    write_curves(tmp_path / "c.svg", times, {"x": [("red", wave)]}, "t", [(0, 1, "walk", "blue")])
    for name in ("m.svg", "c.svg"):
        assert ElementTree.parse(tmp_path / name).getroot().tag.endswith("svg")
    assert "nan" not in (tmp_path / "c.svg").read_text()


def test_the_tables_are_those_of_the_numbers() -> None:
    band = [0.9, 0.8, 0.7, 0.4]
    numbers = {
        "activities": {
            "labels": ["walk", "run"], "confusion": [[5, 1], [0, 4]], "split": "by clip",
            "accuracy": [0.9], "macro_f1": [0.89],
        },
        "pairs": {
            "takes": 3, "bands_hz": list(proof.BANDS_HZ), "acc_r": band, "acc_rmse_mps2": band,
            "gyro_r": band, "gyro_rmse_radps": band,
            "by_action": {"wave": {"acc_r": band, "gyro_r": band}},
        },
    }  # fmt: skip
    text = proof.as_markdown(numbers)
    assert "| walk | 5 | 1 |" in text
    assert "| wave | 0.9 | 0.9 | 0.8 | 0.8 | 0.7 | 0.7 | 0.4 | 0.4 |" in text
