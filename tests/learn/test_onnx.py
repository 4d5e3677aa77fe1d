"""Networks as ONNX files: the same results as torch, with all that their use needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.networks import PREFIX, NetworkPredictor, tensors_of
from harstudio.learn.fit.torch_setup import torch
from harstudio.learn.fit.training import train
from harstudio.learn.models import MODELS, NETWORK
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.runs.onnx_export import export_onnx, onnx_probabilities

NETWORKS = [
    (spec.id, False) for spec in MODELS.values() if spec.kind == NETWORK and not spec.paired
]
CHANNELS, WINDOW, LABELS = 3, 20, ("sit", "stånd", "walk")


def checkpoint_of(model: str, mixed: bool = False) -> Checkpoint:
    """An untrained network, with a normalisation that matters."""
    torch.manual_seed(1)
    config = TrainingConfig(model=model, mix_channels=mixed, rate_hz=20.0)
    network = MODELS[model].build(CHANNELS, WINDOW, len(LABELS), config)
    scaler = Scaler(np.array([9.8, -1.0, 0.5]), np.array([4.0, 0.25, 2.0]))
    network.scale.set(scaler)
    return Checkpoint(
        model=model, labels=LABELS, channels=("a x", "a y", "a z"), rate_hz=20.0,
        window_samples=WINDOW, config=config, scaler=scaler, split_hash="abc",
        tensors=tensors_of(network),
    )  # fmt: skip


@pytest.fixture(scope="module")
def needs_onnx() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="the extra `onnx` is not installed")


@pytest.mark.usefixtures("needs_onnx")
@pytest.mark.parametrize(("model", "mixed"), [*NETWORKS, ("deepconvlstm", True)])
def test_every_network_gives_the_same_results_as_torch(
    model: str, mixed: bool, tmp_path: Path
) -> None:
    import onnx

    checkpoint = checkpoint_of(model, mixed)
    path = tmp_path / "model.onnx"
    summary = finished(export_onnx(checkpoint, path))
    assert summary.difference is not None
    assert summary.difference <= 1e-5
    assert summary.windows > 3, "another batch than it was exported with"
    rng = np.random.default_rng(0)
    signals = (rng.standard_normal((7, WINDOW, CHANNELS)) * 5 + 3).astype(np.float32)
    ours = NetworkPredictor.of(checkpoint).probabilities(signals)
    theirs = onnx_probabilities(path, np.ascontiguousarray(signals.transpose(0, 2, 1)))
    assert theirs == pytest.approx(ours, abs=1e-5)
    file = onnx.load(path)
    told = {entry.key: entry.value for entry in file.metadata_props}
    assert tuple(json.loads(told["labels"])) == LABELS
    assert json.loads(told["channels"]) == ["a x", "a y", "a z"]
    assert (told["rate_hz"], told["window_samples"], told["split_sha256"]) == ("20", "20", "abc")
    (given,) = file.graph.input
    shape = given.type.tensor_type.shape.dim
    assert given.name == "signals"
    assert (bool(shape[0].dim_param), shape[1].dim_value, shape[2].dim_value) == (True, 3, 20)
    assert [out.name for out in file.graph.output] == ["logits"]


@pytest.mark.usefixtures("needs_onnx")
def test_a_file_that_differs_from_torch_is_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from harstudio.learn.fit import networks

    checkpoint = checkpoint_of("cnn")
    bias = checkpoint.tensors["network.head.1.bias"]
    other = checkpoint.with_tensors({**checkpoint.tensors, "network.head.1.bias": bias + 1e-3})
    opened = networks.opened
    calls: list[Checkpoint] = []

    def swapped(asked: Checkpoint) -> object:
        """A network whose results change between export and comparison."""
        calls.append(asked)
        network = opened(asked)
        forward = network.forward
        network.forward = lambda x: forward(x) + (0.0 if torch.compiler.is_exporting() else 1e-3)
        return network

    monkeypatch.setattr(networks, "opened", swapped)
    with pytest.raises(HarstudioError, match="differs from torch"):
        finished(export_onnx(other, tmp_path / "model.onnx"))
    assert calls
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["onnx", "onnxscript"])
def test_a_missing_package_names_the_extra(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if missing == "onnxscript":
        pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(HarstudioError, match=f"package {missing}") as caught:
        finished(export_onnx(checkpoint_of("cnn"), tmp_path / "model.onnx"))
    assert "harstudio[onnx]" in caught.value.hint


@pytest.mark.usefixtures("needs_onnx")
def test_without_onnxruntime_the_file_is_written_unchecked_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    summary = finished(export_onnx(checkpoint_of("cnn"), tmp_path / "model.onnx"))
    assert summary.difference is None
    assert summary.path.is_file()


def test_a_forest_is_refused(
    windows: WindowSet, make_config: Callable[..., TrainingConfig], tmp_path: Path
) -> None:
    finished(train(windows, make_config(model="random_forest"), tmp_path / "run"))
    checkpoint = RunFolder(tmp_path / "run").checkpoint()
    with pytest.raises(HarstudioError, match="only networks"):
        finished(export_onnx(checkpoint, tmp_path / "model.onnx"))


@pytest.mark.usefixtures("needs_onnx")
def test_a_damaged_model_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    checkpoint = checkpoint_of("cnn")
    fewer = {k: v for k, v in checkpoint.tensors.items() if k != f"{PREFIX}.head.1.bias"}
    with pytest.raises(HarstudioError, match="do not fit"):
        finished(export_onnx(replace(checkpoint, tensors=fewer), tmp_path / "model.onnx"))
    assert list(tmp_path.iterdir()) == []
