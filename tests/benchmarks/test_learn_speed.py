"""The training loop against what a user would pick instead: a DataLoader, or Lightning.

`python -m pytest tests/benchmarks/test_learn_speed.py -s`. One run, one thread, 20,000 windows of
36 channels and 60 samples; what is compared are medians of whole epochs, taken in turn.

The usual way is a Conv1d network with max-pooling over (N, C, T), a TensorDataset, and a
DataLoader of 128 windows. "The same network" is that one with the same weights, trained by our
loop on signals that lie channels last; the default network has strides in place of the pooling.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.torch_setup import functional, nn, torch
from harstudio.learn.fit.training_loop import TrainingLoop
from harstudio.learn.models import MODELS
from harstudio.learn.models.layers import ChannelScale, Network, TimeMean, as_image
from harstudio.learn.runs.folder import RunWriter
from harstudio.learn.splitting.splits import Split

COUNT, SAMPLES, CHANNELS, CLASSES, BATCH = 20_000, 60, 36, 12, 128
ROUNDS = 3
Epoch = Callable[[], None]


def noise_windows(count: int = COUNT) -> WindowSet:
    rng = np.random.default_rng(0)
    zero = np.zeros(count, np.int64)
    signals = rng.standard_normal((count, SAMPLES, CHANNELS), np.float32)
    signals.flags.writeable = False  # as windows are cut: no second copy is made
    return WindowSet(
        signals=signals,
        codes=rng.integers(0, CLASSES, count),
        labels=tuple(f"label {i}" for i in range(CLASSES)),
        channels=tuple(f"channel {i}" for i in range(CHANNELS)),
        rate_hz=60.0,
        clip_ids=("clip",),
        clip_index=zero,
        subjects=("subject",),
        subject_index=zero,
        start_s=np.arange(count, dtype=float),
        end_s=np.arange(count) + 1.0,
        real=np.zeros(count, bool),
    )


class UsualNetwork(nn.Module):
    """The default network as it is usually written: Conv1d and max-pooling over (N, C, T)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = CHANNELS
        for filters, kernel, pooled in ((64, 5, True), (64, 5, True), (128, 3, False)):
            layers += [nn.Conv1d(width, filters, kernel, padding=kernel // 2, bias=False),
                       nn.BatchNorm1d(filters), nn.ReLU(inplace=True)]  # fmt: skip
            if pooled:
                layers.append(nn.MaxPool1d(2))
            width = filters
        self.steps = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(width, CLASSES))

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.steps(signals).mean(dim=2))
        return logits


class PooledEncoder(nn.Module):
    """The convolutions of `UsualNetwork`, with its weights, over signals that lie channels last."""

    def __init__(self, usual: UsualNetwork) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        for part in usual.steps:
            if isinstance(part, nn.Conv1d):
                wide, padding = (1, part.kernel_size[0]), (0, part.padding[0])
                twin = nn.Conv2d(
                    part.in_channels, part.out_channels, wide, padding=padding, bias=False
                )
                twin.weight.data.copy_(part.weight.data.unsqueeze(2))
                steps.append(twin)
            elif isinstance(part, nn.BatchNorm1d):
                steps.append(nn.BatchNorm2d(part.num_features))
            else:
                pooled = isinstance(part, nn.MaxPool1d)
                steps.append(nn.MaxPool2d((1, 2)) if pooled else nn.ReLU(inplace=True))
        self.steps = nn.Sequential(*steps)
        self.to(memory_format=torch.channels_last)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.steps(as_image(signals))
        return maps


def same_network(usual: UsualNetwork) -> Network:
    """`UsualNetwork` with its weights, in our parts."""
    head = nn.Sequential(nn.Dropout(0.3), nn.Linear(128, CLASSES))
    head.load_state_dict(usual.head.state_dict())
    return Network(ChannelScale(CHANNELS), PooledEncoder(usual), TimeMean(), head)


def usual_tensors(windows: WindowSet) -> tuple[torch.Tensor, torch.Tensor]:
    signals = torch.tensor(windows.signals).transpose(1, 2).contiguous()
    return signals, torch.tensor(windows.codes)


def dataloader_epoch(network: nn.Module, windows: WindowSet) -> Epoch:
    data = torch.utils.data.TensorDataset(*usual_tensors(windows))
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)

    def epoch() -> None:
        network.train()
        for batch, target in loader:
            optimiser.zero_grad()
            loss = functional.cross_entropy(network(batch), target)
            loss.backward()
            optimiser.step()
            loss.item()

    return epoch


