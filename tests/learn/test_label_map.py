"""A label map says of every label what becomes of it, and nothing goes in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.label_map import (
    DIP_FIVE,
    IDENTITY,
    KEEP,
    LEAVE_OUT,
    LabelMap,
    load_label_map,
    named_label_map,
    save_label_map,
)

TRACK = LabelTrack(
    (
        Segment(0, 2, "walking"),
        Segment(2, 4, "running"),
        Segment(4, 6, "typing"),
        Segment(6, 7, "falling", note="mat"),
        Segment(8, 9, UNKNOWN),
    )
)
MOVES = LabelMap((("walking", "locomotion"), ("running", "locomotion"), ("typing", "")), name="m")


def test_labels_are_mapped_left_out_or_refused_by_name_and_count() -> None:
    with pytest.raises(HarstudioError) as caught:
        MOVES.checked([TRACK, TRACK])
    assert caught.value.message == ("label map 'm': says nothing about falling (2 segments, 2.0 s)")
    told = LabelMap(MOVES.pairs, LEAVE_OUT, "m").checked([TRACK])
    assert told == (
        "label map 'm': left out falling (1 segment, 1.0 s), typing (1 segment, 2.0 s)",
    )
    kept = LabelMap(MOVES.pairs, KEEP, "m")
    assert kept.checked([TRACK]) == ("label map 'm': left out typing (1 segment, 2.0 s)",)
    assert kept.labels(TRACK.labels) == ("locomotion", "falling")


def test_a_mapped_track_keeps_its_times_and_notes_and_leaves_gaps() -> None:
    mapped = LabelMap(MOVES.pairs, KEEP).track(TRACK)
    assert [(s.start_s, s.end_s, s.label) for s in mapped.segments] == [
        (0, 2, "locomotion"), (2, 4, "locomotion"), (6, 7, "falling"),
    ]  # fmt: skip
    assert mapped.segments[-1].note == "mat"
    assert LabelMap().track(LabelTrack((), overlapping=True)).overlapping


def test_a_label_that_others_are_mapped_to_stays_and_unknown_goes_unless_named() -> None:
    assert MOVES.of("locomotion") == "locomotion"
    assert MOVES.of(UNKNOWN) == ""
    assert MOVES.with_pair(UNKNOWN, "null").of(UNKNOWN) == "null"
    assert MOVES.of("falling") is None
    assert MOVES.without("typing").of("typing") is None
    assert MOVES.with_pair("typing", "desk").pairs[2] == ("typing", "desk")


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
maps = st.builds(
    lambda pairs, others: LabelMap(tuple(pairs.items()), others),
    st.dictionaries(names.filter(lambda n: bool(n.strip())), st.one_of(st.just(""), names)),
    st.sampled_from(["refuse", "leave_out", "keep"]),
)


@given(maps)
def test_a_map_survives_json_and_the_configuration(label_map: LabelMap) -> None:
    again = LabelMap.from_json(json.loads(json.dumps(label_map.to_json())))
    assert again == label_map
    config = TrainingConfig(label_map=label_map)
    assert TrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@given(maps)
def test_the_identity_changes_nothing_and_a_mapped_label_is_among_the_labels(
    label_map: LabelMap,
) -> None:
    assert IDENTITY.labels(TRACK.labels) == tuple(n for n in TRACK.labels if n != UNKNOWN)
    mapped = label_map.track(TRACK)
    assert set(mapped.labels) <= set(label_map.labels(TRACK.labels))


def test_a_map_survives_its_file_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    save_label_map(path, MOVES)
    assert load_label_map(path) == named_label_map(str(path)) == MOVES
    for text in ("[]", "{}", '{"labels": []}', '{"labels": {"a": 1}}', '{"labels": {" ": "b"}}',
                 '{"labels": {"a": "b"}, "others": "drop"}'):  # fmt: skip
        path.write_text(text)
        with pytest.raises(HarstudioError, match=r"map\.json"):
            load_label_map(path)
    with pytest.raises(HarstudioError, match="neither a file nor a preset"):
        named_label_map("dip")
    with pytest.raises(HarstudioError, match="'a' is mapped twice"):
        LabelMap((("a", "b"), ("a", "c")))
    with pytest.raises(HarstudioError, match="label_map"):
        TrainingConfig.from_json({"label_map": "dip_five"})


def test_the_five_of_dip_take_the_activities_of_the_demo() -> None:
    demo = ("walking", "jumping", "arm_stretching", "leg_stretching", "computer_work")
    assert {DIP_FIVE.of(label) for label in demo} == set(DIP_FIVE.targets)
    assert len(DIP_FIVE.targets) == 5


def test_windows_are_cut_under_the_map_across_a_change_that_it_takes_away() -> None:
    times = np.arange(90) / 10.0
    recording = ImuRecording(times, ("wrist",), np.zeros((90, 1, 3)))
    config = TrainingConfig(rate_hz=10.0, window_s=2.0, overlap=0.5, min_share=1.0, label_map=MOVES)
    windows = cut_windows(
        recording, TRACK, ("locomotion",), clip_id="c", subject="s", config=config
    )
    assert windows.start_s.tolist() == [0.0, 1.0, 2.0]
    assert windows.counts() == {"locomotion": 3}
