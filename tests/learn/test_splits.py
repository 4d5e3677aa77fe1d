"""Splits keep subjects and clips whole; every planted leak is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.splitting.splits import (
    PARTS,
    Split,
    class_warnings,
    leaks,
    make_split,
    overlaps,
    parts_summary,
)
from tests.learn.tables import study, table


def units_of(windows: WindowSet, split: Split, part: str, by: str) -> set[str]:
    take = windows.subject_of if by == "subject" else windows.clip_of
    return {take(int(i)) for i in split.part(part)}


@given(
    st.integers(3, 9), st.integers(0, 99), st.sampled_from(["subject", "clip"]), st.integers(1, 12)
)
@settings(deadline=None, max_examples=40)
def test_every_window_is_in_one_part_and_no_unit_in_two(
    subjects: int, seed: int, kind: str, per_clip: int
) -> None:
    windows = study(subjects, per_clip)
    split = make_split(windows, TrainingConfig(split=kind, seed=seed))
    everything = np.concatenate([split.part(part) for part in PARTS])
    assert np.array_equal(np.sort(everything), np.arange(len(windows)))
    seen = [units_of(windows, split, part, kind) for part in PARTS]
    assert all(seen), "a part is empty"
    assert sum(map(len, seen)) == len(set.union(*seen))
    for part in PARTS:
        assert set(split.units[part]) == units_of(windows, split, part, kind)
        assert set(windows.codes[split.part(part)]) == {0, 1}, "a class is missing"
    shared = [leak for leak in split.leaks if kind == "subject" or leak.kind != "subject"]
    assert shared == []


def test_shares_are_met_as_near_as_whole_subjects_allow() -> None:
    windows = study(20)
    split = make_split(windows, TrainingConfig(test_share=0.3, validation_share=0.15))
    assert [len(split.part(part)) for part in PARTS] == [220, 60, 120]


def test_the_seed_decides_and_the_order_of_reading_does_not() -> None:
    windows = study(12)
    config = TrainingConfig(seed=5)
    first = make_split(windows, config)
    assert make_split(windows, config).fingerprint() == first.fingerprint()
    backwards = windows.taken(np.arange(len(windows))[::-1])
    assert make_split(backwards, config).units == first.units
    others = {make_split(windows, TrainingConfig(seed=seed)).units["test"] for seed in range(8)}
    assert len(others) > 3


def test_a_rare_class_reaches_training_and_test_before_validation() -> None:
    rows = [("s", f"walk{i}", "walk", 10) for i in range(10)]
    windows = table([*rows, ("s", "jump0", "jump", 3), ("s", "jump1", "jump", 3)])
    for seed in range(10):
        split = make_split(windows, TrainingConfig(split="clip", seed=seed))
        held = [part for part in PARTS if set(windows.codes[split.part(part)]) & {0}]
        assert held == ["train", "test"]
        assert class_warnings(windows, split) == ("'jump' has no validation windows (6 in all)",)


def test_a_class_of_one_clip_is_trained_on_and_told() -> None:
    rows = [("s", f"walk{i}", "walk", 10) for i in range(6)]
    windows = table([*rows, ("s", "jump0", "jump", 3)])
    split = make_split(windows, TrainingConfig(split="clip"))
    assert 0 in windows.codes[split.train]
    assert "'jump' has no test windows (3 in all)" in class_warnings(windows, split)


def test_one_subject_cannot_be_split_by_subject_but_by_clip() -> None:
    windows = table([("anna", f"c{i}", label, 5) for i, label in enumerate(["run", "walk"] * 3)])
    with pytest.raises(HarstudioError, match="of one, anna") as caught:
        make_split(windows, TrainingConfig(split="subject"))
    assert "split by clip" in caught.value.hint
    assert len(make_split(windows, TrainingConfig(split="clip")).test) > 0


def test_two_subjects_lend_clips_to_validation_and_say_so() -> None:
    windows = study(2, clips=3)
    split = make_split(windows, TrainingConfig())
    assert len(split.validation) > 0
    assert units_of(windows, split, "test", "subject").isdisjoint(
        units_of(windows, split, "train", "subject")
    )
    assert units_of(windows, split, "validation", "clip").isdisjoint(
        units_of(windows, split, "train", "clip")
    )
    assert "too few subjects" in split.notes[0]
    assert any("train and validation share 1 subject" in leak.text for leak in split.leaks)


def test_where_no_clip_can_be_lent_there_is_no_validation_and_it_is_said() -> None:
    split = make_split(study(2), TrainingConfig())
    assert len(split.validation) == 0
    assert "the last epoch is kept" in split.notes[0]


def test_nothing_to_test_on_is_an_error() -> None:
    windows = table([("s", "c0", "run", 5), ("s", "c1", "walk", 5)])
    with pytest.raises(HarstudioError, match="none is left to test on"):
        make_split(windows, TrainingConfig(split="clip"))
    with pytest.raises(HarstudioError, match="no labelled windows"):
        make_split(windows.taken(np.zeros(0, np.int64)), TrainingConfig())


def test_random_windows_say_that_they_leak() -> None:
    windows = study(6)
    split = make_split(windows, TrainingConfig(split="random_windows"))
    assert split.text.startswith("random windows (leaks: diagnostic only): ")
    found = " / ".join(leak.text for leak in split.leaks)
    for words in ("share 12 clips", "share 6 subjects", "share samples"):
        assert words in found


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        (lambda w: w.start_s < 2.0, ["share 6 clips", "share 3 subjects", "share samples"]),
        (lambda w: w.codes == 0, ["share 3 subjects (s0, s1, s2): 30 test windows"]),
        (lambda w: w.subject_index == 0, []),
    ],
)
def test_planted_leaks_are_counted(
    choose: Callable[[WindowSet], np.ndarray], words: list[str]
) -> None:
    windows = study(3)
    chosen = choose(windows)
    none = np.zeros(0, np.int64)
    split = Split(np.flatnonzero(chosen), none, np.flatnonzero(~chosen), "clip", {})
    found = leaks(windows, split)
    assert len(found) == len(words)
    assert all(word in leak.text for word, leak in zip(words, found, strict=True))
    assert all(leak.flatters for leak in found)


def test_only_windows_that_touch_in_time_share_samples() -> None:
    windows = table([("s", "c", "run", 10)])  # 0.5 s apart, 1 s long
    none = np.zeros(0, np.int64)
    apart = Split(np.array([0, 1, 2]), none, np.array([4, 5]), "clip", {})
    touching = Split(np.array([0, 1, 2]), none, np.array([3, 4, 5]), "clip", {})
    assert not any(leak.kind == "samples" for leak in leaks(windows, apart))
    assert "train and test share samples: 1 test window" in map(str, leaks(windows, touching))


def test_windows_without_a_subject_are_told() -> None:
    windows = table([("", f"c{i}", label, 5) for i, label in enumerate(["run", "walk"] * 3)])
    (found,) = make_split(windows, TrainingConfig(split="clip")).leaks
    assert (found.kind, found.count) == ("unknown_subject", 30)
    assert found.text == "the subject of 30 windows is unknown"


def with_made_up(windows: WindowSet, people: int = 2) -> WindowSet:
    """Every window again for each of some made-up people."""
    copies = [replace(windows, variant=np.full(len(windows), v)) for v in range(people + 1)]
    return joined(copies)


@given(st.integers(3, 7), st.integers(0, 99), st.sampled_from(["subject", "clip"]))
@settings(deadline=None, max_examples=25)
def test_made_up_people_only_train_and_change_nothing_else(
    subjects: int, seed: int, kind: str
) -> None:
    bare = study(subjects)
    config = TrainingConfig(split=kind, seed=seed)
    plain, split = make_split(bare, config), make_split(with_made_up(bare), config)
    windows = with_made_up(bare)
    assert np.array_equal(split.validation, plain.validation)
    assert np.array_equal(split.test, plain.test)
    assert np.array_equal(split.train[windows.variant[split.train] == 0], plain.train)
    assert split.varied == 2 * len(plain.train) == (windows.variant[split.train] > 0).sum()
    assert split.units == plain.units
    assert split.leaks == plain.leaks == leaks(bare, plain)


def test_made_up_people_of_held_out_clips_are_dropped_and_told() -> None:
    windows = with_made_up(study(4), 1)
    split = make_split(windows, TrainingConfig())
    held = len(split.test) + len(split.validation)
    assert f"{held} windows of made-up people not used: held out as recorded" in split.notes
    assert f"({split.varied} by made-up people)" in split.text
    assert parts_summary(windows, split)["train"]["varied"] == split.varied
    assert "varied" not in parts_summary(windows, split)["test"]


def test_among_random_windows_nobody_made_up_repeats_a_held_out_moment() -> None:
    windows = with_made_up(study(4, per_clip=40), 1)
    config = TrainingConfig(split="random_windows")
    split = make_split(windows, config)
    made_up = split.train[windows.variant[split.train] > 0]
    held = np.concatenate([split.validation, split.test])
    assert 0 < len(made_up) < 320 - len(held)
    assert (windows.variant[held] == 0).all()
    assert not overlaps(windows, made_up, held).any()
