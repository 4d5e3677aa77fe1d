"""The plane is the same every time, holds what it says, and knows its windows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import decomposition

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.training import train
from harstudio.learn.judging.embedding import embedding, features_of, pca_plane, umap_plane
from harstudio.learn.runs.folder import RunFolder
from tests.learn.conftest import MakeConfig


@pytest.fixture(scope="module", params=["cnn", "random_forest"])
def run(
    request: pytest.FixtureRequest,
    windows: WindowSet,
    make_config: MakeConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunFolder:
    path: Path = tmp_path_factory.mktemp("embedding") / request.param
    finished(train(windows, make_config(model=request.param, epochs=4), path))
    return RunFolder(path)


def test_points_keep_the_provenance_of_their_windows(run: RunFolder, windows: WindowSet) -> None:
    index = np.arange(3, len(windows), 5)
    found = finished(embedding(run.checkpoint(), windows, index))
    assert found.points.shape == (len(index), 2)
    for point, i in enumerate(index):
        assert found.label[point] == windows.labels[windows.codes[i]]
        assert found.clip[point] == windows.clip_of(i)
        assert found.subject[point] == windows.subject_of(i)
        assert found.start_s[point] == windows.start_s[i]
    assert found.explained is not None
    assert 0 < sum(found.explained) <= 1 + 1e-9


def test_windows_of_one_class_lie_together(run: RunFolder, windows: WindowSet) -> None:
    found = finished(embedding(run.checkpoint(), windows, np.arange(len(windows))))
    still = found.points[found.label == "still"]
    fast = found.points[found.label == "fast"]
    apart = np.linalg.norm(still.mean(axis=0) - fast.mean(axis=0))
    assert apart > 2 * still.std(axis=0).max()


def test_the_same_windows_give_the_same_plane(run: RunFolder, windows: WindowSet) -> None:
    index = np.arange(0, len(windows), 2)
    first, second = (finished(embedding(run.checkpoint(), windows, index)) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)


def test_what_cannot_be_embedded_is_told(run: RunFolder, windows: WindowSet) -> None:
    with pytest.raises(HarstudioError, match="3 windows"):
        finished(embedding(run.checkpoint(), windows, np.arange(2)))
    with pytest.raises(HarstudioError, match="one of pca, umap"):
        finished(embedding(run.checkpoint(), windows, np.arange(9), method="tsne"))


def test_features_of_a_forest_are_scaled(windows: WindowSet, run: RunFolder) -> None:
    features = finished(features_of(run.checkpoint(), windows, np.arange(len(windows))))
    if run.checkpoint().model == "random_forest":
        deviation = features.std(axis=0)
        assert set(deviation.round(6)) <= {0.0, 1.0}
    assert len(features) == len(windows)


@pytest.mark.parametrize("shape", [(200, 7), (5, 40), (40, 1), (30, 2)])
def test_principal_components_equal_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=shape) * np.linspace(3, 0.5, shape[1]) + 5.0
    points, explained = pca_plane(features)
    reference = decomposition.PCA(min(2, *shape), svd_solver="full").fit(features)
    expected = reference.transform(features)
    for axis in range(expected.shape[1]):
        agree = np.abs(points[:, axis]), np.abs(expected[:, axis])
        np.testing.assert_allclose(*agree, atol=1e-8)
        assert explained[axis] == pytest.approx(reference.explained_variance_ratio_[axis])
    assert not points[:, expected.shape[1] :].any()


def test_the_largest_loading_is_positive_so_that_no_axis_flips() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(50, 4)) * (5, 3, 1, 1)
    points, _ = pca_plane(features)
    shuffled, _ = pca_plane(features[::-1])
    np.testing.assert_allclose(points, shuffled[::-1], atol=1e-9)
    assert np.corrcoef(points[:, 0], features[:, 0])[0, 1] > 0.9


def test_equal_windows_fall_on_one_point() -> None:
    points, explained = pca_plane(np.ones((6, 3)))
    assert not points.any()
    assert explained == (0.0, 0.0)


def test_without_the_package_umap_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(HarstudioError, match="umap-learn") as refusal:
        umap_plane(np.zeros((9, 3)), 0)
    assert "pca" in refusal.value.hint
