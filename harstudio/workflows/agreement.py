"""Agreement of two tiers over the clips of a project: compared, told in words, written down."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from harstudio.core.agreement import (
    BOTH,
    EITHER,
    IOUS,
    NO_LABEL,
    WHOLE,
    Agreement,
    agreement,
    pooled,
)
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import EXCLUDED, Clip, Project
from harstudio.core.segment_matching import Offsets
from harstudio.core.timebase import clock_text
from harstudio.io.files import write_atomically

OVER_WORDS = {
    BOTH: "where both tiers have a label",
    EITHER: "where at least one tier has a label",
    WHOLE: "over the whole clip",
}
_NONE_WORD = "(no label)"
_REPORT_EVERY = 50


@dataclass(frozen=True)
class ProjectAgreement:
    """Two tiers compared in every clip that has labels in both.

    Attributes
    ----------
    tiers : tuple of two str
        The reference and the other.
    clip_ids, clip_names : tuple of str
        Of the clips compared; `Disagreement.part` is the place in them.
    found : Agreement
        Pooled; each clip weighs as much as its compared time.
    kappas : tuple of float or None
        Of each clip.
    left_out : int
        Clips with labels in only one of the tiers.
    """

    tiers: tuple[str, str]
    clip_ids: tuple[str, ...]
    clip_names: tuple[str, ...]
    found: Agreement
    kappas: tuple[float | None, ...]
    left_out: int


def tiers_of(project: Project, *, excluded: bool = False) -> dict[str, int]:
    """In how many clips each tier holds labels; tiers without any are left out."""
    counts: dict[str, int] = {}
    for clip in _clips(project, excluded):
        for tier, track in clip.tracks:
            if len(track):
                counts[tier] = counts.get(tier, 0) + 1
    return counts


def compare_clip(clip: Clip, tiers: tuple[str, str], over: str = EITHER) -> ProjectAgreement:
    """Two tiers of one clip, whether they hold labels or not."""
    found = _compared(clip, tiers, over)
    return ProjectAgreement(tiers, (clip.id,), (clip.name,), found, (found.kappa,), 0)


def compare_clips(
    project: Project, tiers: tuple[str, str], over: str = EITHER, *, excluded: bool = False
) -> Job[ProjectAgreement]:
    """Two tiers in all clips with labels in both.

    Parameters
    ----------
    tiers : tuple of two str
        The reference and the other.
    over : str
        See `core.agreement`.
    excluded : bool
        Also clips that were thrown out.

    Raises
    ------
    HarstudioError
        No clip has labels in both tiers.
    """
    clips = [clip for clip in _clips(project, excluded) if any(_filled(clip, tiers))]
    chosen = [clip for clip in clips if all(_filled(clip, tiers))]
    if not chosen:
        held = tiers_of(project, excluded=excluded)
        there = ", ".join(f"{tier} ({count} clips)" for tier, count in held.items()) or "none"
        raise HarstudioError(
            f"no clip has labels in both {tiers[0]!r} and {tiers[1]!r}",
            f"tiers with labels: {there}",
        )
    parts = []
    for n, clip in enumerate(chosen):
        if n % _REPORT_EVERY == 0:
            yield Progress(n, len(chosen), clip.name)
        parts.append(_compared(clip, tiers, over))
    return ProjectAgreement(
        tiers,
        tuple(clip.id for clip in chosen),
        tuple(clip.name for clip in chosen),
        pooled(parts, over),
        tuple(part.kappa for part in parts),
        len(clips) - len(chosen),
    )


def compare_tiers(
    project: Project, tiers: tuple[str, ...], over: str = EITHER, *, excluded: bool = False
) -> Job[list[ProjectAgreement]]:
    """Every pair of some tiers, in their order.

    Raises
    ------
    HarstudioError
        Fewer than two tiers, one given twice, or a pair that no clip has labels in.
    """
    if len(tiers) < 2 or len(set(tiers)) < len(tiers):
        raise HarstudioError(f"agreement of {', '.join(tiers) or 'nothing'}: expected two tiers")
    found = []
    for pair in combinations(tiers, 2):
        found.append((yield from compare_clips(project, pair, over, excluded=excluded)))
    return found


def label_word(label: str) -> str:
    """A label as it is written in tables."""
    return label if label != NO_LABEL else _NONE_WORD


def kappa_text(found: Agreement) -> str:
    """Kappa to three decimals, or why there is none."""
    kappa = found.kappa
    return f"{kappa:.3f}" if kappa is not None else f"undefined ({found.undefined})"


def f1_text(found: Agreement) -> str:
    """Segment F1 at each IoU, e.g. ``0.95 / 0.90 / 0.80``."""
    return " / ".join(_number(found.f1(iou)) for iou in IOUS)


def offsets_text(offsets: Offsets) -> str:
    """Median and quartiles of signed offsets, and the shares within each distance."""
    if offsets.median_s is None:
        return "no boundary to compare"
    quartiles = f"{offsets.first_quartile_s:+.3f} to {offsets.third_quartile_s:+.3f} s"
    within = ", ".join(f"{share:.0%} within {distance:g} s" for distance, share in offsets.within)
    return f"median {offsets.median_s:+.3f} s (quartiles {quartiles}); {within}"


def notes_of(result: ProjectAgreement) -> tuple[str, ...]:
    """What to know before believing the figures."""
    notes = []
    if result.found.flattened:
        where = f"in {result.found.flattened} clips " if len(result.clip_ids) > 1 else ""
        notes.append(f"segments overlap {where}and were flattened: later starts lie on top")
    if result.left_out:
        notes.append(f"{result.left_out} clips with labels in one tier only were left out")
    return tuple(notes)


def agreement_text(result: ProjectAgreement) -> str:
    """The figures as a table for a terminal."""
    found, (reference, other) = result.found, result.tiers
    clips = f"{len(result.clip_ids)} clips" if len(result.clip_ids) != 1 else result.clip_names[0]
    observed = f"{_percent(found.observed)} (by chance {_percent(found.expected)})"
    counts = [sum(n for _, n in c) for c in (found.reference_segments, found.other_segments)]
    compared = f"{clock_text(found.compared_s)} compared {OVER_WORDS[found.over]}"
    at = f"at IoU {' / '.join(f'{iou:g}' for iou in IOUS)}"
    lines = [
        f"{reference} beside {other}: {clips}, {compared}",
        f"Cohen's kappa     {kappa_text(found)}",
        f"agreement         {observed}",
        f"segment F1        {f1_text(found)} {at}; {counts[0]} and {counts[1]} segments",
        f"boundaries        {other} later than {reference}: {offsets_text(found.offsets())}",
        f"seconds by label (rows {reference}, columns {other})",
        *_matrix_lines(found),
        *(f"note: {note}" for note in notes_of(result)),
    ]
    return "\n".join(lines)


def agreement_json(result: ProjectAgreement) -> dict[str, Any]:
    """All figures as plain JSON."""
    found = result.found
    offsets = {
        name: asdict(found.offsets(start=start, end=end))
        for name, start, end in (
            ("all", True, True), ("starts", True, False), ("ends", False, True)
        )
    }  # fmt: skip
    return {
        "reference": result.tiers[0],
        "other": result.tiers[1],
        "over": found.over,
        "compared_s": found.compared_s,
        "samples": found.samples,
        "total_s": found.total_s,
        "labelled_s": {
            "reference": found.reference_s, "other": found.other_s, "both": found.both_s
        },
        "kappa": found.kappa,
        "kappa_undefined": found.undefined,
        "observed_agreement": found.observed,
        "expected_agreement": found.expected,
        "segments": {
            "reference": dict(found.reference_segments), "other": dict(found.other_segments)
        },
        "segment_f1": {f"{iou:g}": found.f1(iou) for iou in IOUS},
        "boundary_offsets": offsets,
        "labels": [label_word(label) for label in found.labels],
        "confusion_s": found.seconds.tolist(),
        "per_label": [
            {**asdict(each), "label": label_word(each.label)} for each in found.per_label
        ],
        "clips": [
            {"clip": name, "id": clip_id, "kappa": kappa}
            for name, clip_id, kappa in zip(
                result.clip_names, result.clip_ids, result.kappas, strict=True
            )
        ],
        "disagreements": found.disagreement_count,
        "notes": list(notes_of(result)),
    }  # fmt: skip


def write_agreement(path: Path, results: Iterable[ProjectAgreement]) -> None:
    """Write figures as JSON, or the disagreements as CSV: what the file's name ends with.

    Raises
    ------
    HarstudioError
        The name ends with something else, or the file cannot be written.
    """
    results = list(results)
    if path.suffix.lower() == ".json":
        data = [agreement_json(result) for result in results]
        write_atomically(path, json.dumps(data, indent=1, ensure_ascii=False).encode())
    elif path.suffix.lower() == ".csv":
        write_atomically(path, _csv(results).encode())
    else:
        raise HarstudioError(
            f"{path.name}: neither .json nor .csv",
            ".json holds all figures, .csv the list of disagreements",
        )


def _csv(results: list[ProjectAgreement]) -> str:
    """One row for each stretch where two tiers differ."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("clip", "start_s", "end_s", "duration_s", "tier", "label", "other_tier", "other_label")
    )
    for result in results:
        for each in result.found.disagreements:
            writer.writerow(
                (
                    result.clip_names[each.part], f"{each.start_s:.6f}", f"{each.end_s:.6f}",
                    f"{each.duration_s:.6f}", result.tiers[0], each.reference, result.tiers[1],
                    each.other,
                )
            )  # fmt: skip
    return text.getvalue()


