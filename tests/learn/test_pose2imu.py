"""pose2imu: its parts, its losses, its modes, and what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.skeleton import joint_index
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.pose_windows import BESIDE, cut_paired
from harstudio.learn.data.scaling import Scaler, fitted
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.fit.networks import restored, tensors_of
from harstudio.learn.fit.pose_losses import cosine_loss, regression_loss
from harstudio.learn.fit.pose_training import SignalMaker
from harstudio.learn.fit.torch_setup import Tensor, torch
from harstudio.learn.fit.training import resume, train
from harstudio.learn.models import model_spec
from harstudio.learn.models.pose2imu import MaskedMean, PoseToImu
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.files import read_json
from harstudio.learn.runs.folder import MODEL, REGRESSION, RunFolder, RunSummary
from harstudio.learn.runs.onnx_export import export_onnx

RATE, LENGTH = 20.0, 32
HZ = {"still": 0.0, "slow": 1.1, "fast": 2.6}
WRIST = joint_index("left_wrist")


def config_of(**changes: Any) -> TrainingConfig:
    defaults: dict[str, Any] = {
        "model": "pose2imu", "rate_hz": RATE, "window_s": LENGTH / RATE, "epochs": 6, "batch": 16,
        "seed": 1,
    }  # fmt: skip
    return TrainingConfig(**{**defaults, **changes})


def swinging(label: str, seconds: float, seed: int) -> tuple[ImuRecording, FloatArray]:
    """A wrist that goes to and fro at a label's pace, and a sensor on it that reads its force."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    way = 2 * np.pi * HZ[label]
    phase = way * times + rng.uniform(0, 6)
    joints = np.broadcast_to(np.linspace(-0.4, 0.4, 72).reshape(24, 3), (len(times), 24, 3)).copy()
    joints += 0.002 * rng.standard_normal(joints.shape)
    joints[:, WRIST, 0] += 0.1 * np.sin(phase)
    joints[:, WRIST, 2] += 0.05 * np.cos(phase)
    acc = np.zeros((len(times), 3))
    acc[:, 0] = -0.1 * way**2 * np.sin(phase)
    acc[:, 2] = 9.81 - 0.05 * way**2 * np.cos(phase)
    acc += 0.1 * rng.standard_normal(acc.shape)
    return ImuRecording(times, ("wrist",), acc[:, None]), joints


def windows_of(
    config: TrainingConfig, people: int = 4, seconds: float = 6.0, posed: bool = True
) -> WindowSet:
    sets = []
    for person in range(people):
        for number, label in enumerate(HZ):
            recording, joints = swinging(label, seconds, 100 * person + number)
            track = LabelTrack((Segment(0.0, seconds, label),))
            windows = cut_paired(
                recording, joints if posed else None, track, tuple(HZ),
                clip_id=f"{person}-{label}", subject=f"p{person}", config=config,
            )  # fmt: skip
            sets.append(windows)
    return joined(sets)


def network_of(config: TrainingConfig | None = None, channels: int = 3) -> PoseToImu:
    torch.manual_seed(0)
    config = config or config_of()
    network = model_spec("pose2imu").build(channels + len(BESIDE), LENGTH, 3, config)
    assert isinstance(network, PoseToImu)
    return network


