"""pose2imu: make acceleration from poses, and learn activities from it and from the real one.

Source: Zolfaghari, Fortes Rey, Ray, Kim, Suh and Lukowicz 2024, Sensor data augmentation from
skeleton pose sequences for improving human activity recognition. Total loss: MSE of the made
signal + alpha x cross-entropy + beta x (1 - cosine similarity), alpha = 1, beta = 0 by default.

* **Regressor** (its Table I): five blocks of two dilated convolutions (as Bai et al. 2018),
  leaky ReLU, dropout in all blocks but the first. Joints are the channels of an image whose sides
  are time and the coordinates x, y, z.
* **Feature extractor and classifier** (its Table II): three convolutions over time, then dense.

The tables contradict themselves, or leave things open. Chosen here:

* Block 4 gives 32 channels where block 5 takes 16: here 32, 32, 32, 32, 16, so that block 5 takes
  what block 4 gives.
* The kernels are 3 x 3 (three coordinates, three samples), dilated over time by 1, 2, 4, 8, 16:
  over time alone, x, y and z would never meet, and no sensor that turns could be followed. Blocks
  look to both sides (nothing has to be known in time), and have a shortcut as in Bai et al. 2018.
* Max-pooling is after convolution 1 and 2, and the stride "9/2" is a kernel of 9 and a stride of 2.
* The dense head as printed (16 x 3 x T values to all samples: 13 million weights at 300 samples)
  is ``pose_head="dense"``; the default ``conv`` maps the 16 x 3 values of each moment to that
  moment's sample, with the same weights at all moments, and then takes windows of any length.
* Features are averaged over the measured samples, as in the other networks here, not flattened.

``pose_mode`` says how it learns: ``joint`` (the regressor and the classifier at once; the
classifier sees each window as it was measured and as it was made, and its loss reaches the
regressor), ``baseline`` (the classifier alone, on measured signals), ``regression_first`` (the
regressor for the first half of the epochs, then frozen while the classifier learns as in
``joint``). It is always judged on measured signals: a pose is needed to learn, not to recognise.
"""

from __future__ import annotations

import math

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.pose_windows import BESIDE, MASKS, POSE
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.fit.losses import classification_loss
from harstudio.learn.fit.pose_losses import both, cosine_loss, regression_loss
from harstudio.learn.fit.torch_setup import Tensor, functional, nn, torch
from harstudio.learn.models.layers import ChannelScale, Network, as_image

BLOCKS = (32, 32, 32, 32, 16)
FEATURES = 128
_SURE = 0.99
"""Masks are 0 or 1; what lies between was interpolated between windows, and is not measured."""
_SLOPE = 0.01


class PairedScale(ChannelScale):
    """Normalisation of paired windows: masks stay as they are."""

    def set(self, scaler: Scaler) -> None:
        super().set(scaler)
        self.mean[-len(MASKS) :] = 0.0
        self.sd[-len(MASKS) :] = 1.0


class Block(nn.Module):
    """Two dilated convolutions and a shortcut: maps (N, F, 3, T) to (N, F', 3, T)."""

    def __init__(self, inputs: int, outputs: int, dilation: int, dropout: float) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        for width in (inputs, outputs):
            steps += [
                nn.Conv2d(width, outputs, 3, padding=(1, dilation), dilation=(1, dilation)),
                nn.LeakyReLU(_SLOPE),
            ]
            if dropout:
                steps.append(nn.Dropout(dropout))
        self.steps = nn.Sequential(*steps)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        made: Tensor = self.steps(maps) + self.shortcut(maps)
        return made


class Regressor(nn.Module):
    """Scaled poses (N, T, 72) to scaled signals (N, T, C)."""

    def __init__(self, channels: int, window: int, head: str) -> None:
        super().__init__()
        widths = (len(POSE) // 3, *BLOCKS)
        self.blocks = nn.Sequential(
            *(Block(widths[i], widths[i + 1], 2**i, 0.1 if i else 0.0) for i in range(len(BLOCKS)))
        )
        self.dense = head == "dense"
        values = 3 * BLOCKS[-1]
        if self.dense:
            self.head = nn.Linear(values * window, channels * window)
        else:
            self.head = nn.Linear(values, channels)
        self.apply(_kaiming)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, poses: Tensor) -> Tensor:
        joints = poses.reshape(*poses.shape[:2], -1, 3)  # (N, T, J, 3)
        maps = self.blocks(joints.permute(0, 2, 3, 1).contiguous(memory_format=torch.channels_last))
        values = maps.permute(0, 3, 1, 2).flatten(2)  # (N, T, 48): time stays time
        if not self.dense:
            made: Tensor = self.head(values)
            return made
        flat: Tensor = self.head(values.flatten(1))
        return flat.reshape(len(flat), values.shape[1], -1)


