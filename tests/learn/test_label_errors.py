"""Planted wrong labels come first; honest doubt at a boundary comes last or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.quick_folds import quick_out_of_fold
from harstudio.learn.judging.label_errors import (
    Suspect,
    snapped,
    suspected,
    suspected_windows,
    thresholds,
)
from harstudio.learn.judging.out_of_fold import OutOfFold
from tests.learn.conftest import MakeConfig, MakeWindows

LABELS = ("a", "b", "c")


def found_of(rows: list[tuple[str, float, int, list[float]]], fold: int = 1) -> OutOfFold:
    """Rows of clip, start (s), given label, probabilities."""
    clips = tuple(dict.fromkeys(row[0] for row in rows))
    start_s = np.array([row[1] for row in rows])
    return OutOfFold(
        labels=LABELS,
        probabilities=np.array([row[3] for row in rows], np.float32),
        truth=np.array([row[2] for row in rows]),
        fold=np.full(len(rows), fold),
        clip_ids=clips,
        clip_index=np.array([clips.index(row[0]) for row in rows]),
        subjects=("s",),
        subject_index=np.zeros(len(rows), np.int64),
        start_s=start_s,
        end_s=start_s + 1.0,
        real=np.zeros(len(rows), bool),
    )


def sure(label: int, share: float = 0.9) -> list[float]:
    said = [(1 - share) / 2] * 3
    said[label] = share
    return said


GOOD = [("ok", float(i), i % 3, sure(i % 3)) for i in range(30)]


def test_the_threshold_of_a_class_is_its_mean_self_confidence() -> None:
    rows = [("x", 0.0, 0, [0.8, 0.1, 0.1]), ("x", 1.0, 0, [0.4, 0.6, 0.0])]
    limits = thresholds(found_of(rows))
    assert limits[0] == pytest.approx(0.6)
    assert np.isnan(limits[1])
    assert np.isnan(limits[2])


def test_a_clip_with_another_clips_label_is_one_stretch_and_first() -> None:
    wrong = [("bad", float(i) / 2, 0, sure(1, 0.95)) for i in range(10)]
    slight = [("edge", 0.0, 2, sure(0, 0.95))]
    first, *_ = found = suspected(found_of(GOOD + slight + wrong))
    assert (first.clip_id, first.given, first.suggested) == ("bad", "a", "b")
    assert (first.start_s, first.end_s, first.windows) == (0.0, 5.5, 10)
    assert {s.clip_id for s in found} == {"bad", "edge"}
    assert first.weight > found[1].weight


def test_a_stretch_grows_over_windows_that_lean_the_same_way() -> None:
    rows = [("bad", 0.0, 0, sure(1, 0.97))]
    rows += [("bad", float(i), 0, [0.3, 0.6, 0.1]) for i in range(1, 4)]
    found = found_of(GOOD + rows)
    suggestion, _ = suspected_windows(found)
    assert (suggestion[30:] >= 0).tolist() == [True, False, False, False]
    (suspect,) = suspected(found)
    assert (suspect.end_s, suspect.windows) == (4.0, 4)


def test_leaning_without_a_sure_window_is_no_suspicion() -> None:
    rows = [("meh", float(i), 0, [0.3, 0.6, 0.1]) for i in range(4)]
    assert suspected(found_of(GOOD + rows)) == ()


def test_stretches_with_more_than_a_window_between_them_are_two() -> None:
    rows = [("bad", start, 0, sure(1, 0.95)) for start in (0.0, 1.0, 9.0)]
    assert [(s.start_s, s.end_s) for s in suspected(found_of(GOOD + rows))] == [
        (0.0, 2.0),
        (9.0, 10.0),
    ]


def test_a_fold_that_never_saw_a_class_cannot_doubt_it() -> None:
    """The forest of that fold gives the class no share, so every one of its windows disagrees."""
    rows = [(f"c{i}", float(i), 2, [0.95, 0.05, 0.0]) for i in range(4)]
    blind = found_of(GOOD + rows)
    blind = OutOfFold(**{**vars_of(blind), "fold": np.array([1] * 30 + [2] * 4)})
    assert suspected(blind) == ()


def vars_of(found: OutOfFold) -> dict[str, object]:
    return {name: getattr(found, name) for name in OutOfFold.__dataclass_fields__}


def test_nothing_to_judge_is_nothing_suspected() -> None:
    nothing = found_of(GOOD)
    empty = {
        name: (value[:0] if isinstance(value, np.ndarray) else value)
        for name, value in vars_of(nothing).items()
    }
    assert suspected(OutOfFold(**empty)) == ()


def test_a_doubt_over_most_of_a_segment_takes_its_bounds() -> None:
    suspect = Suspect("c", "s", 0.5, 9.5, "a", "b", 0.9, 18)
    assert snapped(suspect, LabelTrack((Segment(0, 10, "a"),))) == (0.0, 10.0)
    assert snapped(suspect, LabelTrack((Segment(0, 40, "a"),))) == (0.5, 9.5)
    two = LabelTrack((Segment(0, 5, "a"), Segment(5, 10, "a")))
    assert snapped(suspect, two) == (0.5, 9.5)


def test_planted_labels_are_found_by_a_quick_cross_validation(
    make_windows: MakeWindows, make_config: MakeConfig
) -> None:
    windows = make_windows(clips=2)
    swapped = [c for c, name in enumerate(windows.clip_ids) if name == "ben-slow-1"]
    codes = windows.codes.copy()
    codes[np.isin(windows.clip_index, swapped)] = windows.labels.index("fast")
    wrong = WindowSet(
        **{**{n: getattr(windows, n) for n in WindowSet.__dataclass_fields__}, "codes": codes}
    )
    found = finished(quick_out_of_fold(wrong, make_config(), trees=40))
    assert len(found) == len(windows)
    by_subject = {(int(s), int(f)) for s, f in zip(found.subject_index, found.fold, strict=True)}
    assert len(by_subject) == 4  # nobody is in two folds
    first = suspected(found)[0]
    assert (first.clip_id, first.given, first.suggested) == ("ben-slow-1", "fast", "slow")


def test_two_people_are_judged_clip_by_clip(
    make_windows: MakeWindows, make_config: MakeConfig
) -> None:
    windows = make_windows(subjects=("anna", "ben"))
    found = finished(quick_out_of_fold(windows, make_config(), trees=10))
    assert found.fold.max() == 5


def test_what_cannot_be_judged_is_told(make_windows: MakeWindows, make_config: MakeConfig) -> None:
    with pytest.raises(HarstudioError, match="two of them"):
        finished(quick_out_of_fold(make_windows(labels=("still",)), make_config()))
