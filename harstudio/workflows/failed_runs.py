"""Jobs that died before their run began leave a run nevertheless: what was tried, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.runs.folder import CONFIG, FINETUNING, TRAINING, RunFolder, RunWriter
from harstudio.learn.runs.state import FAILED


def keep_failure(
    run_dir: Path, config: TrainingConfig, reason: str, finetune: FinetuneConfig | None = None
) -> bool:
    """Write down that a job failed, unless its run folder tells so itself.

    Parameters
    ----------
    run_dir : Path
        That the job was given.
    config : TrainingConfig
        Of the training; of the parent, where one was to be fine-tuned.
    finetune : FinetuneConfig, optional

    Returns
    -------
    bool
        Whether a run was written.

    Raises
    ------
    HarstudioError
        The folder cannot be written.
    """
    if RunFolder(run_dir).path.joinpath(CONFIG).exists():
        return False
    about: dict[str, object] = {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": config.to_json(),
    }
    if finetune is not None:
        about["finetune"] = finetune.to_json()
    with RunWriter(run_dir) as writer:
        writer.about(TRAINING if finetune is None else FINETUNING, about)
        writer.close(FAILED, reason)
    return True


def parent_config(run_dir: Path) -> TrainingConfig:
    """How a run was trained; the defaults where it does not say."""
    try:
        return RunFolder(run_dir).config()
    except HarstudioError:
        return TrainingConfig()