class FeatureExtractor(nn.Module):
    """Scaled paired windows (N, T, C) to maps (N, 128 + 1, 1, T'); the last is the mask.

    It looks at the sensors' channels alone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.first = nn.Sequential(
            nn.Conv2d(channels, 64, (1, 9), stride=(1, 2), padding=(0, 4), bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d((1, 2), ceil_mode=True),
        )
        self.rest = nn.Sequential(
            nn.Conv2d(64, 64, (1, 5), padding=(0, 2), bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d((1, 2), ceil_mode=True),
            nn.Conv2d(64, FEATURES, (1, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(FEATURES),
            nn.ReLU(inplace=True),
        )
        self.apply(_kaiming)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signals: Tensor) -> Tensor:
        return self.of_sensors(signals[:, :, : self.channels], inside_of(signals))

    def of_sensors(self, signals: Tensor, inside: Tensor) -> Tensor:
        """Maps of (N, T, C) scaled signals of the sensors, measured where (N, T) is 1."""
        maps = self.rest(self.first(as_image(signals * inside[:, :, None])))
        mask = functional.adaptive_max_pool1d(inside[:, None], maps.shape[3])
        return torch.cat([maps, mask[:, :, None]], dim=1)


class MaskedMean(nn.Module):
    """Maps whose last is a mask to their mean where that is 1: (N, F + 1, 1, T') to (N, F)."""

    def forward(self, maps: Tensor) -> Tensor:
        values, mask = maps[:, :-1], maps[:, -1:]
        return (values * mask).sum(dim=(2, 3)) / mask.sum(dim=(2, 3)).clamp(min=1.0)


class PoseToImu(Network):
    """Regressor and classifier; as a `Network`, the classifier of measured signals."""

    encoder: FeatureExtractor

    def __init__(self, channels: int, window: int, classes: int, config: TrainingConfig) -> None:
        head = nn.Linear(FEATURES, classes)
        _kaiming(head)
        super().__init__(
            scale=PairedScale(channels + len(BESIDE)),
            encoder=FeatureExtractor(channels),
            neck=MaskedMean(),
            head=nn.Sequential(nn.Dropout(0.5), head),
        )
        self.channels, self.mode = channels, config.pose_mode
        self.alpha, self.beta = config.activity_weight, config.cosine_weight
        self.warm_up = math.ceil(config.epochs / 2) if self.mode == "regression_first" else 0
        self.frozen = False
        self.regressor: Regressor | None = None
        if self.mode != "baseline":
            self.regressor = Regressor(channels, window, config.pose_head)

    def generated(self, signals: Tensor) -> Tensor:
        """(N, T, C + 74) paired windows to (N, T, C) signals made from their poses, SI units."""
        mean, sd = self.scale.mean[: self.channels], self.scale.sd[: self.channels]
        return self._made(self.scale(signals)) * sd + mean

    def begin_epoch(self, epoch: int) -> None:
        """After its warm-up, a regressor that learns first stays as it is."""
        self.frozen = 0 < self.warm_up < epoch
        if self.frozen and self.regressor is not None:
            self.regressor.eval().requires_grad_(False)

    def training_loss(
        self,
        signals: Tensor,
        codes: Tensor,
        weights: Tensor | None,
        trust: Tensor | None,
        config: TrainingConfig,
    ) -> tuple[Tensor, Tensor]:
        """MSE + alpha activity + beta cosine, as the mode says, and the logits of what was real."""
        scaled = self.scale(signals)
        if self.regressor is None:
            logits = self.head(self.neck(self.encoder(scaled)))
            return classification_loss(logits, codes, weights, config.loss, trust), logits
        real, inside = scaled[:, :, : self.channels], inside_of(scaled)
        posed = inside * (scaled[:, :, -1] > _SURE)
        made = self._made(scaled)
        if self.frozen:
            loss = made.new_zeros(())
        else:
            loss = regression_loss(made, real, posed)
            if self.beta:
                loss = loss + self.beta * cosine_loss(made, real, posed)
        if self.warm_up and not self.frozen:
            with torch.no_grad():
                return loss, self.head(self.neck(self.encoder(scaled)))
        # A window without a pose is seen as it was measured, twice, rather than as nonsense.
        shown = torch.where(posed.amax(dim=1)[:, None, None] > 0, made, real)
        maps = self.encoder.of_sensors(torch.cat([real, shown]), torch.cat([inside, inside]))
        logits = self.head(self.neck(maps))
        twice = torch.cat([codes, codes])
        activity = classification_loss(logits, twice, weights, config.loss, both(trust, trust))
        return loss + self.alpha * activity, logits[: len(codes)]

    def _made(self, scaled: Tensor) -> Tensor:
        assert self.regressor is not None
        made: Tensor = self.regressor(scaled[:, :, self.channels : -len(MASKS)])
        return made


def inside_of(signals: Tensor) -> Tensor:
    """(N, T) which samples of paired windows were measured, 1 or 0."""
    return (signals[:, :, -2] > _SURE).to(signals.dtype)


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Network:
    """An untrained network for paired windows of (window, channels).

    Raises
    ------
    HarstudioError
        Too few channels for a sensor beside the poses.
    """
    if channels <= len(BESIDE):
        raise HarstudioError(
            f"pose2imu takes windows of sensors and poses, got {channels} channels",
            f"expected one or more beside the {len(BESIDE)} of poses and masks",
        )
    return PoseToImu(channels - len(BESIDE), window, classes, config)


def _kaiming(module: nn.Module) -> None:
    """He et al. 2015, for layers that a rectifier follows."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, a=_SLOPE, nonlinearity="leaky_relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
