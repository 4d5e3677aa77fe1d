"""Networks: layout, shapes, parts, losses."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.fit.devices import available, chosen_device
from harstudio.learn.fit.losses import classification_loss, reconstruction_loss
from harstudio.learn.fit.schedules import learning_rate, one_cycle
from harstudio.learn.fit.torch_setup import nn, torch
from harstudio.learn.fit.training_loop import batch_size, optimiser_of, slow_text
from harstudio.learn.models import MODELS, NETWORK, model_spec
from harstudio.learn.models.deepconvlstm import ChannelConvolutions, as_sequence
from harstudio.learn.models.layers import (
    ChannelScale,
    ChannelsFirst,
    Decoder,
    Encoder,
    Network,
    as_image,
    as_signals,
)

MIXED = "deepconvlstm, mixing channels"
NETWORKS = [
    *(spec.id for spec in MODELS.values() if spec.kind == NETWORK and not spec.paired), MIXED,
]  # fmt: skip


def build(model: str, channels: int = 6, window: int = 60, classes: int = 4) -> Network:
    torch.manual_seed(0)
    config = TrainingConfig(mix_channels=model == MIXED)
    network = MODELS[model.split(",")[0]].build(channels, window, classes, config)
    assert isinstance(network, Network)
    return network.eval()


def test_time_and_channels_are_never_mixed() -> None:
    signals = torch.arange(2 * 5 * 3, dtype=torch.float32).reshape(2, 5, 3)
    image = as_image(signals)
    assert image.shape == (2, 3, 1, 5)
    for n in range(2):
        for t in range(5):
            for c in range(3):
                assert image[n, c, 0, t] == signals[n, t, c]
    assert torch.equal(as_signals(image), signals)


def test_windows_already_lie_channels_last_in_memory() -> None:
    image = as_image(torch.zeros(8, 60, 36))
    assert image.is_contiguous(memory_format=torch.channels_last)
    assert Encoder(36)(torch.zeros(8, 60, 36)).is_contiguous(memory_format=torch.channels_last)


def test_a_disturbance_reaches_only_the_features_near_its_time() -> None:
    torch.manual_seed(0)
    encoder = Encoder(3).eval()
    quiet = torch.zeros(1, 60, 3)
    loud = quiet.clone()
    loud[0, 40, 1] = 10.0
    changed = (encoder(loud) - encoder(quiet)).abs().amax(dim=1)[0, 0] > 0
    assert changed.nonzero().flatten().tolist() == [8, 9, 10, 11, 12]  # sample 40 is place 10


@pytest.mark.parametrize("model", NETWORKS)
def test_networks_expose_features_and_head(model: str) -> None:
    network = build(model)
    signals = torch.randn(5, 60, 6)
    features = network.features(signals)
    assert features.ndim == 2
    assert torch.equal(network.head(features), network(signals))
    assert network(signals).shape == (5, 4)
    assert isinstance(network.head[-1], nn.Linear)


@pytest.mark.parametrize("model", NETWORKS)
@pytest.mark.parametrize("channels", [6, 60], ids=["oblong", "square"])
def test_outside_a_network_takes_channels_first_without_scrambling(
    model: str, channels: int
) -> None:
    network = build(model, channels)
    signals = torch.randn(3, 60, channels)
    outside = torch.empty(3, channels, 60)
    for t in range(60):
        for c in range(channels):
            outside[:, c, t] = signals[:, t, c]
    opened = ChannelsFirst(network)
    assert torch.allclose(opened(outside), network(signals), atol=1e-6)
    assert torch.allclose(opened.features(outside), network.features(signals), atol=1e-6)
    assert torch.equal(opened.head(opened.features(outside)), opened(outside))
    reshaped = outside.reshape(3, 60, channels)
    assert not torch.allclose(network(reshaped), network(signals), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 6])
def test_deepconvlstm_convolves_each_channel_by_itself(channels: int) -> None:
    torch.manual_seed(0)
    encoder = ChannelConvolutions()
    quiet = torch.zeros(1, 60, channels)
    loud = quiet.clone()
    loud[0, 40, channels - 1] = 10.0
    changed = (encoder(loud) - encoder(quiet)).abs().amax(dim=1)[0] > 0
    assert changed.shape == (channels, 44), "four convolutions of 5 take 16 samples"
    assert not changed[:-1].any(), "other channels do not notice"
    assert changed[-1].nonzero().flatten().tolist() == list(range(24, 41))


def test_deepconvlstm_has_the_parameters_of_the_paper() -> None:
    network = build("deepconvlstm", channels=9, window=24, classes=18)
    convolutions = 64 * (1 * 5 + 1) + 3 * 64 * (64 * 5 + 1)
    lstm = 4 * 128 * (64 * 9 + 128 + 2) + 4 * 128 * (128 + 128 + 2)
    dense = 128 * 18 + 18
    assert sum(p.numel() for p in network.parameters()) == convolutions + lstm + dense


def test_a_sequence_keeps_each_moment_together() -> None:
    maps = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
    sequence = as_sequence(maps)
    assert sequence.shape == (2, 5, 12)
    for t in range(5):
        assert sequence[1, t].tolist() == maps[1, :, :, t].flatten().tolist()


def test_deepconvlstm_says_how_long_a_window_must_be() -> None:
    spec = MODELS["deepconvlstm"]
    spec.build(6, spec.shortest, 4, TrainingConfig())
    with pytest.raises(HarstudioError, match="16 samples, expected 17 or more"):
        spec.build(6, spec.shortest - 1, 4, TrainingConfig())


@pytest.mark.parametrize("model", NETWORKS)
def test_the_order_of_samples_matters_and_the_last_counts(model: str) -> None:
    network = build(model)
    signals = torch.randn(4, 60, 6)
    plain = network.features(signals)
    assert not torch.allclose(network.features(signals.flip(1)), plain, atol=1e-3)
    late = signals.clone()
    late[:, -1] += 5.0
    assert not torch.allclose(network.features(late), plain, atol=1e-4)


@pytest.mark.parametrize("model", NETWORKS)
def test_a_windows_result_does_not_depend_on_its_batch(model: str) -> None:
    network = build(model)
    signals = torch.randn(5, 60, 6)
    alone = torch.cat([network(signals[i : i + 1]) for i in range(5)])
    assert torch.allclose(alone, network(signals), atol=1e-5)


@pytest.mark.parametrize("window", [4, 5, 24, 59, 60, 61, 128])
def test_the_decoder_gives_back_the_shape_of_any_window(window: int) -> None:
    signals = torch.randn(3, window, 5)
    assert Decoder(5, window)(Encoder(5)(signals)).shape == signals.shape


def test_xiao2020_without_penalty_has_no_decoder() -> None:
    bare = MODELS["xiao2020"].build(6, 60, 4, TrainingConfig(reconstruction_weight=0.0))
    logits, rebuilt, _ = bare.with_reconstruction(torch.randn(2, 60, 6))
    assert rebuilt is None
    assert logits.shape == (2, 4)


def test_the_reconstruction_penalty_trains_decoder_and_encoder() -> None:
    network = build("xiao2020").train()
    _, rebuilt, scaled = network.with_reconstruction(torch.randn(4, 60, 6))
    assert rebuilt is not None
    reconstruction_loss(rebuilt, scaled).backward()
    for part in (network.encoder, network.decoder):
        assert part is not None
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
    assert all(p.grad is None for p in network.head.parameters())


def test_normalisation_is_part_of_the_network() -> None:
    network = build("cnn", channels=2)
    signals = torch.randn(3, 60, 2)
    plain = network(signals)
    network.scale.set(Scaler(np.array([1.0, -2.0]), np.array([2.0, 0.5])))
    moved = signals * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, -2.0])
    assert torch.allclose(network(moved), plain, atol=1e-5)
    assert {"scale.mean", "scale.sd"} <= set(network.state_dict())
    assert torch.equal(ChannelScale(2)(signals), signals)


def test_squared_error_is_that_of_probabilities_against_one_hot() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]))
    codes = torch.tensor([0, 2])
    each = [0.25 + 0.09 + 0.04, 0.01 + 0.64 + 0.81]
    plain = classification_loss(logits, codes, kind="squared_error")
    assert float(plain) == pytest.approx(sum(each) / 2)
    weights = torch.tensor([3.0, 1.0, 1.0])
    weighted = classification_loss(logits, codes, weights, "squared_error")
    assert float(weighted) == pytest.approx((3 * each[0] + each[1]) / 4)


@pytest.mark.parametrize("kind", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("weighted", [False, True])
def test_windows_count_as_far_as_they_are_trusted(kind: str, weighted: bool) -> None:
    torch.manual_seed(0)
    logits, codes = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([3.0, 1.0, 0.5]) if weighted else None
    half = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    alone = classification_loss(logits[:3], codes[:3], weights, kind)
    assert float(classification_loss(logits, codes, weights, kind, half)) == pytest.approx(
        float(alone)
    )
    even = classification_loss(logits, codes, weights, kind, torch.full((6,), 0.25))
    assert float(even) == pytest.approx(float(classification_loss(logits, codes, weights, kind)))
    assert float(classification_loss(logits, codes, weights, kind, torch.zeros(6))) == 0.0


def test_cross_entropy_is_the_mean_surprise() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.5], [0.2, 0.8]]))
    loss = classification_loss(logits, torch.tensor([0, 1]))
    assert float(loss) == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2)


def test_the_default_network_has_about_60_thousand_parameters() -> None:
    count = sum(p.numel() for p in build("cnn", 36, 60, 12).parameters())
    assert 50_000 < count < 70_000


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(HarstudioError, match="no model 'transformer'") as caught:
        model_spec("transformer")
    assert "xiao2020" in caught.value.hint


def test_each_model_names_its_source_and_options_that_exist() -> None:
    for key, spec in MODELS.items():
        assert key == spec.id
        assert spec.source
        assert set(spec.options) <= set(TrainingConfig.__dataclass_fields__)


@pytest.mark.parametrize(("windows", "expected"), [(90, 16), (400, 40), (5000, 128)])
def test_few_windows_are_trained_on_in_smaller_batches(windows: int, expected: int) -> None:
    assert batch_size(windows, most=128) == expected


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing() -> None:
    rates = [one_cycle(step, 100, 3e-3) for step in range(100)]
    assert rates[0] == pytest.approx(3e-3 / 25)
    assert rates[30] == max(rates) == pytest.approx(3e-3)
    assert rates[99] == pytest.approx(3e-8)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)
    assert all(0 < one_cycle(step, 1, 1.0) <= 1 for step in range(1))


def test_schedules_begin_and_end_where_they_should() -> None:
    falling = [learning_rate("cosine", step, 50, 1e-3) for step in range(50)]
    assert falling[0] == pytest.approx(1e-3)
    assert falling[-1] == pytest.approx(1e-8)
    assert falling == sorted(falling, reverse=True)
    assert {learning_rate("constant", step, 50, 1e-3) for step in range(50)} == {1e-3}
    assert learning_rate("one_cycle", 15, 50, 1e-3) == one_cycle(15, 50, 1e-3)


def test_decay_is_the_models_own_unless_told() -> None:
    network = build("lstm")
    spec = MODELS["lstm"]
    own = optimiser_of(network, spec, TrainingConfig())
    told = optimiser_of(network, MODELS["cnn"], TrainingConfig(weight_decay=0.5))
    assert type(own) is torch.optim.Adam
    assert own.defaults["weight_decay"] == 1.5e-3
    assert type(told) is torch.optim.AdamW
    assert told.defaults["weight_decay"] == 0.5


def test_a_device_that_is_missing_is_told_and_the_processor_takes_over() -> None:
    assert [str(chosen_device("cpu")[0]), chosen_device("cpu")[1]] == ["cpu", ""]
    for name in {"cuda", "mps"} - set(available()):
        device, note = chosen_device(name)
        assert str(device) == "cpu"
        assert note == f"no {name} on this machine: trained on the processor"
    assert str(chosen_device("auto")[0]) in available()


def test_a_long_training_is_announced_with_what_would_be_quicker() -> None:
    config = TrainingConfig(model="deepconvlstm")
    text = slow_text(9000.0, 30, MODELS["deepconvlstm"], config)
    assert text.startswith("30 epochs take about 2.5 h; ")
    assert "mixing channels takes" in text
    mixed = TrainingConfig(model="deepconvlstm", mix_channels=True)
    assert "mixing" not in slow_text(900.0, 30, MODELS["deepconvlstm"], mixed)
