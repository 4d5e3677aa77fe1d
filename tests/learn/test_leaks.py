"""Every leak that is planted is found, counted, and told from what is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.balancing import upsampled
from harstudio.learn.data.scaling import fitted
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.checks import fitting_leaks
from harstudio.learn.splitting.copies import twins
from harstudio.learn.splitting.leaks import Leak
from harstudio.learn.splitting.splits import Split, leaks, make_split, overlaps
from tests.learn.tables import study, table

NONE = np.zeros(0, np.int64)


def parted(windows: WindowSet, test: np.ndarray) -> Split:
    """A split made by hand: these windows test, the others train."""
    return Split(np.flatnonzero(~test), NONE, np.flatnonzero(test), "by hand", {})


def found(windows: WindowSet, test: np.ndarray) -> dict[str, Leak]:
    return {leak.kind: leak for leak in leaks(windows, parted(windows, test))}


def subject_is(windows: WindowSet, *names: str) -> np.ndarray:
    return np.array([windows.subject_of(i) in names for i in range(len(windows))])


def test_a_clean_split_has_no_leaks() -> None:
    windows = study(4)
    assert found(windows, subject_is(windows, "s0")) == {}
    assert make_split(windows, TrainingConfig()).leaks == ()


def test_a_clip_in_two_parts_is_counted() -> None:
    windows = table([("a", "one", "walk", 10), ("b", "two", "run", 10), ("b", "three", "run", 4)])
    torn = (windows.clip_index == 1) & (windows.start_s >= 2.0)
    leak = found(windows, torn)["clip"]
    assert (leak.count, leak.windows, leak.parts) == (1, 6, ("train", "test"))
    assert leak.text == "train and test share 1 clip (two): 6 test windows"
    assert leak.flatters


def test_a_subject_in_two_parts_is_counted() -> None:
    windows = study(3, per_clip=5)
    leak = found(windows, windows.codes == 0)["subject"]
    assert (leak.count, leak.windows) == (3, 15)


def test_overlapping_samples_are_counted_window_by_window() -> None:
    windows = table([("a", "one", "walk", 10), ("b", "two", "run", 10)])
    shared = found(windows, (windows.clip_index == 0) & (windows.start_s >= 2.0))
    assert shared["samples"].windows == 1  # of half-overlapping windows only the first touches
    apart = table([("a", "one", "walk", 10)])
    whole_seconds = apart.taken(np.arange(0, 10, 2))
    assert "samples" not in found(whole_seconds, whole_seconds.start_s >= 2.0)


def test_one_mocap_clip_under_two_bodies_is_found_in_different_clips_of_different_people() -> None:
    windows = table([("a", "one", "walk", 10), ("b", "two", "walk", 10), ("c", "three", "run", 10)])
    assert found(windows, subject_is(windows, "b")) == {}
    copied = replace(windows, movements=("take", "take", "other"))
    leak = found(copied, subject_is(copied, "b"))["movement"]
    assert (leak.count, leak.windows) == (1, 10)
    assert "as different clips (one, two)" in leak.text


def test_a_shared_clip_is_not_told_a_second_time_as_a_movement() -> None:
    windows = table([("a", "one", "walk", 10), ("b", "two", "run", 10)])
    assert "movement" not in found(windows, windows.start_s < 2.0)


def test_clips_of_one_movement_are_kept_together_by_clip() -> None:
    rows = [("s", f"c{i}", label, 5) for i, label in enumerate(["run", "walk"] * 6)]
    windows = table(rows)
    pairs = tuple(f"take{i // 4 * 2 + i % 2}" for i in range(12))
    copied = replace(windows, movements=pairs)
    for seed in range(10):
        split = make_split(copied, TrainingConfig(split="clip", seed=seed))
        assert not any(leak.kind == "movement" for leak in split.leaks)
        assert {copied.clip_of(int(i)) for i in split.test} == set(split.units["test"])


def test_where_all_clips_show_one_movement_the_split_is_made_and_the_leak_told() -> None:
    windows = table([("s", f"c{i}", label, 5) for i, label in enumerate(["run", "walk"] * 4)])
    copied = replace(windows, movements=("take",) * 8)
    split = make_split(copied, TrainingConfig(split="clip"))
    assert any(leak.kind == "movement" and leak.flatters for leak in split.leaks)


def test_made_up_people_that_judge_are_found() -> None:
    windows = study(4)
    mixed = replace(windows, variant=np.arange(len(windows)) % 2)
    leak = found(mixed, subject_is(mixed, "s0"))["made_up"]
    assert leak.windows == 10
    assert leak.text == "test holds 10 made-up windows"


def test_made_up_people_of_a_tested_clip_share_its_samples() -> None:
    windows = study(2, per_clip=4)
    both = windows.taken(np.concatenate([np.arange(16), np.arange(16)]))
    varied = replace(both, variant=np.repeat([0, 1], 16))
    test = subject_is(varied, "s0") & (varied.variant == 0)
    assert {"clip", "subject", "samples"} <= set(found(varied, test))


def test_a_recording_that_was_brought_in_twice_is_found(windows: WindowSet) -> None:
    first, second = (np.flatnonzero(windows.clip_index == clip) for clip in (0, 5))
    size = min(len(first), len(second))
    signals = np.array(windows.signals)
    signals[second[:size]] = signals[first[:size]]
    doubled = replace(windows, signals=signals)
    mask = np.isin(np.arange(len(windows)), second)
    leak = found(doubled, mask)["copies"]
    assert leak.windows == size
    assert f"{windows.clip_names[0]}, {windows.clip_names[5]}" in leak.text
    assert leak.flatters
    assert "copies" not in found(windows, mask)


def test_sensors_that_lie_still_are_no_copies_of_each_other(windows: WindowSet) -> None:
    still = replace(windows, signals=np.zeros_like(windows.signals))
    assert (still.twins == -1).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_twins_are_equal_windows_of_different_clips(rows: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((4, 8, 3)).astype(np.float32)
    kind, clip = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    group = twins(patterns[kind], clip)
    for i in range(len(rows)):
        held = {int(c) for k, c in zip(kind, clip, strict=True) if k == kind[i]}
        assert (group[i] >= 0) == (len(held) > 1)
        for j in np.flatnonzero(group == group[i]) if group[i] >= 0 else ():
            assert kind[j] == kind[i]


def test_a_scaler_that_saw_the_test_part_is_found(windows: WindowSet) -> None:
    split = make_split(windows, TrainingConfig(rate_hz=24.0))
    assert fitting_leaks(windows, split, fitted(windows, split.train)) == ()
    (leak,) = fitting_leaks(windows, split, fitted(windows, np.arange(len(windows))))
    assert leak.kind == "scaler"
    assert leak.count == len(windows.channels)


def uneven() -> WindowSet:
    rows = [(f"s{i}", f"s{i}-walk", "walk", 30) for i in range(6)]
    windows = table([*rows, *((f"s{i}", f"s{i}-jump", "jump", 4) for i in range(6))])
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(windows.signals.shape)
    return replace(windows, signals=noise.astype(np.float32))


def test_up_sampling_before_the_split_is_refused_and_found() -> None:
    windows = uneven()
    everything = Split(np.arange(len(windows)), NONE, NONE, "none", {})
    early, _ = upsampled(windows, everything, seed=1)
    with pytest.raises(HarstudioError, match="made by interpolation before the split"):
        make_split(early, TrainingConfig())
    split = parted(early, subject_is(early, "s0", "s1"))
    kinds = {leak.kind: leak for leak in fitting_leaks(early, split)}
    assert {"clip", "subject", "samples", "made_up"} <= set(kinds)
    only_recorded = parted(early, subject_is(early, "s0", "s1") & ~early.interpolated)
    kinds = {leak.kind: leak for leak in fitting_leaks(early, only_recorded)}
    assert kinds["samples"].windows > 0  # through the second parent alone


def test_up_sampling_after_the_split_leaks_nothing() -> None:
    windows = uneven()
    split = make_split(windows, TrainingConfig())
    grown, whole = upsampled(windows, split, seed=1)
    assert fitting_leaks(grown, whole, fitted(grown, whole.train)) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=2, max_size=30),
       st.integers(0, 1000))  # fmt: skip
def test_overlaps_agree_with_looking_at_every_pair(
    places: list[tuple[int, int]], offset: int
) -> None:
    clip = np.array([c for c, _ in places])
    start = np.array([0.3 * t for _, t in places]) + 1e6 * offset * (clip == 2)
    names = tuple(f"c{i}" for i in range(4))
    windows = WindowSet(
        signals=np.zeros((len(clip), 60, 1), np.float32), codes=np.zeros(len(clip), np.int64),
        labels=("a",), channels=("w acc_x",), rate_hz=60.0, clip_ids=names, clip_index=clip,
        subjects=("s",), subject_index=np.zeros(len(clip), np.int64), start_s=start,
        end_s=start + 1.0, real=np.zeros(len(clip), bool),
    )  # fmt: skip
    half = len(clip) // 2
    these, others = np.arange(half), np.arange(half, len(clip))
    expected = [
        any(clip[i] == clip[j] and abs(start[i] - start[j]) < 1.0 - 0.25 / 60 for j in others)
        for i in these
    ]
    assert overlaps(windows, these, others).tolist() == expected
