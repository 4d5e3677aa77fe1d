"""A trained network as an ONNX file, for phones, watches and other programs.

Normalisation is inside; the batch may be of any size. The file says in its metadata what goes in
and what comes out, and is checked against torch as soon as it is written.
"""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.checkpoint import Checkpoint, source_of
from harstudio.learn.runs.files import write_whole

SIGNALS, LOGITS = "signals", "logits"
TOLERANCE = 1e-5
"""Most that a logit may differ between torch and onnxruntime, relative to those above 1."""
_BATCH = 3
"""Of the sample it is traced with: more than 1, or the exporter takes the batch for fixed."""


@dataclass(frozen=True)
class OnnxSummary:
    """What an export returns.

    Attributes
    ----------
    path : Path
    difference : float or None
        Largest between torch's logits and onnxruntime's, relative to those above 1; None where
        onnxruntime is not installed.
    windows : int
        How many were compared.
    """

    path: Path
    difference: float | None
    windows: int


def export_onnx(checkpoint: Checkpoint, path: Path) -> Job[OnnxSummary]:
    """Job: write a network as ONNX: ``signals`` (batch, C, T) in SI units to ``logits`` (batch, K).

    Metadata: ``labels``, ``channels`` and ``config`` (JSON), ``rate_hz``, ``window_samples``,
    ``model``, ``split_sha256``, ``harstudio``.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of a network.
    path : Path
        Replaced if it is there.

    Raises
    ------
    HarstudioError
        A forest, the extra ``onnx`` is not installed, or the file gives other results than torch.
    """
    spec = model_spec(checkpoint.model)
    if spec.kind != NETWORK:
        raise HarstudioError(
            f"{spec.title}: only networks are exported to ONNX", "choose a run of a network"
        )
    onnx = _needed("onnx")
    _needed("onnxscript")
    yield Progress(0, 3, "loading torch")
    from harstudio.learn.fit.networks import opened
    from harstudio.learn.fit.torch_setup import torch

    network = opened(checkpoint)
    sample = _sample(checkpoint)
    yield Progress(1, 3, "exporting")
    with _quiet():
        # The shape of what comes out follows from what goes in; only the batch is left open.
        program = torch.onnx.export(
            network,
            (torch.tensor(sample[:_BATCH]),),
            input_names=[SIGNALS],
            output_names=[LOGITS],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for key, value in _metadata(checkpoint).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    yield Progress(2, 3, "comparing with torch")
    with torch.no_grad():
        expected = network(torch.tensor(sample)).double().numpy()
    difference = _difference(content, sample, expected)
    if difference is not None and not difference <= TOLERANCE:
        raise HarstudioError(
            f"{path}: ONNX differs from torch by {difference:.2g}, expected at most {TOLERANCE:g}",
            "nothing was written; please report it, with the versions of torch and onnxruntime",
        )
    write_whole(path, lambda temporary: _write(temporary, content))
    return OnnxSummary(path, difference, len(sample))


def onnx_probabilities(path: Path, signals: Float32Array) -> FloatArray:
    """(N, K) probabilities of (N, C, T) windows from an exported file, by onnxruntime."""
    logits = _run(_needed("onnxruntime"), path.read_bytes(), signals)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = raised / raised.sum(axis=1, keepdims=True)
    return probabilities


def _sample(checkpoint: Checkpoint) -> Float32Array:
    """(N, C, T) windows to compare with: those the model keeps, then noise of the same scale."""
    noise = np.random.default_rng(0).standard_normal(
        (64, checkpoint.window_samples, len(checkpoint.channels))
    )
    scaled = noise * checkpoint.scaler.sd + checkpoint.scaler.mean
    kept, _codes = source_of(checkpoint)
    windows = np.concatenate([kept[:64], scaled]).astype(np.float32)
    return np.ascontiguousarray(windows.transpose(0, 2, 1))


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "labels": json.dumps(checkpoint.labels, ensure_ascii=False),
        "channels": json.dumps(checkpoint.channels, ensure_ascii=False),
        "rate_hz": f"{checkpoint.rate_hz:.9g}",
        "window_samples": str(checkpoint.window_samples),
        "units": "m/s2 and rad/s; normalisation is inside",
        "model": checkpoint.model,
        "config": json.dumps(checkpoint.config.to_json(), ensure_ascii=False),
        "split_sha256": checkpoint.split_hash,
        "harstudio": checkpoint.version,
    }


def _difference(content: bytes, sample: Float32Array, expected: FloatArray) -> float | None:
    try:
        runtime = _needed("onnxruntime")
    except HarstudioError:
        return None
    # Another number of windows than it was exported with, and one alone.
    found = _run(runtime, content, sample)
    alone = _run(runtime, content, sample[:1])
    off = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    off_alone = np.abs(alone - expected[:1]) / np.maximum(1.0, np.abs(expected[:1]))
    return float(max(off.max(), off_alone.max()))


def _run(runtime: Any, content: bytes, signals: Float32Array) -> FloatArray:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (logits,) = session.run([LOGITS], {SIGNALS: signals})
    result: FloatArray = np.asarray(logits, np.float64)
    return result


def _needed(name: str) -> Any:
    """A module of the extra ``onnx``; HarstudioError that names the extra where it is missing."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise HarstudioError(
            f"ONNX needs the package {name}, which is not installed",
            "install the extra: pip install 'harstudio[onnx]'",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of its own affairs on every channel there is."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
