"""Reading ELAN's .eaf: aligned annotations, those between them, and those that refer to others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning
from harstudio.io.label_formats.base import FoundTier, Gathering, LabelFile
from harstudio.io.label_formats.xml_tree import read_xml

CLIP_PROPERTY = "harstudio.clip"
"""Header property that names the labelled clip."""

_Slots = dict[str, float | None]
_Span = tuple[float, float]


@dataclass(frozen=True)
class _Annotation:
    """One annotation: between two time slots, or a part of its `parent`."""

    id: str
    slots: tuple[str, str] | None
    parent: str
    label: str


def matches(data: bytes) -> bool:
    """Whether the file calls itself an annotation document."""
    return b"<ANNOTATION_DOCUMENT" in data[:4000].replace(b"\0", b"")


def read(path: Path, variant: str = "") -> LabelFile:
    """Every tier, dependent ones included.

    An annotation whose ends are not aligned lies evenly between those that are; one that refers to
    another has its time, or an even part of it.

    Raises
    ------
    HarstudioError
        Not such a file, frames for time units, a time slot or an annotation that is missing.
    """
    root = read_xml(path)
    with concerning(path):
        if root.tag != "ANNOTATION_DOCUMENT":
            raise HarstudioError(f"holds <{root.tag[:40]}>, expected <ANNOTATION_DOCUMENT>")
        clips = _clips(root)
        slots = _slots(root)
        tiers: dict[str, tuple[str, list[_Annotation]]] = {}
        for element in root.iter("TIER"):
            name = _required(element, "TIER_ID", "a tier")
            if name in tiers:
                raise HarstudioError(f"two tiers of the name {name!r}")
            tiers[name] = element.get("ANNOTATOR", ""), _annotations(element, name)
        found = Gathering()
        spans = _spans([annotations for _, annotations in tiers.values()], slots)
        for name, (author, annotations) in tiers.items():
            found.open(name)
            for each in annotations:
                if each.id not in spans:
                    found.count("{n} annotations without any time left out")
                    continue
                place = f"tier {name!r}, annotation {each.id}"
                found.add(name, *spans[each.id], each.label, place, author=author)
        return LabelFile(
            tuple(
                FoundTier(name, found.track(name), clips, author)
                for name, (author, _) in tiers.items()
            ),
            found.notes,
        )


def _clips(root: Element) -> tuple[str, ...]:
    header = root.find("HEADER")
    if header is None:
        return ()
    units = header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise HarstudioError(f"time units are {units[:40]!r}, expected milliseconds")
    named = [p.text or "" for p in header.iter("PROPERTY") if p.get("NAME") == CLIP_PROPERTY]
    media = [
        element.get("RELATIVE_MEDIA_URL") or element.get("MEDIA_URL") or ""
        for element in header.iter("MEDIA_DESCRIPTOR")
    ]
    return tuple(name for name in (*named, *media) if name)


def _slots(root: Element) -> _Slots:
    """Seconds of each time slot; None for one that is not aligned."""
    slots: _Slots = {}
    for element in root.iter("TIME_SLOT"):
        name = _required(element, "TIME_SLOT_ID", "a time slot")
        value = element.get("TIME_VALUE")
        try:
            slots[name] = None if value is None else int(value) / 1e3
        except ValueError:
            raise HarstudioError(
                f"time slot {name}: got {value!r:.40}, expected whole milliseconds"
            ) from None
    return slots


def _annotations(tier: Element, name: str) -> list[_Annotation]:
    result = []
    for holder in tier.iter("ANNOTATION"):
        for element in holder:
            place = f"tier {name!r}, annotation {element.get('ANNOTATION_ID', '')[:40]}"
            identity = _required(element, "ANNOTATION_ID", f"an annotation of tier {name!r}")
            value = element.find("ANNOTATION_VALUE")
            label = (value.text or "") if value is not None else ""
            if element.tag == "ALIGNABLE_ANNOTATION":
                ends = (
                    _required(element, "TIME_SLOT_REF1", place),
                    _required(element, "TIME_SLOT_REF2", place),
                )
                result.append(_Annotation(identity, ends, "", label))
            elif element.tag == "REF_ANNOTATION":
                parent = _required(element, "ANNOTATION_REF", place)
                result.append(_Annotation(identity, None, parent, label))
            else:
                raise HarstudioError(f"{place}: got <{element.tag[:40]}>")
    return result


def _spans(tiers: Iterable[list[_Annotation]], slots: _Slots) -> dict[str, _Span]:
    """Start and end of every annotation that has a time, by id."""
    spans: dict[str, _Span] = {}
    children: dict[tuple[int, str], list[str]] = {}
    known: set[str] = set()
    for tier, own in enumerate(tiers):
        aligned = _aligned([a for a in own if a.slots is not None], slots)
        for each in own:
            if each.id in known:
                raise HarstudioError(f"two annotations of the id {each.id[:40]!r}")
            known.add(each.id)
            if each.slots is None:
                children.setdefault((tier, each.parent), []).append(each.id)
            elif each.id in aligned:
                spans[each.id] = aligned[each.id]
    missing = {parent for _, parent in children} - known
    if missing:
        raise HarstudioError(f"annotation {min(missing)[:40]!r} is referred to and not there")
    waiting = children
    while waiting:  # parents first, however deep they are
        ready = {key: ids for key, ids in waiting.items() if key[1] in spans}
        if not ready:
            break
        for (_, parent), ids in ready.items():
            start_s, end_s = spans[parent]
            step_s = (end_s - start_s) / len(ids)
            for number, identity in enumerate(ids):
                spans[identity] = (start_s + number * step_s, start_s + (number + 1) * step_s)
        waiting = {key: ids for key, ids in waiting.items() if key not in ready}
    return spans


def _aligned(annotations: list[_Annotation], slots: _Slots) -> dict[str, _Span]:
    """Spans of annotations between slots; a chain of unaligned ends is spread evenly."""
    times: dict[str, float] = {}
    chain: list[str] = []
    for each in annotations:
        assert each.slots is not None
        for slot in each.slots:
            if slot not in slots:
                raise HarstudioError(f"annotation {each.id}: no time slot {slot[:40]!r}")
            if chain and chain[-1] == slot:
                continue
            chain.append(slot)
            time_s = slots[slot]
            if time_s is not None:
                times.update(_spread(chain, times, time_s))
                chain = [slot]
    return {
        a.id: (times[a.slots[0]], times[a.slots[1]])
        for a in annotations
        if a.slots is not None and a.slots[0] in times and a.slots[1] in times
    }


def _spread(chain: list[str], times: dict[str, float], end_s: float) -> dict[str, float]:
    """Times of a chain of slots of which the last is known, and perhaps the first."""
    if chain[0] not in times:
        return {chain[-1]: end_s}
    start_s, steps = times[chain[0]], len(chain) - 1
    inner = {s: start_s + (end_s - start_s) * n / steps for n, s in enumerate(chain[1:-1], start=1)}
    return {**inner, chain[-1]: end_s}


def _required(element: Element, name: str, place: str) -> str:
    value = element.get(name)
    if not value:
        raise HarstudioError(f"{place}: <{element.tag}> has no {name}")
    return value