def lightning_epoch(network: nn.Module, windows: WindowSet) -> Epoch | None:
    try:
        import lightning
    except ImportError:
        return None

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: Any, _index: int) -> torch.Tensor:
            loss = functional.cross_entropy(self.network(batch[0]), batch[1])
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    data = torch.utils.data.TensorDataset(*usual_tensors(windows))
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True)
    module = Module()

    def epoch() -> None:
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        trainer.fit(module, loader)

    return epoch


def our_epoch(network: Network, windows: WindowSet, writer: RunWriter) -> Epoch:
    config = TrainingConfig(model="cnn", batch=BATCH, epochs=1000)
    none = np.zeros(0, np.int64)
    loop = TrainingLoop(windows, Split(np.arange(len(windows)), none, none, "clip", {}), network,
                        config)  # fmt: skip
    return lambda: finished(loop.train(1, 0, writer)) and None


def medians(*runs: Epoch, rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each, taken in turn so that a busy machine slows all alike."""
    spent: list[list[float]] = [[] for _ in runs]
    for i in range(rounds + 1):
        for run, times in zip(runs, spent, strict=True):
            begun = time.perf_counter()
            run()
            if i:  # the first round warms up
                times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in spent]


def default_network() -> Network:
    torch.manual_seed(0)
    network: Network = MODELS["cnn"].build(CHANNELS, SAMPLES, CLASSES, TrainingConfig())
    return network


@pytest.mark.filterwarnings("ignore")
def test_an_epoch_against_the_usual_ways(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    windows, writer = noise_windows(), RunWriter(tmp_path / "run")
    usual = UsualNetwork()
    probe = torch.tensor(windows.signals[:8])
    same = same_network(usual).eval()
    assert torch.allclose(same(probe), usual.eval()(probe.transpose(1, 2)), atol=1e-4)
    runs = {
        "ours, default network": our_epoch(default_network(), windows, writer),
        "ours, the usual network": our_epoch(same, windows, writer),
        "DataLoader": dataloader_epoch(usual, windows),
        "Lightning": lightning_epoch(UsualNetwork(), windows),
    }
    there = {name: run for name, run in runs.items() if run is not None}
    spent = dict(zip(there, medians(*there.values()), strict=True))
    print()
    for name, seconds in spent.items():
        print(f"{name:>24}: {seconds:6.2f} s an epoch of {COUNT:,} windows")
    for name in ("DataLoader", "Lightning"):
        if name in spent:
            same_ratio = spent[name] / spent["ours, the usual network"]
            default_ratio = spent[name] / spent["ours, default network"]
            print(f"{name}: same network {same_ratio:.2f}, default network {default_ratio:.2f}")
            assert same_ratio > 1.3
            assert default_ratio > 2.0


def _spin() -> None:
    while True:
        pass


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_a_busy_neighbour_slows_training_little(tmp_path: Path) -> None:
    if os.getloadavg()[0] > 0.7:
        pytest.skip("other work keeps the cores busy already")
    torch.set_num_threads(1)
    windows, writer = noise_windows(COUNT // 4), RunWriter(tmp_path / "run")
    epoch = our_epoch(default_network(), windows, writer)
    ratios = []
    for _ in range(5):
        (alone,) = medians(epoch, rounds=2)
        neighbour = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
        neighbour.start()
        time.sleep(1.0)
        (beside,) = medians(epoch, rounds=2)
        neighbour.kill()
        neighbour.join()
        ratios.append(beside / alone)
    print(f"\nwith one core busy an epoch takes {statistics.median(ratios):.2f} times as long")
    assert statistics.median(ratios) < 1.1


_PEAK = """
import resource, sys
from pathlib import Path
from dataclasses import replace
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.training import train
import numpy as np
sys.path.insert(0, {here!r})
from test_learn_speed import noise_windows
windows = noise_windows({count})
half = np.arange(len(windows)) * 4 // len(windows)
windows = replace(windows, subject_index=half, subjects=tuple("abcd"))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
config = TrainingConfig(model={model!r}, epochs=1, trees=5)
before = peak()
finished(train(windows, config, Path({run!r})))
print(windows.signals.nbytes / 2**20, before, peak())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
@pytest.mark.parametrize("model", ["cnn", "random_forest"])
def test_peak_memory_of_200_000_windows(model: str, tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    code = _PEAK.format(here=here, count=200_000, model=model, run=str(tmp_path / "run"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    signals, before, after = map(float, done.stdout.split())
    print(f"\n{model}: windows {signals:.0f} MiB, peak before training {before:.0f} MiB, "
          f"peak of all {after:.0f} MiB")  # fmt: skip
    assert after < 1.6 * signals
