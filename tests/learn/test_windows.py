"""Cutting recordings into windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.windows import WindowSet, joined

TEN = TrainingConfig(rate_hz=10.0, window_s=1.0, min_share=0.6)


def ramp(samples: int, start_s: float = 0.0, gyro: bool = False) -> ImuRecording:
    """Two sensors whose acceleration counts the samples."""
    count = np.arange(samples, dtype=float)
    acc = np.stack([count[:, None] + [0, 0.1, 0.2], 1000 + count[:, None] + [0, 0.1, 0.2]], axis=1)
    return ImuRecording(
        start_s + count / 10, ("wrist", "head"), acc, -acc if gyro else None, kind="virtual"
    )


def cut(
    recording: ImuRecording,
    *segments: tuple[float, float, str],
    labels: tuple[str, ...] = ("walk", "run"),
    config: TrainingConfig = TEN,
) -> WindowSet:
    track = LabelTrack(tuple(Segment(*segment) for segment in segments))
    return cut_windows(recording, track, labels, clip_id="clip", subject="anna", config=config)


def test_windows_overlap_by_half_and_know_where_they_came_from() -> None:
    windows = cut(ramp(25, start_s=2.0), (0, 10, "run"))
    assert windows.signals.shape == (4, 10, 6)
    assert windows.signals.dtype == np.float32
    assert windows.start_s == pytest.approx([2.0, 2.5, 3.0, 3.5])
    assert windows.end_s == pytest.approx([3.0, 3.5, 4.0, 4.5])
    assert windows.counts() == {"walk": 0, "run": 4}
    assert (windows.clip_of(3), windows.subject_of(3), windows.real[3]) == ("clip", "anna", False)
    assert not windows.signals.flags.writeable


def test_channels_are_chosen_by_name_and_keep_time_and_axis_apart() -> None:
    config = replace(TEN, sensors=("head", "wrist"), channels="acc_gyro")
    windows = cut(ramp(10, gyro=True), (0, 10, "run"), config=config)
    assert windows.channels[:4] == ("head acc_x", "head acc_y", "head acc_z", "head gyro_x")
    place = windows.channels.index
    assert windows.signals[0, 7, place("head acc_y")] == pytest.approx(1007.1)
    assert windows.signals[0, 3, place("wrist gyro_z")] == pytest.approx(-3.2)


@pytest.mark.parametrize(("labelled", "kept"), [(0.5, 0), (0.6, 1), (1.0, 1)])
def test_a_label_needs_its_least_share_of_the_window(labelled: float, kept: int) -> None:
    assert len(cut(ramp(10), (0, labelled, "run"))) == kept


def test_the_majority_label_wins() -> None:
    windows = cut(ramp(10), (0, 0.7, "walk"), (0.7, 1.0, "run"))
    assert windows.counts() == {"walk": 1, "run": 0}


def test_unknown_and_foreign_labels_are_left_out_unless_listed() -> None:
    segments = ((0, 1, UNKNOWN), (1, 2, "swim"), (2, 3, "run"))
    assert cut(ramp(30), *segments).counts() == {"walk": 0, "run": 1}
    listed = cut(ramp(30), *segments, labels=("run", UNKNOWN))
    assert listed.counts() == {"run": 1, UNKNOWN: 1}


def test_windows_never_touch_an_invalid_sample_and_start_again_after_it() -> None:
    recording = ramp(30)
    valid = np.ones(30, bool)
    valid[[0, 12]] = False
    windows = cut(replace(recording, valid=valid), (0, 10, "run"))
    assert windows.start_s == pytest.approx([0.1, 1.3, 1.8])


def test_windows_never_span_a_hole_in_time() -> None:
    recording = ramp(24)
    times = recording.times_s.copy()
    times[12:] += 5.0
    windows = cut(replace(recording, times_s=times), (0, 60, "run"))
    assert windows.start_s == pytest.approx([0.0, 6.2])


def test_a_clip_shorter_than_a_window_gives_none() -> None:
    assert len(cut(ramp(9), (0, 10, "run"))) == 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (replace(TEN, rate_hz=20.0), "10.00 Hz"),
        (replace(TEN, channels="acc_gyro"), "no gyro"),
        (replace(TEN, sensors=("ankle",)), "ankle"),
    ],
)
def test_what_the_recording_lacks_is_named(config: TrainingConfig, words: str) -> None:
    with pytest.raises(HarstudioError, match=words):
        cut(ramp(30), (0, 10, "run"), config=config)


def test_a_value_beyond_float32_is_refused() -> None:
    recording = ramp(10)
    acc = recording.acc_mps2.copy()
    acc[4, 1, 2] = 1e200
    with pytest.raises(HarstudioError, match="too large"):
        cut(replace(recording, acc_mps2=acc), (0, 10, "run"))


@given(st.integers(1, 80), st.integers(4, 20), st.sampled_from([0.0, 0.25, 0.5, 0.8]))
@settings(deadline=None, max_examples=50)
def test_a_fully_labelled_clip_gives_the_textbook_number_of_windows(
    samples: int, length: int, overlap: float
) -> None:
    config = TrainingConfig(rate_hz=10.0, window_s=length / 10, overlap=overlap)
    windows = cut(ramp(samples), (0, 100, "walk"), config=config)
    step = config.step_samples
    assert len(windows) == max(0, (samples - length) // step + 1)
    assert np.array_equal(windows.signals[:, 0, 0], step * np.arange(len(windows)))


def test_joining_merges_clips_and_subjects_of_the_same_name() -> None:
    one = cut(ramp(20), (0, 10, "walk"))
    other = replace(one, clip_ids=("other",))
    both = joined([one, other, one])
    assert len(both) == 9
    assert both.clip_ids == ("clip", "other")
    assert both.subjects == ("anna",)
    assert [both.clip_of(i) for i in (0, 3, 8)] == ["clip", "other", "clip"]


def test_sets_that_differ_cannot_be_joined() -> None:
    one = cut(ramp(20), (0, 10, "walk"))
    fewer = cut(ramp(20), (0, 10, "walk"), config=replace(TEN, sensors=("head",)))
    with pytest.raises(HarstudioError, match="channels differ"):
        joined([one, fewer])
    with pytest.raises(HarstudioError, match="labels differ"):
        joined([one, one.relabelled(("run", "walk"))])
    with pytest.raises(HarstudioError, match="nothing to join"):
        joined([])


def test_relabelling_keeps_every_windows_label() -> None:
    windows = cut(ramp(40), (0, 2, "walk"), (2, 4, "run"))
    turned = windows.relabelled(("run", "jump", "walk"))
    before = [windows.labels[code] for code in windows.codes]
    assert [turned.labels[code] for code in turned.codes] == before
    with pytest.raises(HarstudioError, match="run"):
        windows.relabelled(("walk",))


def test_the_fingerprint_changes_with_any_sample_or_label() -> None:
    windows = cut(ramp(20), (0, 10, "walk"))
    signals = windows.signals.copy()
    signals[1, 2, 3] += 1
    codes = windows.codes.copy()
    codes[0] = 1
    changed = (replace(windows, signals=signals), replace(windows, codes=codes))
    prints = {w.fingerprint() for w in (windows, *changed)}
    assert len(prints) == 3
    assert windows.taken(np.arange(len(windows))).fingerprint() == windows.fingerprint()


def test_parts_that_do_not_fit_are_refused() -> None:
    windows = cut(ramp(20), (0, 10, "walk"))
    with pytest.raises(HarstudioError, match="codes"):
        replace(windows, codes=windows.codes + 5)
    with pytest.raises(HarstudioError, match="start_s"):
        replace(windows, start_s=windows.start_s[:1])


def test_a_made_up_person_s_windows_keep_their_number_through_every_step() -> None:
    own = cut(ramp(25), (0, 10, "run"))
    track = LabelTrack((Segment(0, 10, "run"),))
    other = cut_windows(
        ramp(25), track, own.labels, clip_id="clip", subject="anna", config=TEN, variant=2
    )
    both = joined([own, other])
    assert both.variant.tolist() == [0] * len(own) + [2] * len(other)
    assert both.taken(both.variant == 2).variant.tolist() == [2] * len(other)
    assert (both.clip_ids, both.subjects) == (("clip",), ("anna",))
    assert joined([own, own]).fingerprint() != both.fingerprint()


def soft(segment: Segment, config: TrainingConfig = TEN) -> WindowSet:
    track = LabelTrack((segment,))
    return cut_windows(ramp(30), track, ("run",), clip_id="c", subject="a", config=config)


def test_windows_count_in_full_where_nothing_is_doubted() -> None:
    assert soft(Segment(0, 3, "run")).weight.tolist() == [1.0] * 5
    # What a gap leaves unsaid is no doubt about the label.
    assert soft(Segment(0, 2.8, "run")).weight.tolist() == [1.0] * 5


def test_doubt_and_soft_edges_make_windows_count_less() -> None:
    doubted = soft(Segment(0, 3, "run", confidence=0.4))
    assert doubted.weight == pytest.approx([0.4] * 5)
    edged = soft(Segment(0, 3, "run", start_soft_s=1.0, end_soft_s=0.5)).weight
    assert edged[0] < edged[1] < edged[2] == pytest.approx(1.0)
    assert edged[-1] == pytest.approx(np.mean([1.0] * 6 + [0.9, 0.8, 0.7, 0.6]), abs=0.02)
    sharp = replace(TEN, soft_edges=False)
    assert soft(Segment(0, 3, "run", 0.4, start_soft_s=1.0), sharp).weight.tolist() == [1.0] * 5


def test_weights_names_and_movements_travel_with_the_windows() -> None:
    doubted = soft(Segment(0, 3, "run", confidence=0.5))
    other = cut_windows(
        ramp(30), LabelTrack((Segment(0, 3, "run"),)), ("run",), clip_id="d", subject="a",
        config=TEN, name="Walk 2", movement="take",
    )  # fmt: skip
    both = joined([doubted, other])
    assert both.weight.tolist() == [0.5] * 5 + [1.0] * 5
    assert both.clip_names == ("c", "Walk 2")
    assert both.movements == ("c", "take")
    part = both.taken(np.array([9, 0]))
    assert part.weight.tolist() == [1.0, 0.5]
    assert replace(doubted, weight=np.ones(5)).fingerprint() != doubted.fingerprint()


@pytest.mark.parametrize("weight", [[-1.0] * 5, [np.nan] * 5, [1.0] * 4])
def test_weights_that_are_none_are_refused(weight: list[float]) -> None:
    with pytest.raises(HarstudioError, match="weight"):
        replace(soft(Segment(0, 3, "run")), weight=np.array(weight))
