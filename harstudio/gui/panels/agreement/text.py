"""The figures of an agreement as the dock says them: each with its unit and what it is of."""

from __future__ import annotations

from html import escape

from harstudio.core.agreement import IOUS, Agreement
from harstudio.core.timebase import clock_text
from harstudio.workflows.agreement import ProjectAgreement, notes_of

EMPTY_TEXT = (
    "Two tiers are compared here: yours and another annotator's, or a model's suggestions.\n\n"
    "A second tier comes from their file (File > Import labels …), or from a copy of yours "
    "(right-click on its name in the timeline)."
)


def figures_html(result: ProjectAgreement) -> str:
    """Kappa, agreement, segment F1 and boundaries in short lines, and what to know of them."""
    found = result.found
    lines = [_kappa_line(found), _f1_line(found), *_boundary_lines(result), _extent_line(result)]
    notes = [f"no κ: {found.undefined}"] * bool(found.undefined) + list(notes_of(result))
    return "<br>".join(lines + [f"<i>{escape(note)}</i>" for note in notes])


def _kappa_line(found: Agreement) -> str:
    if found.observed is None or found.expected is None:
        return "κ <b>–</b>"
    kappa = f"{found.kappa:.3f}" if found.kappa is not None else "–"
    return (
        f"κ <b>{kappa}</b> · agreement <b>{found.observed:.1%}</b> (by chance {found.expected:.1%})"
    )


def _f1_line(found: Agreement) -> str:
    scores = [found.f1(iou) for iou in IOUS]
    if scores[0] is None:
        return "segment F1 <b>–</b>"
    text = " / ".join(f"{score:.2f}" for score in scores if score is not None)
    return f"segment F1 <b>{text}</b> at IoU {' / '.join(f'{iou:g}' for iou in IOUS)}"


def _boundary_lines(result: ProjectAgreement) -> list[str]:
    offsets = result.found.offsets()
    if offsets.median_s is None:
        return ["boundaries <b>–</b>"]
    within = ", ".join(f"{s:g} s <b>{share:.0%}</b>" for s, share in offsets.within)
    way, sign = ("earlier", -1) if offsets.median_s < 0 else ("later", 1)
    low, high = sorted(sign * s for s in (offsets.first_quartile_s, offsets.third_quartile_s))
    by = f"<b>{abs(offsets.median_s):.3f} s</b> (quartiles {low:.3f} to {high:.3f})"
    return [
        f"{escape(result.tiers[1])} {way} by {by}",
        f"boundaries within {within}",
    ]


def _extent_line(result: ProjectAgreement) -> str:
    found = result.found
    counts = [sum(n for _, n in c) for c in (found.reference_segments, found.other_segments)]
    parts = [
        f"{clock_text(found.compared_s)} compared",
        f"{counts[0]:,} and {counts[1]:,} segments",
    ]
    if len(result.clip_ids) > 1 or result.left_out:
        parts.append(f"{len(result.clip_ids):,} clips")
        known = [kappa for kappa in result.kappas if kappa is not None]
        if len(known) > 1:
            least, most = round(min(known), 2) + 0.0, round(max(known), 2) + 0.0  # no -0.00
            parts.append(f"κ by clip {least:.2f} to {most:.2f}")
    return " · ".join(parts)
