"""A map of windows is kept beside its run, and what it was made from is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.body.sites import layout_of
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project
from harstudio.core.source import Source
from harstudio.learn.judging.embedding import Embedding
from harstudio.workflows.window_map import MapChoice, WindowMap, _save, fingerprint, kept_map


@pytest.fixture
def drawn() -> WindowMap:
    found = Embedding(
        points=np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        label=np.array(["walking", "typing", "walking"]),
        real=np.array([False, True, False]),
        subject=np.array(["p1", "p2", ""]),
        clip=np.array(["a", "b", "a"]),
        start_s=np.array([0.0, 0.5, 1.0]),
        end_s=np.array([1.0, 1.5, 2.0]),
        method="pca",
        explained=(0.5, 0.25),
        of="64 features of cnn",
    )
    return WindowMap(found, MapChoice(), "abc")


def test_a_kept_map_is_the_one_that_was_drawn(tmp_path: Path, drawn: WindowMap) -> None:
    assert kept_map(tmp_path, drawn.choice) is None
    _save(tmp_path / drawn.choice.file_name, drawn)
    again = kept_map(tmp_path, drawn.choice)
    assert again is not None
    assert again.made_from == "abc"
    assert again.embedding.explained == (0.5, 0.25)
    assert again.embedding.of == drawn.embedding.of
    for name in ("points", "label", "real", "subject", "clip", "start_s", "end_s"):
        np.testing.assert_array_equal(
            getattr(again.embedding, name), getattr(drawn.embedding, name)
        )
    assert kept_map(tmp_path, replace(drawn.choice, method="umap")) is None


def test_a_truncated_map_is_as_good_as_none(tmp_path: Path, drawn: WindowMap) -> None:
    path = tmp_path / drawn.choice.file_name
    _save(path, drawn)
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        assert kept_map(tmp_path, drawn.choice) is None


def test_another_label_makes_a_map_stale(tmp_path: Path) -> None:
    clip = Clip("a", "a", 10.0, 60.0, motion=Source("a.npz", "amass"))
    project = Project("p", layout_of(["right_wrist"])).with_clips([clip])
    labelled = project.with_clips([clip.with_track(LabelTrack((Segment(0, 1, "walking"),)))])
    assert fingerprint(project, tmp_path) != fingerprint(labelled, tmp_path)
    assert fingerprint(labelled, tmp_path) == fingerprint(labelled, tmp_path)