def _clips(project: Project, excluded: bool) -> list[Clip]:
    return [clip for clip in project.clips.values() if excluded or clip.status != EXCLUDED]


def _filled(clip: Clip, tiers: tuple[str, str]) -> tuple[bool, bool]:
    """Which of the tiers hold labels."""
    return len(clip.track(tiers[0])) > 0, len(clip.track(tiers[1])) > 0


def _compared(clip: Clip, tiers: tuple[str, str], over: str) -> Agreement:
    return agreement(
        clip.track(tiers[0]), clip.track(tiers[1]), clip.duration_s, clip.rate_hz, over
    )


def _matrix_lines(found: Agreement) -> list[str]:
    used = [
        i for i in range(len(found.labels)) if found.seconds[i].any() or found.seconds[:, i].any()
    ]
    words = [label_word(found.labels[i]) for i in used]
    width = max([9, *(len(word) for word in words)])
    lines = [" " * (width + 3) + " ".join(f"{n:>8}" for n in range(1, len(used) + 1))]
    for n, (i, word) in enumerate(zip(used, words, strict=True), 1):
        cells = " ".join(f"{found.seconds[i, j]:>8.2f}" for j in used)
        lines.append(f"{n:>2} {word:<{width}}{cells}")
    return lines


def _number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else "–"


def _percent(share: float | None) -> str:
    return f"{share:.1%}" if share is not None else "–"