def some_signals(count: int = 4, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    signals = torch.randn(count, LENGTH, 3 + len(BESIDE), generator=generator)
    signals[:, :, -2:] = 1.0
    return signals


# -- losses --------------------------------------------------------------------------------


def test_the_regression_loss_is_the_mean_square_over_measured_samples() -> None:
    made, real = torch.zeros(1, 4, 2), torch.ones(1, 4, 2)
    real[0, 3] = 100.0
    mask = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    assert float(regression_loss(made, real, mask)) == pytest.approx(1.0)
    assert float(regression_loss(made, real, torch.zeros(1, 4))) == 0.0


def test_the_cosine_loss_asks_for_the_direction_and_not_for_the_size() -> None:
    real = torch.randn(3, 8, 2, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(3, 8)
    assert float(cosine_loss(5.0 * real, real, mask)) == pytest.approx(0.0, abs=1e-5)
    assert float(cosine_loss(-real, real, mask)) == pytest.approx(2.0, abs=1e-5)
    mask[2] = 0.0
    half = torch.cat([-real[:1], real[1:2], -real[2:]])
    assert float(cosine_loss(half, real, mask)) == pytest.approx(1.0, abs=1e-5)


def test_the_total_loss_is_mse_plus_alpha_activity_plus_beta_cosine() -> None:
    codes = torch.tensor([0, 1, 2, 0])
    losses = {}
    for alpha, beta in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 3.0)):
        config = config_of(activity_weight=alpha, cosine_weight=beta)
        network = network_of(config).eval()
        loss, logits = network.training_loss(some_signals(), codes, None, None, config)
        assert logits.shape == (4, 3)
        losses[alpha, beta] = float(loss.detach())
    mse = losses[0.0, 0.0]
    activity, cosine = losses[1.0, 0.0] - mse, losses[0.0, 1.0] - mse
    assert losses[2.0, 3.0] == pytest.approx(mse + 2 * activity + 3 * cosine, rel=1e-4)
    assert min(mse, activity, cosine) > 0.0


# -- parts ---------------------------------------------------------------------------------


def test_the_heads_have_the_sizes_that_they_are_known_by() -> None:
    conv = network_of().regressor
    dense = model_spec("pose2imu").build(
        3 + len(BESIDE), 300, 3, config_of(pose_head="dense", window_s=15.0)
    )
    assert conv is not None
    assert sum(p.numel() for p in conv.head.parameters()) == 48 * 3 + 3
    assert sum(p.numel() for p in dense.regressor.head.parameters()) == 14_400 * 900 + 900


def test_poses_are_laid_out_as_joints_by_time_by_axis_and_never_scrambled() -> None:
    network = network_of().eval()
    assert network.regressor is not None
    seen: list[Tensor] = []
    network.regressor.blocks.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    poses = torch.arange(2 * LENGTH * 72, dtype=torch.float32).reshape(2, LENGTH, 72)
    network.regressor(poses)
    for n, t, j, axis in ((0, 0, 0, 0), (1, 3, 5, 2), (0, LENGTH - 1, 23, 1)):
        assert seen[0][n, j, axis, t] == poses[n, t, 3 * j + axis]


def test_a_moment_of_the_pose_reaches_only_the_signal_near_it() -> None:
    network = network_of().eval()
    assert network.regressor is not None
    blocks = network.regressor.blocks
    quiet = torch.zeros(1, 400, 72)
    loud = quiet.clone()
    loud[0, 200] = 1.0
    with torch.no_grad():
        moved = (network.regressor(loud) - network.regressor(quiet)).abs().amax(dim=2)[0]
    reach = torch.nonzero(moved > 1e-6)[:, 0]
    assert moved[200] > 0
    assert reach.min() >= 200 - 62
    assert reach.max() <= 200 + 62  # 2 convolutions x (1 + 2 + 4 + 8 + 16) samples to either side
    assert len(blocks) == 5


def test_recognition_needs_no_pose() -> None:
    network = network_of().eval()
    signals = some_signals()
    other = signals.clone()
    other[:, :, 3:-2] = 7.0
    with torch.no_grad():
        assert torch.equal(network(signals), network(other))


def test_what_was_filled_in_is_neither_seen_nor_learned_from() -> None:
    config = config_of()
    network = network_of(config).eval()
    signals = some_signals()
    signals[:, 20:, -2:] = 0.0
    other = signals.clone()
    other[:, 20:, :3] = 50.0
    with torch.no_grad():
        assert torch.equal(network(signals), network(other))
        losses = [
            network.training_loss(each, torch.tensor([0, 1, 2, 0]), None, None, config)[0]
            for each in (signals, other)
        ]
    assert torch.equal(losses[0], losses[1])


def test_features_are_averaged_over_the_measured_part() -> None:
    maps = torch.ones(1, 3, 1, 4)
    maps[0, 0, 0] = torch.tensor([1.0, 3.0, 9.0, 9.0])
    maps[0, -1, 0] = torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert MaskedMean()(maps).tolist() == [[2.0, 1.0]]


