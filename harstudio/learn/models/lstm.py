"""Two LSTM layers of 64 on what a dense layer makes of each moment.

Chevalier 2016, "LSTMs for human activity recognition": a dense layer with ReLU at every sample,
two stacked LSTM layers, the classes from the state after the last sample; Adam at 0.0025 with an
L2 penalty of 0.0015 on the weights. 64 units instead of its 32.
"""

from __future__ import annotations

from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.torch_setup import Tensor, nn, torch
from harstudio.learn.models.deepconvlstm import Recurrence
from harstudio.learn.models.layers import ChannelScale, Network, as_image

UNITS = 64


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Network:
    """An untrained network for windows of (window, channels)."""
    return Network(
        scale=ChannelScale(channels),
        encoder=EachSample(channels, UNITS),
        neck=Recurrence(UNITS, UNITS, dropout=0.0),
        head=nn.Sequential(nn.Linear(UNITS, classes)),
    )


class EachSample(nn.Module):
    """A dense layer with ReLU at every sample by itself: (N, T, C) to maps (N, units, 1, T)."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels, units)

    def forward(self, signals: Tensor) -> Tensor:
        return as_image(torch.relu(self.dense(signals)))
