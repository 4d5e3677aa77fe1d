"""Folds test on every window once, and never on what they train on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import joined
from harstudio.learn.splitting.assigning import folded
from harstudio.learn.splitting.folds import make_folds
from harstudio.learn.splitting.splits import make_split
from tests.learn.tables import study, table


@given(st.integers(2, 8), st.integers(2, 6), st.sampled_from(["subject", "clip"]),
       st.integers(0, 50))  # fmt: skip
@settings(max_examples=30)
def test_every_window_is_tested_on_once_and_by_nobody_who_trained_on_its_unit(
    subjects: int, folds: int, unit: str, seed: int
) -> None:
    windows = study(subjects, per_clip=4, clips=2)
    folds = min(folds, subjects)
    config = TrainingConfig(split="folds", folds=folds, fold_unit=unit, seed=seed)
    splits = make_folds(windows, config)
    assert [split.fold for split in splits] == list(range(1, folds + 1))
    tested = np.concatenate([split.test for split in splits])
    assert np.array_equal(np.sort(tested), np.arange(len(windows)))
    index = windows.subject_index if unit == "subject" else windows.clip_index
    for split in splits:
        assert len(split.test)
        learnt = np.concatenate([split.train, split.validation])
        assert not np.intersect1d(index[learnt], index[split.test]).size
        assert len(np.union1d(learnt, split.test)) == len(windows)
        shared = {leak.kind for leak in split.leaks if leak.flatters}
        assert shared <= ({"subject"} if unit == "clip" else set())


def test_leaving_one_subject_out_makes_as_many_folds_as_there_are_subjects() -> None:
    splits = make_folds(study(5), TrainingConfig(split="leave_one_subject_out"))
    assert sorted(split.units["test"] for split in splits) == [(f"s{i}",) for i in range(5)]
    assert all(len(split.validation) for split in splits)
    assert splits[1].text.startswith("leave one subject out, fold 2 of 5: ")
    assert "of 1 subject in test" in splits[1].text


def test_without_a_validation_share_all_others_train() -> None:
    config = TrainingConfig(split="leave_one_subject_out", validation_share=0.0)
    for split in make_folds(study(4), config):
        assert len(split.validation) == 0
        assert len(split.train) == 60
        assert "the last epoch is kept" in split.notes[0]


def test_of_two_subjects_the_other_ones_clips_validate() -> None:
    config = TrainingConfig(split="leave_one_subject_out")
    for split in make_folds(study(2, clips=3), config):
        assert len(split.validation)
        assert "other clips of the training subjects" in split.notes[0]


@given(st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=4, max_size=20),
       st.integers(2, 4), st.integers(0, 9))  # fmt: skip
def test_no_fold_is_empty(table: list[list[int]], folds: int, seed: int) -> None:
    fold_of = folded(np.array(table, float), folds, np.random.default_rng(seed))
    assert set(fold_of.tolist()) == set(range(folds))


def test_classes_are_spread_over_the_folds() -> None:
    rows = [(f"s{i}", f"c{i}", "walk" if i % 2 else "jump", 10) for i in range(20)]
    config = TrainingConfig(split="folds", folds=5, fold_unit="clip")
    windows = table(rows)
    for split in make_folds(windows, config):
        assert np.bincount(windows.codes[split.test]).tolist() == [20, 20]


def test_clips_of_one_movement_are_in_one_fold() -> None:
    windows = table([(f"s{i}", f"c{i}", "walk" if i % 2 else "jump", 5) for i in range(12)])
    copied = replace(windows, movements=tuple(f"take{i // 2}" for i in range(12)))
    config = TrainingConfig(split="folds", folds=3, fold_unit="clip")
    for split in make_folds(copied, config):
        assert not any(leak.kind == "movement" and leak.flatters for leak in split.leaks)


def test_too_few_subjects_and_subjects_without_a_name_are_told() -> None:
    with pytest.raises(HarstudioError, match="5 folds by subject need as many subjects, got 3"):
        make_folds(study(3), TrainingConfig(split="folds", folds=5))
    nameless = table([("", "c0", "run", 5), ("a", "c1", "walk", 5), ("b", "c2", "run", 5)])
    with pytest.raises(HarstudioError, match="the subject of 5 windows is unknown"):
        make_folds(nameless, TrainingConfig(split="leave_one_subject_out"))
    with pytest.raises(HarstudioError, match="one for cross-validation"):
        make_split(study(3), TrainingConfig(split="leave_one_subject_out"))


def test_a_single_split_is_a_single_fold() -> None:
    windows = study(5)
    (split,) = make_folds(windows, TrainingConfig(seed=4))
    assert split.fingerprint() == make_split(windows, TrainingConfig(seed=4)).fingerprint()


def test_made_up_people_train_in_the_folds_that_do_not_test_on_them() -> None:
    bare = study(4)
    config = TrainingConfig(split="leave_one_subject_out")
    both = joined([bare, replace(bare, variant=np.ones(len(bare), np.int64))])
    for plain, split in zip(make_folds(bare, config), make_folds(both, config), strict=True):
        assert np.array_equal(split.test, plain.test)
        assert split.varied == len(plain.train)
        assert split.leaks == plain.leaks


def test_seven_to_three_by_clip_has_no_validation_and_says_so() -> None:
    windows = table([("s", f"c{i}", "walk" if i % 2 else "jump", 10) for i in range(20)])
    split = make_split(windows, TrainingConfig(split="clip_7_3"))
    assert (len(split.train), len(split.validation), len(split.test)) == (140, 0, 60)
    assert "no validation part" in split.notes[0]
    assert split.text.startswith("7:3 by clip: 140 windows of 14 clips in train")
    assert {leak.kind for leak in split.leaks} == {"subject"}
