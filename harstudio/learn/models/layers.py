"""The parts networks are made of: scale, encoder, neck, head, decoder.

Signals arrive as (N, T, C): seen as (N, C, 1, T) they already lie "channels last" in memory,
which is the fastest layout for a convolution on a CPU (2.5 times a Conv1d); nothing is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.fit.losses import classification_loss, reconstruction_loss
from harstudio.learn.fit.torch_setup import Tensor, nn, torch


@dataclass(frozen=True)
class Layer:
    """One convolution over time: `filters` of width `kernel`, moved by `stride`."""

    filters: int
    kernel: int
    stride: int

    def output_length(self, length: int) -> int:
        return (length + 2 * (self.kernel // 2) - self.kernel) // self.stride + 1


LAYERS = (Layer(64, 5, 2), Layer(64, 5, 2), Layer(128, 3, 1))


class ChannelScale(nn.Module):
    """Normalisation inside the network, so that it always travels with the weights."""

    mean: Tensor
    sd: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("sd", torch.ones(channels))

    def set(self, scaler: Scaler) -> None:
        """Take over a scaler fitted on the training part."""
        self.mean.copy_(torch.tensor(scaler.mean.astype(np.float32)))
        self.sd.copy_(torch.tensor(scaler.sd.astype(np.float32)))

    def forward(self, signals: Tensor) -> Tensor:
        # One pass over the signals: a division costs three times a multiplication.
        return torch.addcmul(-self.mean / self.sd, signals, 1.0 / self.sd)


class Encoder(nn.Module):
    """Convolution, batch normalisation, ReLU, per layer: (N, T, C) to maps (N, F, 1, T')."""

    def __init__(self, channels: int, layers: Sequence[Layer] = LAYERS) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        width = channels
        for layer in layers:
            steps += [
                nn.Conv2d(
                    width,
                    layer.filters,
                    (1, layer.kernel),
                    stride=(1, layer.stride),
                    padding=(0, layer.kernel // 2),
                    bias=False,
                ),
                nn.BatchNorm2d(layer.filters),
                nn.ReLU(inplace=True),
            ]
            width = layer.filters
        self.steps = nn.Sequential(*steps)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signals: Tensor) -> Tensor:
        maps: Tensor = self.steps(as_image(signals))
        return maps


class Decoder(nn.Module):
    """The encoder mirrored with transposed convolutions: maps (N, F, 1, T') to (N, T, C)."""

    def __init__(self, channels: int, window: int, layers: Sequence[Layer] = LAYERS) -> None:
        super().__init__()
        lengths = [window]
        for layer in layers:
            lengths.append(layer.output_length(lengths[-1]))
        widths = [channels, *(layer.filters for layer in layers)]
        steps: list[nn.Module] = []
        for i in reversed(range(len(layers))):
            layer = layers[i]
            padding = layer.kernel // 2
            shortest = (lengths[i + 1] - 1) * layer.stride - 2 * padding + layer.kernel
            steps.append(
                nn.ConvTranspose2d(
                    widths[i + 1],
                    widths[i],
                    (1, layer.kernel),
                    stride=(1, layer.stride),
                    padding=(0, padding),
                    output_padding=(0, lengths[i] - shortest),
                    bias=i == 0,
                )
            )
            if i > 0:
                steps += [nn.BatchNorm2d(widths[i]), nn.ReLU(inplace=True)]
        self.steps = nn.Sequential(*steps)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, maps: Tensor) -> Tensor:
        return as_signals(self.steps(maps))


class TimeMean(nn.Module):
    """Maps (N, F, 1, T') to their mean over time (N, F)."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean(dim=(2, 3))


class Network(nn.Module):
    """A classifier of windows, in parts that can be exchanged, frozen and trained apart.

    Parameters
    ----------
    scale : ChannelScale
    encoder : (N, T, C) to maps (N, F, 1, T')
    neck : maps to features (N, D)
    head : Sequential, features to logits (N, K); its last layer is the Linear onto the classes
    decoder : maps to signals (N, T, C), or None

    Attributes
    ----------
    warm_up : int
        Epochs at the start that do not teach it to classify.
    """

    warm_up = 0

    def __init__(
        self,
        scale: ChannelScale,
        encoder: nn.Module,
        neck: nn.Module,
        head: nn.Sequential,
        decoder: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.scale, self.encoder, self.neck, self.head = scale, encoder, neck, head
        self.decoder = decoder

    def features(self, signals: Tensor) -> Tensor:
        """(N, T, C) signals in SI units to (N, D) features, the input of the head."""
        features: Tensor = self.neck(self.encoder(self.scale(signals)))
        return features

    def forward(self, signals: Tensor) -> Tensor:
        """(N, T, C) signals in SI units to (N, K) logits."""
        logits: Tensor = self.head(self.features(signals))
        return logits

    def with_reconstruction(self, signals: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """Logits, the reconstruction (None without a decoder), and what it should be."""
        scaled = self.scale(signals)
        maps = self.encoder(scaled)
        logits = self.head(self.neck(maps))
        return logits, None if self.decoder is None else self.decoder(maps), scaled

    def begin_epoch(self, epoch: int) -> None:
        """Before epoch `epoch`, from 1: change what learns, where that changes."""

    def training_loss(
        self,
        signals: Tensor,
        codes: Tensor,
        weights: Tensor | None,
        trust: Tensor | None,
        config: TrainingConfig,
    ) -> tuple[Tensor, Tensor]:
        """What a step minimises, and the (N, K) logits.

        Parameters
        ----------
        signals : (N, T, C), SI units
        codes, weights, trust : see `classification_loss`
        """
        logits, rebuilt, scaled = self.with_reconstruction(signals)
        loss = classification_loss(logits, codes, weights, config.loss, trust)
        if rebuilt is not None:
            loss = loss + config.reconstruction_weight * reconstruction_loss(rebuilt, scaled)
        return loss, logits


class ChannelsFirst(nn.Module):
    """A network for use outside harstudio: it takes (B, C, T), as most code for signals does.

    Inside, signals are (N, T, C), the order in which they lie in memory and in which convolutions
    are quickest. The axes are exchanged here, by a transpose: a reshape would scramble time and
    channels. Normalisation is part of the network: signals come in SI units, and in the order of
    `Checkpoint.channels`.

    Attributes
    ----------
    network : Network
    head : Sequential
        Features to logits.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    @property
    def head(self) -> nn.Sequential:
        return self.network.head

    def features(self, signals: Tensor) -> Tensor:
        """(B, C, T) signals to (B, D) features, the input of the head."""
        return self.network.features(signals.transpose(1, 2))

    def forward(self, signals: Tensor) -> Tensor:
        """(B, C, T) signals to (B, K) logits."""
        logits: Tensor = self.network(signals.transpose(1, 2))
        return logits


def as_image(signals: Tensor) -> Tensor:
    """(N, T, C) seen as (N, C, 1, T), without a copy and without mixing time and channels."""
    return signals.transpose(1, 2).unsqueeze(2)


def as_signals(image: Tensor) -> Tensor:
    """(N, C, 1, T) seen as (N, T, C): the inverse of `as_image`."""
    return image.squeeze(2).transpose(1, 2)


def encoded_length(window: int, layers: Sequence[Layer] = LAYERS) -> int:
    """T' of a window of T samples."""
    for layer in layers:
        window = layer.output_length(window)
    return window
