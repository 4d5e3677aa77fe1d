"""BABEL, Label Studio and BORIS as they write their files, and JSON that means harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import PREDICTED
from harstudio.io.label_formats import babel, label_studio
from harstudio.io.label_formats.base import LabelledClip
from harstudio.io.label_formats.registry import read_label_file

Write = Callable[[str, str | bytes], Path]


def spans(track: LabelTrack) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in track.segments]


@pytest.mark.parametrize("format_id", ["babel", "label-studio", "boris"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1, column 1: Expecting value"),
        (b'{"a": ', "line 1, column 7"),
        (b"[" * 200_000, "nested too deeply to be a label file"),
        (b'{"a":' * 200_000, "nested too deeply to be a label file"),
        (b'{"a": NaN}', "NaN is not a number that JSON knows"),
        (b"9" * 5000, "Exceeds the limit"),
        (b"\xff", "line 1 is not UTF-8 text"),
        (b"3", "got 3, expected an object"),
    ],
)
def test_json_that_is_none_or_means_harm_is_refused(
    written: Write, format_id: str, data: bytes, reason: str
) -> None:
    with pytest.raises(HarstudioError, match=rf"^x\.json: .*{reason}"):
        read_label_file(written("x.json", data), format_id)


# -- BABEL -------------------------------------------------------------------------------

BABEL = {
    "4201": {
        "babel_sid": 4201,
        "feat_p": "CMU/CMU/13/13_29_poses.npz",
        "dur": 30.0,
        "seq_ann": {
            "babel_lid": "x",
            "mul_act": True,
            "labels": [
                {"raw_label": "exercising", "proc_label": "exercise", "act_cat": ["exercise"]}
            ],
        },
        "frame_ann": {
            "labels": [
                {
                    "raw_label": "jumping jacks", "proc_label": "jumping jack",
                    "act_cat": ["jump", "exercise"], "start_t": 0, "end_t": 3.9,
                },
                {
                    "raw_label": "transition", "proc_label": "transition", "act_cat": None,
                    "start_t": 3.5, "end_t": 4.2,
                },
            ]
        },
    },
    "4202": {"feat_p": "a/b_poses.npz", "dur": 2, "seq_ann": {"labels": []}, "frame_ann": None},
}  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "expected", "whole"),
    [
        ("", [(0, 3.9, "jumping jack"), (3.5, 4.2, "transition")], "exercise"),
        ("raw_label", [(0, 3.9, "jumping jacks"), (3.5, 4.2, "transition")], "exercising"),
        ("act_cat", [(0, 3.9, "jump"), (0, 3.9, "exercise")], "exercise"),
    ],
)
def test_babel_labels_overlap_and_have_three_names(
    written: Write, variant: str, expected: list[tuple[float, float, str]], whole: str
) -> None:
    file = read_label_file(written("x.json", json.dumps(BABEL)), "", variant)
    sequence, frames = file.tiers
    assert (frames.name, frames.clips) == ("frames", ("CMU/CMU/13/13_29_poses.npz",))
    assert sorted(spans(frames.track)) == sorted(expected)
    assert frames.track.overlapping
    assert (sequence.name, sequence.whole) == ("sequence", (whole,))
    left_out = ("1 labels without act_cat left out",) if variant == "act_cat" else ()
    assert file.notes == left_out


def test_the_extra_files_of_babel_have_several_annotators(written: Write) -> None:
    entry = {"labels": [{"proc_label": "walk", "start_t": 0, "end_t": 1}]}
    value = {"1": {"feat_p": "a_poses.npz", "seq_anns": [], "frame_anns": [entry, None, entry]}}
    file = read_label_file(written("x.json", json.dumps(value)))
    assert [tier.name for tier in file.tiers] == ["frames 1", "frames 3"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([{"proc_label": "x", "start_t": 0}], "label 0, end_t: got None, expected a number"),
        ([{"proc_label": "x", "start_t": 2, "end_t": 1}], "label 0: segment 'x': end 1.0 s is not"),
        (
            [{"proc_label": 7, "start_t": 0, "end_t": 1}],
            "label 0, proc_label: got 7, expected text",
        ),
        ([{"proc_label": "\ud800", "start_t": 0, "end_t": 1}], "label 0, .* is not valid text"),
        ({"a": 1}, r"frame_ann, labels: got \{'a': 1\}, expected a list"),
    ],
)
def test_babel_errors_name_the_sequence_and_the_label(
    written: Write, labels: object, reason: str
) -> None:
    value = {"17": {"feat_p": "a", "frame_ann": {"labels": labels}}}
    with pytest.raises(
        HarstudioError, match=rf"^x\.json: sequence '17', frame_ann, {reason}|{reason}"
    ):
        read_label_file(written("x.json", json.dumps(value)))


def test_babel_files_of_ours_read_as_babels_own_readers_expect(tmp_path: Path) -> None:
    track = LabelTrack((Segment(0, 2, "walk"), Segment(1, 3, "wave")), True)
    babel.write(tmp_path / "x.json", [LabelledClip("c", 9.0, 60, (("labels", track),))])
    entry = json.loads((tmp_path / "x.json").read_text())["1"]
    assert entry["dur"] == 9.0
    label = entry["frame_ann"]["labels"][1]
    assert (label["start_t"], label["end_t"], label["act_cat"]) == (1.0, 3.0, ["wave"])
    assert [each["proc_label"] for each in entry["seq_ann"]["labels"]] == ["walk", "wave"]


# -- Label Studio ------------------------------------------------------------------------


def region(start: object, end: object, *labels: str, **more: object) -> dict[str, object]:
    value = {"start": start, "end": end, "instant": False, "timeserieslabels": list(labels)}
    return {
        "value": value,
        "from_name": "label",
        "to_name": "ts",
        "type": "timeserieslabels",
        **more,
    }


def task(*annotations: object, **more: object) -> dict[str, object]:
    data = {"csv": "/data/upload/1/0a1b2c3d-walk_03.csv?x=1"}
    return {"id": 1, "data": data, "annotations": list(annotations), **more}


def test_label_studio_has_a_tier_per_annotation_and_prediction(written: Write) -> None:
    choice = {"value": {"choices": ["indoors"]}, "type": "choices"}
    value = [
        task(
            {"completed_by": {"email": "a@b.c"}, "result": [region(0, 1.5, "Run"), choice]},
            {"completed_by": 7, "result": [region(2, 3, "Walk", "Talk")]},
            predictions=[{"model_version": "m1", "result": [region("4", "5", "Run", score=0.25)]}],
        )
    ]
    file = read_label_file(written("x.json", json.dumps(value)))
    first, second, third = file.tiers
    assert (first.name, first.author, first.whole) == ("a@b.c", "a@b.c", ("indoors",))
    assert first.clips[-1] == "walk_03.csv"
    assert spans(first.track) == [(0, 1.5, "Run")]
    assert sorted(spans(second.track)) == [(2, 3, "Talk"), (2, 3, "Walk")]
    assert third.track.segments[0].confidence == 0.25


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1648531522143, 1648531524143),
        (1648531522.143, 1648531524.143),
        ("2022-03-29T05:25:22.143Z", "2022-03-29T05:25:24.143Z"),
        ("2022-03-29 05:25:22.143", "2022-03-29 05:25:24.143"),
    ],
)
def test_label_studio_times_may_be_dates(written: Write, start: object, end: object) -> None:
    value = [task({"result": [region(start, end, "Run")]})]
    file = read_label_file(written("x.json", json.dumps(value)))
    segment = file.tiers[0].track.segments[0]
    assert file.wall_clock
    assert segment.start_s == pytest.approx(1648531522.143, abs=1e-5)
    assert segment.duration_s == pytest.approx(2, abs=1e-5)


def test_the_minimal_form_of_label_studio_reads(written: Write) -> None:
    value = [
        {"id": 1, "csv": "/x/walk.csv", "annotator": 3, "label": [region(0, 1, "Run")["value"]]}
    ]
    tier = read_label_file(written("x.json", json.dumps(value))).tiers[0]
    assert (spans(tier.track), tier.author) == ([(0, 1, "Run")], "3")


def test_an_instant_gets_a_length_and_other_results_are_counted(written: Write) -> None:
    value = [task({"result": [region(1, 1, "Step"), {"type": "rating", "value": {"rating": 3}}]})]
    file = read_label_file(written("x.json", json.dumps(value)))
    assert spans(file.tiers[0].track) == [(1, 1.1, "Step")]
    assert set(file.notes) == {
        "1 without a length became 0.1 s long",
        "1 results that are no labels left out",
    }


def test_label_studio_errors_name_task_and_result(written: Write) -> None:
    value = [task(), task({"result": [region(0, "soon", "Run")]})]
    with pytest.raises(HarstudioError, match=r"^x\.json: task 2, result 1, end: got 'soon'"):
        read_label_file(written("x.json", json.dumps(value)))


def test_predictions_are_written_as_such(tmp_path: Path) -> None:
    track = LabelTrack((Segment(0, 1, "run", 0.5),))
    clip = LabelledClip("c", 9.0, 60, (("labels", track), (PREDICTED, track)))
    label_studio.write(tmp_path / "x.json", [clip])
    written_task = json.loads((tmp_path / "x.json").read_text())[0]
    assert written_task["predictions"][0]["model_version"] == PREDICTED
    assert written_task["predictions"][0]["result"][0]["score"] == 0.5
    assert len(written_task["annotations"]) == 1


# -- BORIS -------------------------------------------------------------------------------


def boris(*events: list[object], offset: float = 0.0) -> str:
    observation = {
        "file": {"1": ["/v/walk_03.mp4"], "2": []},
        "type": "MEDIA",
        "time offset": offset,
        "events": list(events),
    }
    behaviours = {
        "0": {"type": "Point event", "code": "step"},
        "1": {"type": "State event", "code": "walk"},
    }
    return json.dumps(
        {
            "project_format_version": "7.0",
            "behaviors_conf": behaviours,
            "observations": {"o": observation},
        }
    )


def test_states_are_pairs_of_events_by_subject_and_points_are_short(written: Write) -> None:
    text = boris(
        [3.0, "", "walk", "", ""],
        [1.0, "", "walk", "", "slow"],
        [2.0, "bob", "walk", "", ""],
        [2.5, "", "step", "", ""],
        [4.0, "bob", "walk", "", "", 240],
    )
    file = read_label_file(written("x.boris", text))
    mine, bob = file.tiers
    assert mine.track.segments == (Segment(1, 3, "walk", note="slow"), Segment(2.5, 2.6, "step"))
    assert mine.track.overlapping
    assert (bob.name, spans(bob.track)) == ("bob", [(2, 4, "walk")])
    assert bob.clips == ("o", "/v/walk_03.mp4")


def test_modifiers_are_notes_or_part_of_the_label(written: Write) -> None:
    rows = [
        [1, "", "walk", "fast", ""],
        [2, "", "walk", "fast", ""],
        [3, "", "walk", "None", ""],
        [4, "", "walk", "None", ""],
    ]
    path = written("x.boris", boris(*rows))
    assert read_label_file(path).tiers[0].track.segments[0] == Segment(1, 2, "walk", note="fast")
    varied = read_label_file(path, "", "modifiers")
    assert spans(varied.tiers[0].track) == [(1, 2, "walk (fast)"), (3, 4, "walk")]


def test_states_without_an_end_are_told_and_the_offset_is_taken_off(written: Write) -> None:
    rows = [[21, "", "walk", "", ""], [23, "", "walk", "", ""], [30, "", "walk", "", ""]]
    file = read_label_file(written("x.boris", boris(*rows, offset=20.0)))
    assert spans(file.tiers[0].track) == [(1, 3, "walk")]
    assert file.notes == ("1 states that never end left out",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([1.0, "", "walk"], "event 1: 3 cells, expected 5"),
        (["x", "", "walk", "", ""], "event 1, time: got 'x', expected a number"),
        ([True, "", "walk", "", ""], "event 1, time: got True"),
        ([1.0, "", ["walk"], "", ""], r"event 1: got \['walk'\], expected text"),
        (7, "event 1: got 7, expected a list"),
    ],
)
def test_boris_errors_name_observation_and_event(written: Write, row: object, reason: str) -> None:
    with pytest.raises(HarstudioError, match=rf"^x\.boris: observation 'o', {reason}"):
        read_label_file(written("x.boris", boris(row)))  # type: ignore[arg-type]
