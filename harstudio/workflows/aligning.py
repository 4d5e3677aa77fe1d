"""Put a clip's recordings onto its clock: lag, drift and mounting against the virtual sensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.timebase import Alignment, clip_time, recording_time
from harstudio.imu.align import AlignmentFit, fit_alignment
from harstudio.imu.rough_lag import MAX_LAG_S, LagCurve, Pairs, Prepared, lag_curve, prepared
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import LoadedClip, LoadedRecording, load_clip

LEAST_ANCHOR_GAP_S = 1.0
"""Two anchors this far apart, at least, tell a drift from a lag."""

_MOST_DRIFT_PPM = 50_000.0


@dataclass(frozen=True)
class Aligned:
    """Clips with their recordings aligned, how each fit went, and which clips failed.

    Attributes
    ----------
    clips : tuple of Clip
    fits, failures : tuples of (clip name, AlignmentFit) and of (clip name, reason)
    doubtful : tuple of (clip id, clip name, reason)
        Clips that were left as they were because a fit was ambiguous.
    kept : int
        Recordings left alone because they had been aligned before.
    """

    clips: tuple[Clip, ...]
    fits: tuple[tuple[str, AlignmentFit], ...]
    failures: tuple[tuple[str, str], ...] = ()
    doubtful: tuple[tuple[str, str, str], ...] = ()
    kept: int = 0


@dataclass(frozen=True)
class Anchor:
    """The same moment on both clocks, s."""

    clip_s: float
    recording_s: float


def can_align(clip: Clip) -> bool:
    """Whether there is a motion, and a recording of it."""
    return clip.motion is not None and bool(clip.recordings)


def is_aligned(ref: RecordingRef) -> bool:
    """Whether a fit or a person has aligned it."""
    return ref.alignment != Alignment()


def sensor_pairs(loaded: LoadedClip, recording: LoadedRecording) -> Pairs:
    """Sensors that a recording has in common with the virtual ones.

    Raises
    ------
    HarstudioError
        There is no motion, or no sensor in common.
    """
    if loaded.virtual is None:
        raise HarstudioError(
            f"clip {loaded.clip.name!r}: alignment needs a motion and a recording of it"
        )
    names = recording.recording.sensors
    shared = tuple((name, name) for name in names if name in loaded.virtual.sensors)
    if not shared:
        raise HarstudioError(
            f"clip {loaded.clip.name!r}: no virtual sensor matches the recording's "
            f"{', '.join(names)}",
            f"there are {', '.join(loaded.virtual.sensors)}",
        )
    return shared


@dataclass(frozen=True, eq=False)
class LagSearch:
    """What the correlation of magnitudes says of a recording's lag: the whole curve."""

    both: Prepared
    curve: LagCurve

    def correlation(self, alignment: Alignment) -> float:
        """Pearson correlation of the magnitudes under any alignment."""
        return self.both.correlation(alignment)


def search_lag(
    loaded: LoadedClip, recording: LoadedRecording, max_lag_s: float = MAX_LAG_S
) -> LagSearch:
    """Correlation of a recording with the virtual signals over lag.

    Raises
    ------
    HarstudioError
        No motion, no sensor or no signal in common, or too little overlap at every lag.
    """
    pairs = sensor_pairs(loaded, recording)
    assert loaded.virtual is not None
    both = prepared(loaded.virtual, recording.recording, pairs)
    return LagSearch(both, lag_curve(both, max_lag_s))


def fit_recording(
    loaded: LoadedClip,
    recording: LoadedRecording,
    max_lag_s: float = MAX_LAG_S,
    near_s: float | None = None,
) -> AlignmentFit:
    """Fit one recording of a loaded clip to its virtual signals; see `fit_alignment`."""
    pairs = sensor_pairs(loaded, recording)
    assert loaded.virtual is not None
    return fit_alignment(loaded.virtual, recording.recording, pairs, max_lag_s, near_s)