def test_masks_are_not_normalised() -> None:
    network = network_of()
    network.scale.set(Scaler(np.full(3 + len(BESIDE), 0.5), np.full(3 + len(BESIDE), 2.0)))
    scaled = network.scale(some_signals())
    assert torch.equal(scaled[:, :, -2:], torch.ones(4, LENGTH, 2))
    assert float(network.scale.sd[0]) == 2.0


def test_windows_without_sensors_or_poses_are_refused() -> None:
    with pytest.raises(HarstudioError, match="sensors and poses, got 3 channels"):
        model_spec("pose2imu").build(3, LENGTH, 3, config_of())


# -- modes ---------------------------------------------------------------------------------


def gradients(network: PoseToImu, config: TrainingConfig) -> dict[str, bool]:
    """Which parts learn from a step."""
    network.zero_grad(set_to_none=True)
    loss, _ = network.training_loss(some_signals(), torch.tensor([0, 1, 2, 0]), None, None, config)
    loss.backward()  # type: ignore[no-untyped-call]
    parts = {"regressor": network.regressor, "encoder": network.encoder, "head": network.head}
    return {
        name: any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in part.parameters())
        for name, part in parts.items()
        if part is not None
    }


def test_the_baseline_has_no_regressor() -> None:
    config = config_of(pose_mode="baseline")
    network = network_of(config).train()
    assert network.regressor is None
    assert gradients(network, config) == {"encoder": True, "head": True}


def test_jointly_all_parts_learn_and_the_classifier_teaches_the_regressor() -> None:
    config = config_of()
    network = network_of(config).train()
    network.begin_epoch(1)
    assert gradients(network, config) == {"regressor": True, "encoder": True, "head": True}
    assert network.warm_up == 0
    moved = {}
    for alpha in (0.0, 1.0):
        network.alpha = alpha
        torch.manual_seed(0)  # dropout
        gradients(network, config)
        assert network.regressor is not None
        found = network.regressor.head.weight.grad
        assert found is not None
        moved[alpha] = found
    assert not torch.allclose(moved[0.0], moved[1.0])


def test_regression_first_learns_to_make_signals_and_then_to_tell_them_apart() -> None:
    config = config_of(pose_mode="regression_first", epochs=5)
    network = network_of(config)
    assert network.warm_up == 3
    network.train()
    network.begin_epoch(3)
    assert gradients(network, config) == {"regressor": True, "encoder": False, "head": False}
    network.train()
    network.begin_epoch(4)
    assert gradients(network, config) == {"regressor": False, "encoder": True, "head": True}
    assert network.regressor is not None
    assert not network.regressor.training


# -- training ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def joint_run(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    config = config_of(epochs=30, learning_rate=3e-3)
    folder = tmp_path_factory.mktemp("runs") / "joint"
    return finished(train(windows_of(config, people=6, seconds=9.0), config, folder))


def test_activities_of_new_people_are_recognised_and_signals_made(joint_run: RunSummary) -> None:
    assert joint_run.report.macro_f1 > 0.9
    found = read_json(joint_run.path / REGRESSION)
    assert list(found["channels"]) == ["wrist acc_x", "wrist acc_y", "wrist acc_z"]
    assert found["channels"]["wrist acc_x"]["r"] > 0.8
    assert found["channels"]["wrist acc_z"]["r"] > 0.8
    assert found["channels"]["wrist acc_x"]["rmse"] < found["channels"]["wrist acc_x"]["spread"]
    assert found["rmse"] == pytest.approx(found["mse"] ** 0.5)


def test_signals_are_made_for_movements_of_any_length(joint_run: RunSummary) -> None:
    maker = SignalMaker(RunFolder(joint_run.path).checkpoint())
    for seconds in (0.5, LENGTH / RATE, 7.3):
        recording, joints = swinging("fast", seconds, 999)
        made = finished(maker.of_poses(joints))
        assert made.shape == (recording.samples, 3)
        if seconds > 1.0:
            assert np.corrcoef(made[:, 0], recording.acc_mps2[:, 0, 0])[0, 1] > 0.8
    joints[:10] = np.nan
    made = finished(maker.of_poses(joints))
    assert np.isnan(made[:10]).all()
    assert np.isfinite(made[10:]).all()


