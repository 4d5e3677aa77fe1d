"""Configurations are plain data, checked at the door."""

from __future__ import annotations

import json

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import FinetuneConfig, TrainingConfig


def test_a_configuration_survives_json() -> None:
    config = TrainingConfig(sensors=("left_wrist", "head"), learning_rate=1e-3, patience=3)
    assert TrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    default = TrainingConfig()
    assert TrainingConfig.from_json(json.loads(json.dumps(default.to_json()))) == default
    tuned = FinetuneConfig(hold_out="time", steps=7)
    assert FinetuneConfig.from_json(json.loads(json.dumps(tuned.to_json()))) == tuned


def test_missing_entries_take_their_defaults() -> None:
    assert TrainingConfig.from_json({"model": "cnn"}) == TrainingConfig(model="cnn")


@pytest.mark.parametrize(
    "data",
    [
        {"modell": "cnn"},
        {"epochs": "many"},
        {"epochs": 2.5},
        {"epochs": True},
        {"class_weights": 1},
        {"calibrate": "yes"},
        {"sensors": "head"},
        {"sensors": [1]},
        {"rate_hz": None},
        {"learning_rate": "fast"},
        {"split": "windows"},
        {"channels": "mag"},
        {"overlap": 1.0},
        {"min_share": 0.0},
        {"rate_hz": float("nan")},
        {"window_s": 0.05, "rate_hz": 20},
        {"test_share": 0.9, "validation_share": 0.5},
        {"loss": "hinge"},
    ],
)
def test_a_wrong_entry_is_refused_by_name(data: dict[str, object]) -> None:
    with pytest.raises(HarstudioError) as caught:
        TrainingConfig.from_json(data)
    name = next(iter(data))
    assert name in str(caught.value) or "share" in name or "window" in name


def test_half_overlapping_second_at_60_hz_is_60_samples_moved_by_30() -> None:
    assert TrainingConfig().window_samples == 60
    assert TrainingConfig().step_samples == 30
    assert TrainingConfig(overlap=0.0).step_samples == 60
