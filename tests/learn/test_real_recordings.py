"""The default network on real people it has never seen (UCI HAR)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.fit.training import train


def ucihar_windows(folder: Path, config: TrainingConfig) -> WindowSet:
    """Every piece is a clip of one activity, at 50 Hz; every third person."""
    data = np.load(folder / "ucihar" / "ucihar_continuous.npz", allow_pickle=False)
    ends = np.cumsum(data["lengths"])
    labels = tuple(sorted(set(data["activity"].tolist())))
    sets = []
    for i, end in enumerate(ends):
        if data["subject"][i] % 3:
            continue
        piece = data["signals"][end - data["lengths"][i] : end].astype(float)
        times = np.arange(len(piece)) / config.rate_hz
        recording = ImuRecording(
            times, ("waist",), GRAVITY * piece[:, None, 0:3], piece[:, None, 6:9]
        )
        track = LabelTrack((Segment(0.0, times[-1] + 1.0, str(data["activity"][i])),))
        clip, subject = f"piece {i}", f"subject {data['subject'][i]}"
        sets.append(
            cut_windows(recording, track, labels, clip_id=clip, subject=subject, config=config)
        )
    return joined(sets)


def test_new_people_are_recognised_after_a_few_seconds_of_training(
    real_data: Path, tmp_path: Path
) -> None:
    config = TrainingConfig(
        model="cnn",
        channels="acc_gyro",
        rate_hz=50.0,
        window_s=2.56,
        overlap=0.0,
        epochs=10,
        seed=2,
    )
    report = finished(train(ucihar_windows(real_data, config), config, tmp_path / "run")).report
    assert report.macro_f1 > 0.75  # chance is .17; all people and full training reach .93
    assert report.warnings == ()
