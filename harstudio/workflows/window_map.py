"""A run's map of windows, kept beside its model so that it is drawn at once the next time."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job
from harstudio.core.project import Project
from harstudio.learn.judging.embedding import PCA, Embedding
from harstudio.learn.runs.files import write_whole
from harstudio.learn.runs.folder import MODEL
from harstudio.workflows.evaluating import TEST_WINDOWS, embed_project
from harstudio.workflows.windowing import VIRTUAL

_COLUMNS = ("points", "label", "real", "subject", "clip", "start_s", "end_s")


@dataclass(frozen=True)
class MapChoice:
    """Which windows are drawn, and how.

    Attributes
    ----------
    part : str
        ``test`` or ``all``.
    signals : tuple of str
        Of ``virtual`` and ``real``.
    method : str
        ``pca`` or ``umap``.
    """

    part: str = TEST_WINDOWS
    signals: tuple[str, ...] = (VIRTUAL,)
    method: str = PCA

    @property
    def file_name(self) -> str:
        """Of the map in its run folder."""
        return f"map-{self.method}-{self.part}-{'-'.join(self.signals)}.npz"


@dataclass(frozen=True)
class WindowMap:
    """A map that was drawn.

    Attributes
    ----------
    embedding : Embedding
    choice : MapChoice
    made_from : str
        Fingerprint of the labels and the model that it was made from.
    """

    embedding: Embedding
    choice: MapChoice
    made_from: str


def map_windows(
    project: Project, folder: Path, run_dir: Path, choice: MapChoice, seed: int = 0
) -> Job[WindowMap]:
    """Job: draw a map and keep it in the run folder.

    Parameters
    ----------
    folder : Path
        Of the project file.

    Raises
    ------
    HarstudioError
        As `embed_project`, or the folder cannot be written.
    """
    found = yield from embed_project(
        project,
        folder,
        run_dir,
        part=choice.part,
        signals=choice.signals,
        method=choice.method,
        seed=seed,
    )
    drawn = WindowMap(found, choice, fingerprint(project, run_dir))
    _save(run_dir / choice.file_name, drawn)
    return drawn


def kept_map(run_dir: Path, choice: MapChoice) -> WindowMap | None:
    """The map that was drawn of this choice before; None if there is none that can be read."""
    path = run_dir / choice.file_name
    if not path.is_file():
        return None
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in _COLUMNS}
            explained = tuple(float(share) for share in file["explained"])
            embedding = Embedding(
                **columns,
                method=choice.method,
                explained=(explained[0], explained[1]) if len(explained) == 2 else None,
                of=str(file["of"]),
            )
            return WindowMap(embedding, choice, str(file["made_from"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, HarstudioError):
        return None  # drawn anew: nothing is lost with it
    except zipfile.BadZipFile:
        return None


def fingerprint(project: Project, run_dir: Path) -> str:
    """What a map depends on: the model's file, and every clip's labels and recordings."""
    digest = hashlib.sha256()
    model = run_dir / MODEL
    digest.update(str(model.stat().st_mtime_ns if model.is_file() else 0).encode())
    for clip in project.clips.values():
        alignments = [ref.alignment for ref in clip.recordings]
        digest.update(repr((clip.id, clip.subject, clip.usable, alignments)).encode())
        for segment in clip.labels.segments:
            digest.update(repr((segment.start_s, segment.end_s, segment.label)).encode())
    digest.update(repr((project.layout, project.rate_hz)).encode())
    return digest.hexdigest()


def _save(path: Path, drawn: WindowMap) -> None:
    found = drawn.embedding
    columns: dict[str, Any] = {name: getattr(found, name) for name in _COLUMNS}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(
                file,
                explained=np.array(found.explained or (), np.float64),
                of=np.array(found.of),
                made_from=np.array(drawn.made_from),
                **columns,
            )

    write_whole(path, write)
