"""The training loop against what a user would pick instead: a DataLoader over a TensorDataset.

`python -m pytest tests/benchmarks/test_learn_speed.py --benchmark-disable-gc -s`. One run, one
thread, the same network, optimiser and batches; what is compared are medians of whole epochs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.losses import classification_loss, reconstruction_loss
from harstudio.learn.models import MODELS
from harstudio.learn.network_training import TrainingLoop
from harstudio.learn.runs import RunWriter
from harstudio.learn.splits import Split
from harstudio.learn.torch_setup import nn, torch
from harstudio.learn.windows import WindowSet

COUNT, SAMPLES, CHANNELS, CLASSES = 2048, 60, 36, 12
ROUNDS = 7


def noise_windows() -> WindowSet:
    rng = np.random.default_rng(0)
    zero = np.zeros(COUNT, np.int64)
    return WindowSet(
        signals=rng.standard_normal((COUNT, SAMPLES, CHANNELS)).astype(np.float32),
        codes=rng.integers(0, CLASSES, COUNT),
        labels=tuple(f"label {i}" for i in range(CLASSES)),
        channels=tuple(f"channel {i}" for i in range(CHANNELS)),
        rate_hz=60.0,
        clip_ids=("clip",),
        clip_index=zero,
        subjects=("subject",),
        subject_index=zero,
        start_s=np.arange(COUNT, dtype=float),
        end_s=np.arange(COUNT) + 1.0,
        real=np.zeros(COUNT, bool),
    )


class Conv1dNetwork(nn.Module):
    """The default network written with Conv1d over (N, C, T): with strides, or with max-pooling
    as it is usually written."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = CHANNELS
        for filters, kernel, stride in ((64, 5, 2), (64, 5, 2), (128, 3, 1)):
            step = 1 if pooled else stride
            layers += [nn.Conv1d(width, filters, kernel, step, kernel // 2, bias=False),
                       nn.BatchNorm1d(filters), nn.ReLU(inplace=True)]  # fmt: skip
            if pooled and stride == 2:
                layers.append(nn.MaxPool1d(2))
            width = filters
        self.steps = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(width, CLASSES))

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.steps(signals).mean(dim=2))
        return logits


def dataloader_epoch(
    network: Any, windows: WindowSet, config: TrainingConfig, usual: bool
) -> Callable[[], None]:
    """An epoch with DataLoader(TensorDataset), shuffled, no workers."""
    signals, codes = torch.tensor(windows.signals), torch.tensor(windows.codes)
    data = torch.utils.data.TensorDataset(
        signals.transpose(1, 2).contiguous() if usual else signals, codes
    )
    loader = torch.utils.data.DataLoader(data, batch_size=config.batch, shuffle=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)

    def epoch() -> None:
        network.train()
        for batch, target in loader:
            if usual:
                loss = classification_loss(network(batch), target)
            else:
                logits, rebuilt, scaled = network.with_reconstruction(batch)
                loss = classification_loss(logits, target)
                if rebuilt is not None:
                    loss = loss + 0.1 * reconstruction_loss(rebuilt, scaled)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss.item()

    return epoch


def our_epoch(
    network: Any, windows: WindowSet, config: TrainingConfig, writer: RunWriter
) -> Callable[[], None]:
    none = np.zeros(0, np.int64)
    split = Split(np.arange(COUNT), none, none, "clip", {})
    loop = TrainingLoop(windows, split, network, config)
    return lambda: finished(loop.train(1, 0, writer))


def medians(*runs: Callable[[], None]) -> list[float]:
    """Median seconds of each, taken in turn so that a busy machine slows all alike."""
    spent: list[list[float]] = [[] for _ in runs]
    for i in range(ROUNDS + 1):
        for run, times in zip(runs, spent, strict=True):
            begun = time.perf_counter()
            run()
            if i:  # the first round warms up
                times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in spent]


@pytest.mark.parametrize("model", ["cnn", "xiao2020"])
def test_an_epoch_against_a_dataloader(model: str, benchmark: Any, tmp_path: Any) -> None:
    torch.set_num_threads(1)
    windows, config = noise_windows(), TrainingConfig(model=model, batch=256, epochs=ROUNDS * 9)

    def build() -> Any:
        torch.manual_seed(0)
        return MODELS[model].build(CHANNELS, SAMPLES, CLASSES, config)

    ours = our_epoch(build(), windows, config, RunWriter(tmp_path / "run"))
    others = {"the same network": dataloader_epoch(build(), windows, config, usual=False)}
    if model == "cnn":
        for name, pooled in (("as Conv1d with strides", False), ("as Conv1d with pooling", True)):
            others[name] = dataloader_epoch(Conv1dNetwork(pooled), windows, config, usual=True)
    mine, *theirs = medians(ours, *others.values())
    ratios = {name: spent / mine for name, spent in zip(others, theirs, strict=True)}
    benchmark.extra_info.update(epoch_s=mine, **ratios)
    benchmark.pedantic(ours, rounds=3)
    told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    print(f"\n{model}: {mine:.3f} s an epoch of {COUNT} windows; a DataLoader takes, times: {told}")
    # The loader costs little beside the layout: about 1.0 to 1.3, with the noise of the machine.
    assert ratios["the same network"] > 0.85
    assert ratios.get("as Conv1d with pooling", 2.0) > 1.6
