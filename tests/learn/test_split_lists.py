"""A list decides what is in which part; what it leaves open, or names in vain, is told."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.split_lists import (
    SplitList,
    load_split_list,
    official_lists,
    save_split_list,
)
from harstudio.learn.splitting.splits import Split, make_split
from tests.learn.tables import study, table


def listed(windows: WindowSet, path: Path | str, **options: float) -> Split:
    return make_split(windows, TrainingConfig(split="list", split_list=str(path), **options))


def test_a_table_of_subjects_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("subject,part\ns0,train\nS1,Train\ns2,val\ns3,test\n")
    windows = study(4)
    split = listed(windows, path)
    assert split.units == {"train": ("s0", "s1"), "validation": ("s2",), "test": ("s3",)}
    assert split.notes == ()
    assert split.leaks == ()
    assert split.text.startswith("by the list mine: 40 windows of 2 subjects in train")


def test_a_table_of_clips_takes_names_or_ids(tmp_path: Path) -> None:
    windows = table([("s", "id0", "walk", 5), ("s", "id1", "walk", 5), ("s", "id2", "walk", 5)])
    named = WindowSet(**{**vars(windows), "clip_names": ("Walk A", "Walk B", "Walk C")})
    path = tmp_path / "clips.csv"
    path.write_text("\ufeffunit,part\nwalk a,train\nid1,validation\nWalk C,test\n")
    split = listed(named, path)
    assert [split.units[part] for part in ("train", "validation", "test")] == [
        ("id0",), ("id1",), ("id2",),
    ]  # fmt: skip
    assert any(leak.kind == "subject" for leak in split.leaks)


def test_what_is_not_listed_is_not_used_and_told_with_what_is_listed_in_vain(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.json"
    parts = {"train": ["s0", "nobody"], "validation": ["s1"], "test": ["s2"]}
    path.write_text(json.dumps({"by": "subject", "parts": parts}))
    split = listed(study(5), path)
    used = len(split.train) + len(split.validation) + len(split.test)
    assert used == 60
    assert split.notes == (
        "1 subject of the list mine without windows: nobody",
        "40 windows of 2 subjects without a part in the list mine not used: s3, s4",
    )


def test_a_list_without_validation_takes_some_of_its_training_part_or_none(
    tmp_path: Path,
) -> None:
    path = tmp_path / "two.json"
    parts = {"train": [f"s{i}" for i in range(6)], "test": ["s6", "s7"]}
    path.write_text(json.dumps({"by": "subject", "parts": parts}))
    lent = listed(study(8), path)
    assert set(lent.units["validation"]) < set(parts["train"])
    assert "of its training part validate" in lent.notes[0]
    whole = listed(study(8), path, validation_share=0.0)
    assert whole.units["train"] == tuple(parts["train"])
    assert "the last epoch is kept" in whole.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("subject,part\ns0,train\ns0,test\n", "'s0' is in train and in test"),
        ("subject,part\ns0,train\nS0,train\n", "is in train twice"),
        ("subject,part\ns0,train\ns1,exam\n", "part 'exam'"),
        ("subject,part\ns0,train\n", "nothing in test"),
        ("subject,part\ns0\n", "line 2: 1 cells, expected 2"),
        ("subject,part\n,train\n", "line 2: no subject"),
        ("person,group\ns0,train\n", "the columns are person, group"),
        ("", "the columns are none"),
        ("subject,part\nx,train\ny,test\n", "none of its train subjects (x) has windows"),
        ('subject,part\n"s0,train\n', "cells"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(HarstudioError) as caught:
        listed(study(3), path)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "text", ["[]", "{", "{}", '{"parts": []}', '{"parts": {"train": "s0"}}', "\x00"]
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(HarstudioError, match=r"bad\.json"):
        load_split_list(str(path))
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00subject,part")
    with pytest.raises(HarstudioError, match=r"bad\.csv"):
        load_split_list(str(tmp_path / "bad.csv"))
    with pytest.raises(HarstudioError, match="neither a file nor an official list") as caught:
        load_split_list("uci")
    assert "uci_har" in caught.value.hint


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "list.csv"
    path.write_bytes(b"subject,part\n" + data)
    with suppress(HarstudioError):
        assert load_split_list(str(path)).parts["test"]


def test_a_list_survives_its_file(tmp_path: Path) -> None:
    mine = SplitList("mine", "clip", {"train": ("a",), "test": ("b", "c")}, title="T")
    save_split_list(tmp_path / "mine.json", mine)
    assert load_split_list(str(tmp_path / "mine.json")) == mine


def test_the_official_lists_are_those_of_the_papers() -> None:
    lists = official_lists()
    assert set(lists) == {"dip", "mm_fit", "mm_fit_seen", "uci_har", "utd_mhad"}
    assert all(each.name == name and each.source for name, each in lists.items())
    assert lists["utd_mhad"].parts == {"train": ("1", "3", "5", "7"), "test": ("2", "4", "6", "8")}
    assert lists["mm_fit"].parts["test"] == ("0", "5", "12", "13", "20")
    assert lists["dip"].parts["test"] == ("9", "10")
    uci = lists["uci_har"].parts
    assert (len(uci["train"]), len(uci["test"])) == (21, 9)


def test_official_lists_know_people_by_number() -> None:
    rows = [(f"s{i}", f"a{9 - i}_s{i}_t1", label, 5) for i in range(1, 9) for label in ("a", "b")]
    split = listed(table(rows), "utd_mhad", validation_share=0.0)
    assert split.units["train"] == ("s1", "s3", "s5", "s7")
    assert split.units["test"] == ("s2", "s4", "s6", "s8")
    padded = table([(f"s_{i:02d}", f"c{i}", "a", 5) for i in range(1, 11)])
    assert listed(padded, "dip").units["test"] == ("s_09", "s_10")


def test_the_official_split_of_uci_har_is_that_of_its_files(real_data: Path) -> None:
    import numpy as np

    with np.load(real_data / "ucihar" / "ucihar_continuous.npz") as file:
        tested = {str(s) for s in file["subject"][file["split"] == "Test"]}
        trained = {str(s) for s in file["subject"][file["split"] == "Train"]}
    parts = official_lists()["uci_har"].parts
    assert (set(parts["train"]), set(parts["test"])) == (trained, tested)