def test_regression_first_comes_to_a_classifier_too(tmp_path: Path) -> None:
    config = config_of(
        pose_mode="regression_first", epochs=20, patience=3, learning_rate=3e-3
    )  # patience waits until the classifier learns
    windows = windows_of(config, people=6, seconds=9.0)
    summary = finished(train(windows, config, tmp_path / "run"))
    assert summary.best_epoch > 10
    assert summary.report.macro_f1 > 0.8
    assert (tmp_path / "run" / REGRESSION).is_file()


def test_a_baseline_makes_no_signals_and_says_so(tmp_path: Path) -> None:
    config = config_of(pose_mode="baseline", epochs=2)
    finished(train(windows_of(config, people=3), config, tmp_path / "run"))
    assert not (tmp_path / "run" / REGRESSION).exists()
    checkpoint = RunFolder(tmp_path / "run").checkpoint()
    with pytest.raises(HarstudioError, match="in mode baseline makes no signals"):
        SignalMaker(checkpoint)


def test_without_any_pose_the_classifier_still_learns(tmp_path: Path) -> None:
    config = config_of(epochs=12)
    finished(train(windows_of(config, posed=False), config, tmp_path / "run"))
    found = read_json(tmp_path / "run" / REGRESSION)
    assert found["samples"] == 0
    assert found["mse"] is None
    assert RunFolder(tmp_path / "run").report().macro_f1 > 0.8


@pytest.mark.parametrize("mode", ["joint", "regression_first"])
def test_a_stopped_run_goes_on_to_the_same_model(mode: str, tmp_path: Path) -> None:
    config = config_of(pose_mode=mode, epochs=4, patience=0)
    windows = windows_of(config, people=3, seconds=3.0)
    whole = finished(train(windows, config, tmp_path / "whole"))
    job = train(windows, config, tmp_path / "parts")
    for progress in job:
        if progress.values.get("epoch_done") and progress.values["epoch"] == 2:
            RunFolder(tmp_path / "parts").ask_to_stop()
    assert RunFolder(tmp_path / "parts").resumable
    finished(resume(windows, tmp_path / "parts"))
    one, other = (RunFolder(tmp_path / name).checkpoint() for name in ("whole", "parts"))
    assert whole.epochs == 4
    assert one.tensors.keys() == other.tensors.keys()
    for name, array in one.tensors.items():
        assert np.array_equal(array, other.tensors[name]), name


def test_the_scaler_knows_the_training_part_alone(joint_run: RunSummary) -> None:
    checkpoint = RunFolder(joint_run.path).checkpoint()
    assert (joint_run.path / MODEL).is_file()
    windows = windows_of(checkpoint.config, people=6, seconds=9.0)
    people = joint_run.report.parts["train"]["subjects"]
    assert isinstance(people, list)
    trained = [i for i in range(len(windows)) if windows.subject_of(i) in people]
    assert 0 < len(trained) < len(windows)
    own = fitted(windows, np.array(trained))
    assert np.allclose(checkpoint.scaler.mean, own.mean)
    everybody = fitted(windows, np.arange(len(windows)))
    assert not np.allclose(checkpoint.scaler.mean[:3], everybody.mean[:3], atol=1e-9)


def test_the_export_takes_what_the_network_takes(tmp_path: Path) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="the extra `onnx` is not installed")
    network = network_of()
    config = config_of()
    windows = windows_of(config, people=1)
    network.scale.set(fitted(windows, np.arange(len(windows))))
    checkpoint = Checkpoint(
        model="pose2imu", labels=tuple(HZ), channels=windows.channels, rate_hz=RATE,
        window_samples=LENGTH, config=config, scaler=fitted(windows, np.arange(len(windows))),
        split_hash="abc", tensors=tensors_of(network),
    )  # fmt: skip
    assert isinstance(restored(checkpoint), PoseToImu)
    summary = finished(export_onnx(checkpoint, tmp_path / "model.onnx"))
    assert summary.difference is not None
    assert summary.difference < 1e-5
