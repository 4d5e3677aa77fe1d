"""BABEL: one JSON file with the labels of many AMASS motions; overlaps are legal.

Source: Punnakkal et al. 2021, BABEL (CVPR); files train, val, test, extra_train, extra_val.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.files import concerning, write_atomically
from harstudio.io.label_formats.base import (
    DETAILS,
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
)
from harstudio.io.label_formats.json_values import (
    listing,
    mapping,
    number,
    read_json,
    storable,
    text,
)

PROCESSED, RAW, CATEGORY = "proc_label", "raw_label", "act_cat"
WHOLE, FRAMES = "sequence", "frames"

_DERIVED = "derived"
"""Marks whole-sequence labels that we made up from those with times."""

_DETAILS = ("confidence", "author", "note", "start_soft_s", "end_soft_s")


def matches(data: bytes) -> bool:
    """Whether the file has BABEL's keys."""
    return b'"feat_p"' in data and (b'"frame_ann' in data or b'"seq_ann' in data)


def read(path: Path, variant: str = "") -> LabelFile:
    """The labels of all sequences: a tier of those with times, one of those without.

    Parameters
    ----------
    variant : str
        Which of a label's names: ``proc_label`` (unless told), ``raw_label``, or ``act_cat``, of
        which a label may have several, each becoming a segment of its own.

    Raises
    ------
    HarstudioError
        Not such a file; names the sequence and the label.
    """
    field = variant or PROCESSED
    if field not in FORMAT.read_variants:
        raise HarstudioError(f"BABEL has no {field!r}", f"known: {', '.join(FORMAT.read_variants)}")
    value = read_json(path)
    with concerning(path):
        found = Gathering()
        tiers: list[FoundTier] = []
        for identity, item in mapping(value, "the file").items():
            place = f"sequence {storable(identity, 'the file')!r}"
            tiers += _read_sequence(identity, mapping(item, place), field, found)
        return LabelFile(tuple(tiers), found.notes)


def _read_sequence(
    identity: str, item: Mapping[str, object], field: str, found: Gathering
) -> Iterator[FoundTier]:
    place = f"sequence {identity!r}"
    own = text(item.get("harstudio_clip"), f"{place}, harstudio_clip")
    feature = text(item.get("feat_p"), f"{place}, feat_p")
    clips = tuple(name for name in (own, feature) if name)
    for kind, key in (("seq_ann", WHOLE), ("frame_ann", FRAMES)):
        for annotator, annotation in _annotations(item, kind, place):
            if annotation.get(_DERIVED) is True:
                continue
            name = text(annotation.get("tier"), f"{place}, tier") or key + annotator
            labels = listing(annotation.get("labels"), f"{place}, {kind}, labels")
            tier = (identity, kind, name)
            found.open(tier)
            whole: list[str] = []
            for i, each in enumerate(labels):
                where = f"{place}, {kind}, label {i}"
                entry = mapping(each, where)
                names = _names(entry, field, where)
                if not names:
                    found.count(f"{{n}} labels without {field} left out")
                elif kind == "seq_ann":
                    whole += names
                else:
                    _add(found, tier, entry, names, where)
            track = found.track(tier)
            if len(track) or whole or kind == "frame_ann":
                yield FoundTier(name, track, clips, whole=tuple(dict.fromkeys(whole)))


def _annotations(
    item: Mapping[str, object], kind: str, place: str
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """One annotation, or the several (``seq_anns``) that the extra files have, numbered."""
    if item.get(kind) is not None:
        yield "", mapping(item[kind], f"{place}, {kind}")
    several = item.get(f"{kind}s")
    if several is not None:
        for number_of, each in enumerate(listing(several, f"{place}, {kind}s"), start=1):
            if each is not None:
                yield f" {number_of}", mapping(each, f"{place}, {kind}s {number_of}")


def _names(entry: Mapping[str, object], field: str, place: str) -> list[str]:
    value = entry.get(field)
    values = value if isinstance(value, list) else [value]
    names = [text(each, f"{place}, {field}").strip() for each in values]
    return list(dict.fromkeys(name for name in names if name))


def _add(
    found: Gathering, tier: Hashable, entry: Mapping[str, object], names: list[str], place: str
) -> None:
    start_s = number(entry.get("start_t"), f"{place}, start_t")
    end_s = number(entry.get("end_t"), f"{place}, end_t")
    details = {
        "confidence": number(entry.get("confidence", 1.0), f"{place}, confidence"),
        "start_soft_s": number(entry.get("start_soft_s", 0.0), f"{place}, start_soft_s"),
        "end_soft_s": number(entry.get("end_soft_s", 0.0), f"{place}, end_soft_s"),
    }
    author = text(entry.get("author"), f"{place}, author")
    note = text(entry.get("note"), f"{place}, note")
    for name in names:
        found.add(tier, start_s, end_s, name, place, author=author, note=note, **details)


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write clips as sequences; several tiers of one as the annotations of several people.

    A label's name stands for all three of BABEL's. What BABEL has no place for (confidence,
    author, note, soft edges) stands beside it, where other readers pass over it.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    sequences = {str(i): _sequence(i, clip) for i, clip in enumerate(clips, start=1)}
    write_atomically(path, json.dumps(sequences, ensure_ascii=False, indent=1).encode("utf-8"))
    return {}


def _sequence(identity: int, clip: LabelledClip) -> dict[str, object]:
    names = dict.fromkeys(s.label for _, track in clip.tiers for s in track.segments)
    whole = [_label(name, f"{identity}_{i}") for i, name in enumerate(names)]
    tiers = [_tier(f"{identity}_{i}", *tier) for i, tier in enumerate(clip.tiers)]
    sequence: dict[str, object] = {
        "babel_sid": identity,
        "url": None,
        "feat_p": clip.path or clip.name,
        "dur": clip.duration_s,
        "harstudio_clip": clip.name,
        "source_fingerprint": clip.fingerprint,
        "rate_hz": clip.rate_hz,
    }
    derived = {"babel_lid": None, "mul_act": len(whole) > 1, "labels": whole, _DERIVED: True}
    if len(tiers) == 1:
        return {**sequence, "seq_ann": derived, "frame_ann": tiers[0]}
    return {**sequence, "seq_anns": [derived], "frame_anns": tiers}


def _tier(identity: str, name: str, track: LabelTrack) -> dict[str, object]:
    labels = [_timed(s, f"{identity}_{i}") for i, s in enumerate(track.segments)]
    return {"babel_lid": identity, "mul_act": len(labels) > 1, "tier": name, "labels": labels}


def _timed(segment: Segment, identity: str) -> dict[str, object]:
    plain = Segment(0.0, 1.0, "x")
    details = {
        key: getattr(segment, key)
        for key in _DETAILS
        if getattr(segment, key) != getattr(plain, key)
    }
    times = {"start_t": segment.start_s, "end_t": segment.end_s}
    return {**_label(segment.label, identity), **times, **details}


def _label(name: str, identity: str) -> dict[str, object]:
    return {RAW: name, PROCESSED: name, CATEGORY: [name], "seg_id": identity}


FORMAT = LabelFormat(
    "babel", "BABEL", (".json",), True, True, matches, read, write, tuple(DETAILS),
    read_variants=(PROCESSED, RAW, CATEGORY),
)  # fmt: skip
