"""The default network: three strided convolutions, averaged over time, one dense layer.

About 60 thousand parameters; global average pooling after Lin et al. 2014, Network in Network.
"""

from __future__ import annotations

from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.torch_setup import nn
from harstudio.learn.models.layers import LAYERS, ChannelScale, Encoder, Network, TimeMean


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Network:
    """An untrained network for windows of (window, channels)."""
    return Network(
        scale=ChannelScale(channels),
        encoder=Encoder(channels),
        neck=TimeMean(),
        head=nn.Sequential(nn.Dropout(0.3), nn.Linear(LAYERS[-1].filters, classes)),
    )
