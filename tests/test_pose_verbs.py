"""The verb pose2imu, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harstudio.cli import main
from harstudio.io.imu_npz import read_imu_npz
from harstudio.learn.runs.folder import RunFolder
from harstudio.verbs.poses import regression_text
from tests.workflows.making import Study, make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("verbs"))


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == code
    shown = capsys.readouterr()
    return shown.out, shown.err


def test_it_is_trained_and_makes_recordings(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    shown, _ = said(
        capsys, "pose2imu", "train", study.path, "--signals", "virtual", "--rate", 20,
        "--samples", 32, "--epochs", 3, "--sites", "left_wrist", "--alpha", 0.5, "-o", run,
    )  # fmt: skip
    assert "macro F1" in shown
    assert "made beside measured" in shown
    assert "left_wrist acc_x: r " in shown
    config = RunFolder(run).config()
    assert (config.model, config.pose_mode, config.activity_weight) == ("pose2imu", "joint", 0.5)
    assert config.window_samples == 32
    shown, _ = said(
        capsys, "pose2imu", "generate", run, study.path, "--clip", "p1_waving", "-o", out
    )
    assert f"1 recordings in {out}" in shown
    made = read_imu_npz(out / "p1_waving.npz")
    assert (made.kind, made.sensors) == ("virtual", ("left_wrist",))
    assert made.rate_hz == pytest.approx(20.0)


def test_what_cannot_be_is_said_in_a_line(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, error = said(
        capsys, "pose2imu", "generate", tmp_path / "none", study.path, "-o", tmp_path / "o", code=1
    )
    assert "no such file" in error
    with pytest.raises(SystemExit) as stop:
        main(["pose2imu"])
    assert stop.value.code == 2


def test_a_test_part_without_poses_is_told() -> None:
    assert "were not compared" in regression_text({"samples": 0, "channels": {}})
    row = {"r": None, "rmse": 1.234, "spread": 0.0}
    text = regression_text({"samples": 12_000, "channels": {"wrist acc_x": row}})
    assert text.splitlines() == [
        "made beside measured, 12,000 samples of the test part",
        "  wrist acc_x: r -  RMSE 1.23 of 0.00",
    ]
