"""Put a clip's recordings onto its clock: lag, drift and mounting against the virtual sensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment
from harstudio.imu.align import AlignmentFit, fit_alignment
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import LoadedClip, load_clip


@dataclass(frozen=True)
class Aligned:
    """Clips with their recordings aligned, how each fit went, and which clips failed.

    Attributes
    ----------
    clips : tuple of Clip
    fits, failures : tuples of (clip name, AlignmentFit) and of (clip name, reason)
    """

    clips: tuple[Clip, ...]
    fits: tuple[tuple[str, AlignmentFit], ...]
    failures: tuple[tuple[str, str], ...] = ()


def aligned_clip(
    loaded: LoadedClip, *, only_new: bool = False
) -> tuple[Clip, tuple[AlignmentFit, ...]]:
    """Fit the recordings of a loaded clip to its virtual signals.

    Parameters
    ----------
    only_new : bool
        Leave alone what has an alignment already.

    Raises
    ------
    HarstudioError
        The clip has no motion, or no sensor of a recording is among the virtual ones.
    """
    if loaded.virtual is None or not loaded.recordings:
        raise HarstudioError(
            f"clip {loaded.clip.name!r}: alignment needs a motion and a recording of it"
        )
    refs, fits = [], []
    for item in loaded.recordings:
        if only_new and item.ref.alignment != Alignment():
            refs.append(item.ref)
            continue
        shared = [name for name in item.recording.sensors if name in loaded.virtual.sensors]
        if not shared:
            raise HarstudioError(
                f"clip {loaded.clip.name!r}: no virtual sensor matches the recording's "
                f"{', '.join(item.recording.sensors)}",
                f"there are {', '.join(loaded.virtual.sensors)}",
            )
        pairs = tuple((name, name) for name in shared)
        fit = fit_alignment(loaded.virtual, item.recording, pairs)
        refs.append(replace(item.ref, alignment=fit.alignment))
        fits.append(fit)
    return replace(loaded.clip, recordings=tuple(refs)), tuple(fits)


def align_clips(
    project: Project, folder: Path, clip_ids: tuple[str, ...], *, only_new: bool = False
) -> Job[Aligned]:
    """Align the recordings of several clips; their labels stay where they are.

    A clip that cannot be aligned is noted, and the rest goes on.

    Raises
    ------
    HarstudioError
        Every clip failed: the reason of the first.
    """
    clips, fits, failures = [], [], []
    for done, clip_id in enumerate(clip_ids):
        clip = project.clip(clip_id)
        yield Progress(done, len(clip_ids), f"Aligning {clip.name}")
        try:
            after, found = aligned_clip(load_clip(project, clip, folder), only_new=only_new)
        except Exception as error:
            failures.append((clip.name, reason_of(error)))
            continue
        clips.append(after)
        fits += [(clip.name, fit) for fit in found]
    if failures and not clips:
        name, reason = failures[0]
        raise HarstudioError(reason if name in reason else f"{name}: {reason}")
    return Aligned(tuple(clips), tuple(fits), tuple(failures))
