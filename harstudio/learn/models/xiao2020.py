"""Xiao et al. 2020: a convolutional classifier that must also be able to rebuild its input.

"A deep learning method for complex human activity recognition using virtual wearable sensors":
U convolutions and S dense layers, and a decoder of transposed convolutions that mirrors the
convolutions; the loss is L0 + lambda L1, classification plus reconstruction.

The paper leaves U, S, filters, kernels, lambda, learning rate, batch and epochs open. Chosen
here: U = 3 (64, 64, 128 filters of 5, 5, 3 samples, strides 2, 2, 1), S = 2 (128 units, dropout
0.5, then the classes), lambda 0.1 on the *mean* squared error, so that it does not depend on how
many samples and channels a window has. L0 is cross-entropy; the paper's squared error on one-hot
targets is the option ``squared_error``, which fails where there are many classes.
"""

from __future__ import annotations

from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.torch_setup import nn
from harstudio.learn.models.layers import (
    LAYERS,
    ChannelScale,
    Decoder,
    Encoder,
    Network,
    encoded_length,
)

DENSE = 128


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Network:
    """An untrained network for windows of (window, channels)."""
    features = LAYERS[-1].filters * encoded_length(window)
    return Network(
        scale=ChannelScale(channels),
        encoder=Encoder(channels),
        neck=nn.Flatten(),
        head=nn.Sequential(
            nn.Linear(features, DENSE), nn.ReLU(), nn.Dropout(0.5), nn.Linear(DENSE, classes)
        ),
        decoder=Decoder(channels, window) if config.reconstruction_weight > 0 else None,
    )
