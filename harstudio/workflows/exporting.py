"""What a project gives away: its labels as a table."""

from __future__ import annotations

from pathlib import Path

from harstudio.core.project import EXCLUDED, Project
from harstudio.io.labels_csv import write_labels


def export_labels(project: Project, path: Path, *, excluded: bool = False) -> int:
    """Write clip,start_s,end_s,label rows of every clip's own labels.

    Parameters
    ----------
    excluded : bool
        Also clips that were thrown out.

    Returns
    -------
    int
        Rows written.
    """
    clips = [c for c in project.clips.values() if excluded or c.status != EXCLUDED]
    rows = [(clip.name, clip.labels) for clip in clips]
    write_labels(path, rows)
    return sum(len(track) for _, track in rows)
