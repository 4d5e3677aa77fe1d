"""Real beside virtual: pairs on one clock, rows per sensor, label and clip, and calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.project import EXCLUDED, Project
from harstudio.core.timebase import Alignment
from harstudio.imu.calibration import channels_of
from harstudio.imu.simulate import PAPER, SimulationOptions
from harstudio.workflows.aligning import align_clips
from harstudio.workflows.calibrating import (
    LEFT_OUT,
    before_and_after,
    calibrated_by_others,
    fit_calibration,
    load_map,
    map_of,
    save_map,
)
from harstudio.workflows.comparing import (
    ALL,
    AS_SIMULATED,
    CALIBRATED,
    Comparison,
    compare_project,
)
from harstudio.workflows.pairing import FITTED, STORED, Pair, paired_clip, pooled
from tests.workflows.making import SENSORS, Study


@pytest.fixture(scope="module")
def comparison(study: Study) -> Comparison:
    return finished(compare_project(study.project, study.folder))


@pytest.fixture(scope="module")
def aligned(study: Study) -> Project:
    found = finished(align_clips(study.project, study.folder, (study.clip_id("p4_long"),)))
    return study.project.with_clips(found.clips)


@pytest.fixture(scope="module")
def pairs(study: Study, comparison: Comparison) -> tuple[Pair, ...]:
    return comparison.pairs


def test_a_clip_that_was_never_aligned_is_aligned_first_and_says_so(
    study: Study, comparison: Comparison
) -> None:
    rows = [row for row in comparison.rows if row.clip == "p4_long"]
    assert {row.aligned for row in rows} == {FITTED}
    assert rows[0].offset_s == pytest.approx(study.hidden.offset_s, abs=1e-3)
    assert rows[0].drift_ppm == pytest.approx(study.hidden.drift_ppm, abs=5.0)
    before = study.project.clip(study.clip_id("p4_long"))
    assert before.recordings[0].alignment == Alignment()


def test_the_same_signals_agree_once_lag_drift_and_mounting_are_undone(
    comparison: Comparison,
) -> None:
    for row in comparison.rows:
        metrics = row.metrics
        # The motion jumps where its activities are joined, and differs there by its derivative.
        assert metrics.r_mean > 0.97, row
        assert metrics.coherence_mean > 0.99, row
        assert metrics.psd_ratio[1] == pytest.approx(1.0, abs=0.01), row
        assert abs(metrics.lag_s) < 1e-3, row


def test_a_stored_alignment_is_used_as_it_is(study: Study, aligned: Project) -> None:
    clip = aligned.clip(study.clip_id("p4_long"))
    ref = clip.recordings[0]
    late = replace(ref, alignment=replace(ref.alignment, offset_s=ref.alignment.offset_s + 0.05))
    pairs = paired_clip(aligned, study.folder, replace(clip, recordings=(late,)))
    assert {pair.aligned for pair in pairs} == {STORED}
    found = finished(
        compare_project(aligned.with_clips([replace(clip, recordings=(late,))]), study.folder)
    )
    gyro = next(r for r in found.rows if r.clip == "p4_long" and r.quantity == "gyro")
    assert gyro.metrics.lag_s == pytest.approx(0.05, abs=2e-3)
    assert gyro.ambiguous == ""


def test_what_the_fit_knew_and_doubted_is_in_the_rows_of_a_stored_alignment(
    study: Study, aligned: Project
) -> None:
    clip = aligned.clip(study.clip_id("p4_long"))
    (ref,) = clip.recordings
    doubtful = replace(ref, alignment=replace(ref.alignment, doubt="periodic"))
    pairs = paired_clip(aligned, study.folder, replace(clip, recordings=(doubtful,)))
    assert {(pair.aligned, pair.ambiguous) for pair in pairs} == {(STORED, "periodic")}
    project = aligned.with_clips([replace(clip, recordings=(doubtful,))])
    found = finished(compare_project(project, study.folder))
    for row in found.rows:
        if row.of_all_clips:
            assert row.ambiguous == ""
            assert np.isnan([row.offset_sd_s, row.drift_sd_ppm, row.rotation_sd_rad]).all()
            continue
        assert row.ambiguous == "periodic"
        assert row.offset_sd_s == ref.alignment.offset_sd_s
        assert row.drift_sd_ppm == ref.alignment.drift_sd_ppm
        assert row.rotation_sd_rad == ref.alignment.mounting_sd_rad(row.sensor) > 0
    moved = replace(ref, alignment=ref.alignment.by_hand())
    by_hand = finished(
        compare_project(
            aligned.with_clips([replace(clip, recordings=(moved,))]), study.folder
        )
    )  # fmt: skip
    assert {r.ambiguous for r in by_hand.rows} == {""}
    assert all(np.isnan(r.offset_sd_s) for r in by_hand.rows)


def test_there_is_a_row_per_sensor_quantity_label_and_clip(comparison: Comparison) -> None:
    keys = [(r.clip, r.sensor, r.quantity, r.label) for r in comparison.rows]
    expected = [
        (clip, sensor, quantity, label)
        for clip in (ALL, "p4_long")
        for sensor in SENSORS
        for quantity in ("acc", "gyro")
        for label in (ALL, "waving", "shaking")
    ]
    assert sorted(keys) == sorted(expected)
    assert {r.unit for r in comparison.rows if r.quantity == "acc"} == {"m/s2"}
    assert {r.virtual for r in comparison.rows} == {AS_SIMULATED}
    assert sorted(comparison.labels) == ["shaking", "waving"]


def test_the_rows_of_labels_share_out_the_clip(comparison: Comparison) -> None:
    rows = [r for r in comparison.rows if r.clip == "p4_long" and r.quantity == "acc"]
    for sensor in SENSORS:
        seconds = {r.label: r.seconds for r in rows if r.sensor == sensor}
        assert seconds["waving"] + seconds["shaking"] == pytest.approx(seconds[ALL], abs=0.05)
        samples = {r.label: r.metrics.samples for r in rows if r.sensor == sensor}
        assert samples["waving"] + samples["shaking"] == samples[ALL]


def test_one_clip_pools_to_itself(comparison: Comparison) -> None:
    by_key = {(r.clip, r.sensor, r.quantity, r.label): r.metrics for r in comparison.rows}
    for (clip, *rest), metrics in by_key.items():
        if clip == ALL:
            alone = by_key[("p4_long", *rest)]
            assert metrics.rmse == pytest.approx(alone.rmse)
            assert metrics.lag_s == pytest.approx(alone.lag_s, abs=1e-9)


def test_neither_lags_nor_spectra_cross_from_clip_to_clip(pairs: tuple[Pair, ...]) -> None:
    pool = pooled([pairs[0], pairs[0]])
    starts = np.flatnonzero(np.diff(pool.valid.astype(int)) == 1)
    ends = np.flatnonzero(np.diff(pool.valid.astype(int)) == -1)
    assert starts[0] - ends[0] > 0.5 * pairs[0].rate_hz
    assert np.count_nonzero(pool.valid) == 2 * np.count_nonzero(pairs[0].valid)
    assert np.isnan(pool.virtual[~pool.valid]).all()


def test_a_label_that_does_not_occur_pools_to_nothing(pairs: tuple[Pair, ...]) -> None:
    assert pooled(pairs[:1], "sleeping").valid.shape == (0,)


def test_a_clip_that_cannot_be_compared_is_noted_and_the_rest_goes_on(study: Study) -> None:
    ids = (study.clip_id("p1_waving"), study.clip_id("p4_long"))
    told: list[tuple[str, ...]] = []
    found = finished(
        compare_project(study.project, study.folder, ids),
        lambda p: told.append(p.values[LEFT_OUT]) if LEFT_OUT in p.values else None,  # type: ignore[arg-type]
    )
    ((name, reason),) = found.failures
    assert name == "p1_waving"
    assert "needs a motion and a recording" in reason
    assert told == [(reason,)]
    assert found.clips == 1


def test_nothing_to_compare_is_an_error(study: Study) -> None:
    long = study.project.clip(study.clip_id("p4_long"))
    without = study.project.with_clips([replace(long, status=EXCLUDED)])
    with pytest.raises(HarstudioError, match="no clip has both"):
        finished(compare_project(without, study.folder))
    with pytest.raises(HarstudioError, match="needs a motion and a recording"):
        finished(compare_project(study.project, study.folder, (study.clip_id("p1_waving"),)))


def test_a_recording_that_misses_the_motion_is_an_error(study: Study, aligned: Project) -> None:
    clip = aligned.clip(study.clip_id("p4_long"))
    far = replace(clip.recordings[0], alignment=Alignment(offset_s=1000.0))
    with pytest.raises(HarstudioError, match="no recording overlaps its motion"):
        paired_clip(aligned, study.folder, replace(clip, recordings=(far,)))


def test_only_what_a_sensor_reads_is_compared(study: Study, aligned: Project) -> None:
    clip = aligned.clip(study.clip_id("p4_long"))
    with pytest.raises(HarstudioError, match="world frame"):
        paired_clip(aligned, study.folder, clip, PAPER)


def test_options_of_the_simulation_reach_the_pairs(study: Study, aligned: Project) -> None:
    clip = aligned.clip(study.clip_id("p4_long"))
    pair = paired_clip(aligned, study.folder, clip, SimulationOptions(rate_hz=30.0))[0]
    assert pair.rate_hz == pytest.approx(30.0)


# -- calibration -------------------------------------------------------------------------


def person(pair: Pair, subject: str, scale: float, seed: int) -> Pair:
    """Somebody else whose real signal is the virtual one, scaled and shifted."""
    order = np.random.default_rng(seed).permutation(len(pair.virtual))
    virtual = pair.virtual[order]
    valid = np.isfinite(virtual).all(axis=1)
    return replace(pair, subject=subject, virtual=virtual, real=scale * virtual + 3.0, valid=valid)


@pytest.fixture
def people(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return tuple(person(pairs[0], f"s{n}", 2.0, n) for n in range(3))


def test_everybody_is_calibrated_on_the_others(people: tuple[Pair, ...]) -> None:
    strange = replace(people[0], subject="s9", real=-50.0 * people[0].real)
    after = {pair.subject: pair for pair in calibrated_by_others((*people[1:], strange))}
    mapped = after["s9"]
    wanted = 2.0 * mapped.real / -50.0 / 2.0
    inner = mapped.valid
    assert np.abs(mapped.virtual[inner] - wanted[inner]).max() < 0.1


def test_nobody_is_calibrated_on_himself(people: tuple[Pair, ...]) -> None:
    with pytest.raises(HarstudioError, match="1 subject, expected at least 2"):
        calibrated_by_others(people[:1])


def test_a_map_makes_the_histograms_meet(people: tuple[Pair, ...]) -> None:
    after = calibrated_by_others(people)
    found = before_and_after(people, after, 0)
    width = np.diff(found.edges)
    densities = found.densities
    before_gap = np.sum(np.abs(densities["virtual"] - densities["real"]) * width)
    after_gap = np.sum(np.abs(densities["calibrated"] - densities["real"]) * width)
    assert before_gap > 0.5
    assert after_gap < 0.1 * before_gap


def test_a_map_is_fitted_to_the_named_people_and_survives_a_file(
    study: Study, aligned: Project, tmp_path: Path
) -> None:
    subject = aligned.clip(study.clip_id("p4_long")).subject
    found = finished(fit_calibration(aligned, study.folder, [subject, "nobody"]))
    assert found.subjects == (subject,)
    assert channels_of("left_wrist", "acc")[0] in found.channels
    assert len(found.channels) == 12
    save_map(tmp_path / "map.json", found)
    again = load_map(tmp_path / "map.json")
    assert again.subjects == found.subjects
    assert np.array_equal(again.virtual, found.virtual)


def test_people_without_a_recording_give_no_map(study: Study) -> None:
    with pytest.raises(HarstudioError, match="none of p1 has a clip"):
        finished(fit_calibration(study.project, study.folder, ["p1"]))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": 3}', "\x00", "NaN"])
def test_a_file_that_holds_no_map_names_itself(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(HarstudioError, match=r"map\.json"):
        load_map(path)


def test_calibrated_rows_stand_beside_the_others(
    study: Study, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HarstudioError, match="expected at least 2"):
        finished(compare_project(study.project, study.folder, calibrate=True))
    long = study.project.clip(study.clip_id("p4_long"))
    twin = replace(long, id="twin", name="p5_long", subject="p5")
    found = finished(
        compare_project(study.project.with_clips([twin]), study.folder, calibrate=True)
    )
    assert {row.virtual for row in found.rows} == {AS_SIMULATED, CALIBRATED}
    assert len(found.calibrated) == len(found.pairs) == 8
    own = map_of([pair for pair in found.pairs if pair.subject == "p5"])
    assert own.subjects == ("p5",)
