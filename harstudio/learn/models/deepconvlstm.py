"""DeepConvLSTM: four convolutions over time, two LSTM layers, the last moment classifies.

Ordóñez and Roggen 2016, "Deep convolutional and LSTM recurrent neural networks for multimodal
wearable activity recognition": 64 filters of 5 samples in each of four layers without padding,
ReLU, two LSTM layers of 128, dropout 0.5 before each of these and before the classes.

As in the paper each convolution runs over every channel by itself, with the same filters, and
the channels meet in the LSTM only. That is slow: about 14 ms a window of 60 samples and 36
channels on one core. With ``mix_channels`` the first convolution sees all channels at once, as a
Conv1d does, which takes a tenth of the time.

Where it departs from the paper: Adam instead of RMSProp, and weights that begin as torch's do, not
orthogonal.
"""

from __future__ import annotations

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.torch_setup import Tensor, nn, torch
from harstudio.learn.models.layers import ChannelScale, Network, as_image

FILTERS, KERNEL, CONVOLUTIONS = 64, 5, 4
UNITS, DROPOUT = 128, 0.5
SHORTEST = CONVOLUTIONS * (KERNEL - 1) + 1
"""Samples of a window that leave one moment after the convolutions."""


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Network:
    """An untrained network for windows of (window, channels).

    Raises
    ------
    HarstudioError
        A window shorter than the convolutions take off.
    """
    if window < SHORTEST:
        raise HarstudioError(
            f"deepconvlstm: windows of {window} samples, expected {SHORTEST} or more",
            "use longer windows",
        )
    mixed = config.mix_channels
    return Network(
        scale=ChannelScale(channels),
        encoder=MixedConvolutions(channels) if mixed else ChannelConvolutions(),
        neck=Recurrence(FILTERS if mixed else FILTERS * channels),
        head=nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(UNITS, classes)),
    )


class ChannelConvolutions(nn.Module):
    """The same filters over every channel by itself: (N, T, C) to maps (N, F, C, T')."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = _convolutions(1)

    def forward(self, signals: Tensor) -> Tensor:
        # One "image" a window, a row a channel; the filters are one row high.
        maps: Tensor = self.steps(signals.transpose(1, 2).unsqueeze(1))
        return maps


class MixedConvolutions(nn.Module):
    """Filters that see all channels at once: (N, T, C) to maps (N, F, 1, T')."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.steps = _convolutions(channels)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signals: Tensor) -> Tensor:
        maps: Tensor = self.steps(as_image(signals))
        return maps


class Recurrence(nn.Module):
    """Maps (N, F, H, T') to the state of a two-layer LSTM after the last moment, (N, units)."""

    def __init__(self, inputs: int, units: int = UNITS, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(inputs, units, num_layers=2, batch_first=True, dropout=dropout)

    def forward(self, maps: Tensor) -> Tensor:
        states, _ = self.lstm(self.dropout(as_sequence(maps)))
        last: Tensor = states[:, -1]
        return last


def as_sequence(maps: Tensor) -> Tensor:
    """Maps (N, F, H, T') as a sequence of moments (N, T', F * H)."""
    return maps.permute(0, 3, 1, 2).flatten(2)


def _convolutions(inputs: int) -> nn.Sequential:
    steps: list[nn.Module] = []
    for width in (inputs, *(FILTERS,) * (CONVOLUTIONS - 1)):
        steps += [nn.Conv2d(width, FILTERS, (1, KERNEL)), nn.ReLU(inplace=True)]
    return nn.Sequential(*steps)
