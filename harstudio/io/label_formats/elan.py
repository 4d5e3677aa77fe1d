"""ELAN's .eaf: tiers of annotations, in whole milliseconds.

Source: the EAF 3.0 schema (EAFv3.0.xsd) of the Max Planck Institute for Psycholinguistics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.files import write_atomically
from harstudio.io.label_formats.base import LabelFormat, LabelledClip, Notes, without_overlaps
from harstudio.io.label_formats.elan_reading import CLIP_PROPERTY, matches, read

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write the tiers of one clip; one with overlaps becomes several.

    Times are rounded to milliseconds. What then has no length, or lies before 0, is left out.

    Raises
    ------
    HarstudioError
        Several clips, or the file cannot be written.
    """
    if len(clips) > 1:
        raise HarstudioError(f"{path.name}: {len(clips)} clips, but an .eaf holds one")
    clip = clips[0]
    tiers, notes = without_overlaps(clip.tiers)
    rows: list[tuple[str, str, list[tuple[int, int, str]]]] = []
    lost = rounded = 0
    for name, track in tiers:
        spans = [(s, max(0, _ms(s.start_s)), _ms(s.end_s)) for s in track.segments]
        kept = [(start, end, s.label) for s, start, end in spans if start < end]
        lost += len(spans) - len(kept)
        rounded += sum(_ms(t) / 1e3 != t for s, *_ in spans for t in (s.start_s, s.end_s))
        rows.append((name, _author(track), kept))
    text = "\n".join(_lines(clip, rows)) + "\n"
    write_atomically(path, _NOT_XML.sub("\ufffd", text).encode("utf-8"))
    authors = sum(not _one_author(track) for _, track in tiers)
    return {
        **notes,
        "{n} boundaries rounded to milliseconds": rounded,
        "{n} segments shorter than a millisecond, or before 0, left out": lost,
        "{n} control characters, which XML does not allow, replaced": len(_NOT_XML.findall(text)),
        "{n} tiers have segments of several authors, which ELAN does not keep": authors,
    }


def _lines(
    clip: LabelledClip, rows: list[tuple[str, str, list[tuple[int, int, str]]]]
) -> list[str]:
    # ELAN moves the ends of annotations that share a slot together, so every end has its own.
    spans = [span[:2] for *_, kept in rows for span in kept]
    ends = sorted((time, i, side) for i, span in enumerate(spans) for side, time in enumerate(span))
    slots = {(i, side): f"ts{n}" for n, (_, i, side) in enumerate(ends, start=1)}
    properties = {
        CLIP_PROPERTY: clip.name,
        "harstudio.source": clip.path,
        "harstudio.source_fingerprint": clip.fingerprint,
        "harstudio.rate_hz": f"{clip.rate_hz:g}",
        "lastUsedAnnotationId": str(sum(len(kept) for *_, kept in rows)),
    }
    date = datetime.now(UTC).isoformat(timespec="seconds")
    root = (
        f'<ANNOTATION_DOCUMENT AUTHOR="" DATE="{date}" FORMAT="3.0" VERSION="3.0" '
        f'xmlns:xsi="{_INSTANCE}" xsi:noNamespaceSchemaLocation="{_SCHEMA}">'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        root,
        '<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">',
        *(
            f"<PROPERTY NAME={_attribute(name)}>{_content(value)}</PROPERTY>"
            for name, value in properties.items()
        ),
        "</HEADER>",
        "<TIME_ORDER>",
        *(
            f'<TIME_SLOT TIME_SLOT_ID="{slots[i, side]}" TIME_VALUE="{time}"/>'
            for time, i, side in ends
        ),
        "</TIME_ORDER>",
    ]
    number = 0
    for name, author, kept in rows:
        signed = f" ANNOTATOR={_attribute(author)}" if author else ""
        lines.append(f'<TIER LINGUISTIC_TYPE_REF="default-lt"{signed} TIER_ID={_attribute(name)}>')
        for *_, label in kept:
            lines.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number + 1}" '
                f'TIME_SLOT_REF1="{slots[number, 0]}" TIME_SLOT_REF2="{slots[number, 1]}">'
                f"<ANNOTATION_VALUE>{_content(label)}</ANNOTATION_VALUE>"
                "</ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
            number += 1
        lines.append("</TIER>")
    lines.append(
        '<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" '
        'TIME_ALIGNABLE="true"/>'
    )
    lines.append("</ANNOTATION_DOCUMENT>")
    return lines


def _ms(time_s: float) -> int:
    return round(time_s * 1e3)


def _one_author(track: LabelTrack) -> bool:
    return len({segment.author for segment in track.segments}) <= 1


def _author(track: LabelTrack) -> str:
    """Who made all of a tier, if one person did."""
    first: Segment | None = track.segments[0] if track.segments else None
    return first.author if first is not None and _one_author(track) else ""


def _content(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _attribute(text: str) -> str:
    breaks = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}
    return f'"{escape(text, breaks)}"'


FORMAT = LabelFormat("elan", "ELAN", (".eaf",), False, True, matches, read, write, ("author",))
