"""What the window imports must not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = (
    "config", "models", "data.windows", "data.scaling", "splitting.splits", "splitting.holdout",
    "judging.report", "judging.evaluation", "runs.folder", "runs.state", "runs.listing",
    "runs.checkpoint", "runs.onnx_export", "fit.prediction", "fit.training", "fit.finetuning",
    "fit.resuming", "fit.alternatives", "fit.prototypes", "fit.schedules",
)  # fmt: skip


def test_nothing_but_a_running_job_imports_torch_or_scikit_learn() -> None:
    names = ", ".join(f"harstudio.learn.{name}" for name in LIGHT)
    code = (
        f"import sys, {names}\n"
        "print([m for m in ('torch', 'sklearn', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(("asked", "expected"), [("1", 1), ("64", None), ("x", None)])
def test_one_core_stays_free(
    monkeypatch: pytest.MonkeyPatch, asked: str, expected: int | None
) -> None:
    from harstudio.learn.fit.threads import core_count, thread_count

    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert thread_count() == (expected or max(1, core_count() - 1))