def aligned_clip(
    loaded: LoadedClip, *, only_new: bool = False, max_lag_s: float = MAX_LAG_S
) -> tuple[Clip, tuple[AlignmentFit, ...]]:
    """Fit the recordings of a loaded clip to its virtual signals.

    Parameters
    ----------
    only_new : bool
        Leave alone what has an alignment already, from a fit or by hand.
    max_lag_s : float
        See `fit_alignment`.

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
        if only_new and is_aligned(item.ref):
            refs.append(item.ref)
            continue
        fit = fit_recording(loaded, item, max_lag_s)
        refs.append(replace(item.ref, alignment=fit.alignment))
        fits.append(fit)
    return replace(loaded.clip, recordings=tuple(refs)), tuple(fits)


def align_clips(
    project: Project,
    folder: Path,
    clip_ids: tuple[str, ...],
    *,
    only_new: bool = False,
    only_sure: bool = False,
    max_lag_s: float = MAX_LAG_S,
) -> Job[Aligned]:
    """Align the recordings of several clips; their labels stay where they are.

    A clip that cannot be aligned is noted, and the rest goes on.

    Parameters
    ----------
    only_new : bool
        Leave alone what has an alignment already, from a fit or by hand.
    only_sure : bool
        Leave a clip as it was if one of its fits is ambiguous.
    max_lag_s : float
        See `fit_alignment`.

    Raises
    ------
    HarstudioError
        Every clip failed: the reason of the first.
    """
    clips, fits, failures, doubtful = [], [], [], []
    kept = 0
    for done, clip_id in enumerate(clip_ids):
        clip = project.clip(clip_id)
        before = sum(map(is_aligned, clip.recordings)) if only_new else 0
        if clip.recordings and before == len(clip.recordings):
            kept += before
            continue
        yield Progress(done, len(clip_ids), f"Aligning {clip.name}")
        try:
            loaded = load_clip(project, clip, folder)
            after, found = aligned_clip(loaded, only_new=only_new, max_lag_s=max_lag_s)
        except Exception as error:
            failures.append((clip.name, reason_of(error)))
            continue
        doubts = "; ".join(dict.fromkeys(fit.ambiguous for fit in found if fit.ambiguous))
        if doubts and only_sure:
            doubtful.append((clip_id, clip.name, doubts))
            continue
        kept += before
        clips.append(after)
        fits += [(clip.name, fit) for fit in found]
    if failures and not (clips or doubtful or kept):
        name, reason = failures[0]
        raise HarstudioError(reason if name in reason else f"{name}: {reason}")
    return Aligned(tuple(clips), tuple(fits), tuple(failures), tuple(doubtful), kept)


def align_sure_clips(
    project: Project, folder: Path, clip_ids: tuple[str, ...], max_lag_s: float = MAX_LAG_S
) -> Job[Aligned]:
    """`align_clips`, only new and only sure, which a child process could not be told by name."""
    return align_clips(
        project, folder, clip_ids, only_new=True, only_sure=True, max_lag_s=max_lag_s
    )


def align_recording(
    project: Project,
    folder: Path,
    clip_id: str,
    index: int,
    max_lag_s: float = MAX_LAG_S,
    near_s: float | None = None,
) -> Job[AlignmentFit]:
    """Fit one recording of one clip.

    Raises
    ------
    HarstudioError
        The files cannot be read, or there is nothing to align.
    """
    clip = project.clip(clip_id)
    yield Progress(0, 2, f"Reading {clip.name}")
    loaded = load_clip(project, clip, folder)
    yield Progress(1, 2, f"Aligning {clip.name}")
    return fit_recording(loaded, loaded.recordings[index], max_lag_s, near_s)


def with_alignment(clip: Clip, index: int, alignment: Alignment) -> Clip:
    """The clip with one recording aligned anew."""
    refs = list(clip.recordings)
    refs[index] = replace(refs[index], alignment=alignment)
    return replace(clip, recordings=tuple(refs))


def with_aligned(
    project: Project, found: Aligned, started: Project
) -> tuple[Project, tuple[str, ...]]:
    """The project with the alignments found; whatever has been edited since stays edited.

    Parameters
    ----------
    project : Project
        As it is now.
    started : Project
        As it was when the fits began.

    Returns
    -------
    (Project, names)
        The names of clips with a recording that was moved meanwhile, and stays there.
    """
    after, moved = [], []
    for clip in found.clips:
        now, before = project.clips.get(clip.id), started.clips.get(clip.id)
        if now is None or before is None:
            continue
        old = {ref.source: ref.alignment for ref in before.recordings}
        new = {ref.source: ref.alignment for ref in clip.recordings}
        changed = {s for s in new if new[s] != old.get(s)}
        held = {r.source for r in now.recordings if r.alignment != old.get(r.source)}
        refs = tuple(
            replace(ref, alignment=new[ref.source]) if ref.source in changed - held else ref
            for ref in now.recordings
        )
        if changed & held:
            moved.append(now.name)
        if refs != now.recordings:
            after.append(replace(now, recordings=refs))
    return project.with_clips(after), tuple(moved)


def start_of(alignment: Alignment, first_s: float) -> float:
    """Clip time at which a recording starts whose own clock starts at `first_s`, s."""
    return clip_time(alignment, first_s)


def starting_at(
    alignment: Alignment, first_s: float, start_s: float, drift_ppm: float
) -> Alignment:
    """The alignment of a recording that starts at a clip time and drifts; mounting stays.

    It is made by hand: what a fit said of the one before is gone.

    Raises
    ------
    HarstudioError
        A start that is not finite, or a drift of 10 % or more.
    """
    rate = replace(alignment, drift_ppm=drift_ppm).rate
    return replace(alignment.by_hand(), offset_s=start_s - first_s * rate, drift_ppm=drift_ppm)


def anchor_at(alignment: Alignment, clip_s: float) -> Anchor:
    """What lies on a moment of the clip under an alignment, to be kept there."""
    return Anchor(clip_s, recording_time(alignment, clip_s))


def anchored(alignment: Alignment, first: Anchor, second: Anchor) -> Alignment:
    """The alignment that holds two moments in place; mounting stays, what a fit said does not.

    Raises
    ------
    HarstudioError
        The anchors are less than a second apart, or stand for a drift of 5 % or more.
    """
    recording_s = second.recording_s - first.recording_s
    gap = min(abs(recording_s), abs(second.clip_s - first.clip_s))
    if gap < LEAST_ANCHOR_GAP_S:
        raise HarstudioError(
            f"the anchors are {gap:.2f} s apart, expected {LEAST_ANCHOR_GAP_S:g} s or more",
            "set the second one far from the first, near the other end of the recording",
        )
    drift_ppm = ((second.clip_s - first.clip_s) / recording_s - 1.0) * 1e6
    if abs(drift_ppm) >= _MOST_DRIFT_PPM:
        raise HarstudioError(
            f"the anchors stand for a drift of {drift_ppm:+,.0f} ppm, expected less than 5 %",
            "one of them is on the wrong moment",
        )
    rate = 1.0 + drift_ppm * 1e-6
    offset_s = first.clip_s - first.recording_s * rate
    return replace(alignment.by_hand(), offset_s=offset_s, drift_ppm=drift_ppm)
