"""Label Studio's JSON: tasks with annotations of time series, and choices for a whole clip.

Sources: Label Studio's task format (JSON and JSON_MIN) and its TimeSeriesLabels tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from harstudio.core.labels import Segment
from harstudio.core.project import PREDICTED
from harstudio.io.files import concerning, write_atomically
from harstudio.io.label_formats.base import (
    DETAILS,
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
    unix_seconds,
)
from harstudio.io.label_formats.json_values import listing, mapping, number, read_json, text

SERIES, CHOICES = "timeserieslabels", "choices"

_UPLOAD = re.compile(r"^[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""


def matches(data: bytes) -> bool:
    """Whether the file has tasks with annotations, predictions or labelled ranges."""
    keys = (b'"annotations"', b'"completions"', b'"predictions"', b'"timeserieslabels"')
    return any(key in data for key in keys) and b'"feat_p"' not in data


def read(path: Path, variant: str = "") -> LabelFile:
    """Every annotation and prediction of every task as a tier.

    Times may be seconds, Unix times in ms, or dates. Choices without times label the whole clip.

    Raises
    ------
    HarstudioError
        Not such a file; names the task and the result.
    """
    value = read_json(path)
    with concerning(path):
        tasks = value if isinstance(value, list) else [value]
        found = Gathering()
        tiers: list[FoundTier] = []
        for i, each in enumerate(tasks, start=1):
            place = f"task {i}"
            task = mapping(each, place)
            clips = _clips(task, place)
            for name, author, results in _annotations(task, place):
                tiers.append(_tier(name, author, results, clips, (i, len(tiers)), place, found))
        return LabelFile(tuple(tiers), found.notes)


def _clips(task: Mapping[str, object], place: str) -> tuple[str, ...]:
    """What the task's data calls the clip."""
    data = task.get("data")
    fields = mapping(data, f"{place}, data") if data is not None else task
    others = [v for v in fields.values() if isinstance(v, str) and ("/" in v or "." in v)]
    result: list[str] = []
    for each in (fields.get("clip"), task.get("file_upload"), *others):
        if not isinstance(each, str) or not each.strip():
            continue
        last = PurePosixPath(each.partition("?")[0]).name
        bare = _UPLOAD.sub("", last)
        result += [text(each, place), *([text(bare, place)] if bare not in (each, "") else [])]
    return tuple(dict.fromkeys(result))


def _annotations(
    task: Mapping[str, object], place: str
) -> Iterator[tuple[str, str, Sequence[object]]]:
    """(tier's name, author, results) of all annotations, or of a task of JSON_MIN."""
    full = [k for k in ("annotations", "completions", "predictions") if k in task]
    if not full:
        yield "", text(_author(task.get("annotator")), place), list(_minimal(task))
        return
    for key in full:
        items = listing(task[key], f"{place}, {key}")
        for i, each in enumerate(items, start=1):
            where = f"{place}, {key} {i}"
            item = mapping(each, where)
            author = _author(item.get("completed_by") or item.get("model_version"))
            plain = "predictions" if key == "predictions" else "annotations"
            name = text(item.get("tier"), f"{where}, tier") or author
            if not name and len(items) > 1:
                name = f"{plain} {i}"
            yield name, text(author, where), listing(item.get("result", []), f"{where}, result")


def _author(value: object) -> str:
    """Who made an annotation: an e-mail address, a name, or a number."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _minimal(task: Mapping[str, object]) -> Iterator[object]:
    """Results of a task in JSON_MIN, where each tag's values stand by the tag's name."""
    for value in task.values():
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict) and (SERIES in each or CHOICES in each):
                yield {"value": each}


def _tier(
    name: str,
    author: str,
    results: Sequence[object],
    clips: tuple[str, ...],
    key: tuple[int, int],
    place: str,
    found: Gathering,
) -> FoundTier:
    found.open(key)
    whole: list[str] = []
    for i, each in enumerate(results, start=1):
        where = f"{place}, result {i}"
        result = mapping(each, where)
        value = mapping(result.get("value", {}), f"{where}, value")
        labels = value.get(SERIES, value.get(CHOICES))
        if labels is None:
            found.count("{n} results that are no labels left out")
            continue
        names = [text(label, where) for label in listing(labels, where)]
        if "start" not in value and "end" not in value:
            whole += [label.strip() for label in names if label.strip()]
            continue
        start_s = _seconds(value.get("start"), f"{where}, start")
        end_s = _seconds(value.get("end", value.get("start")), f"{where}, end")
        meta = mapping(result.get("meta") or {}, f"{where}, meta")
        notes, score = meta.get("text") or [], result.get("score")
        for label in names:
            found.add(
                key, start_s, end_s, label, where,
                confidence=1.0 if score is None else number(score, f"{where}, score"),
                author=text(meta.get("author"), where) or author,
                note="; ".join(text(n, where) for n in listing(notes, f"{where}, meta text")),
                start_soft_s=number(meta.get("start_soft_s", 0.0), where),
                end_soft_s=number(meta.get("end_soft_s", 0.0), where),
            )  # fmt: skip
    return FoundTier(name, found.track(key), clips, author, tuple(dict.fromkeys(whole)))


def _seconds(value: object, place: str) -> float:
    """Seconds of a number, or of a date (UTC where it has no time zone)."""
    if isinstance(value, str):
        try:
            date = datetime.fromisoformat(value.strip())
        except ValueError:
            pass
        else:
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    return unix_seconds(number(value, place))


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write a task per clip; tiers are its annotations, predicted ones its predictions.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    tasks = [_task(number_of, clip) for number_of, clip in enumerate(clips, start=1)]
    write_atomically(path, json.dumps(tasks, ensure_ascii=False, indent=1).encode("utf-8"))
    return {}


def _task(identity: int, clip: LabelledClip) -> dict[str, object]:
    made: dict[str, list[object]] = {"annotations": [], "predictions": []}
    for i, (name, track) in enumerate(clip.tiers, start=1):
        results = [_result(s, f"{identity}_{i}_{n}") for n, s in enumerate(track.segments)]
        key = "predictions" if name == PREDICTED else "annotations"
        named = {"model_version": name} if name == PREDICTED else {}
        made[key].append({"result": results, **named, "tier": name})
    data = {
        "clip": clip.name,
        "source": clip.path,
        "source_fingerprint": clip.fingerprint,
        "duration_s": clip.duration_s,
        "rate_hz": clip.rate_hz,
        "subject": clip.subject,
    }
    return {"id": identity, "data": data, **made}


def _result(segment: Segment, identity: str) -> dict[str, object]:
    meta: dict[str, object] = {"text": [segment.note]} if segment.note else {}
    for key in ("author", "start_soft_s", "end_soft_s"):
        if getattr(segment, key):
            meta[key] = getattr(segment, key)
    value = {
        "start": segment.start_s,
        "end": segment.end_s,
        "instant": False,
        SERIES: [segment.label],
    }
    return {
        "id": identity,
        "from_name": "label",
        "to_name": "ts",
        "type": SERIES,
        "value": value,
        **({"score": segment.confidence} if segment.confidence != 1.0 else {}),
        **({"meta": meta} if meta else {}),
    }


FORMAT = LabelFormat(
    "label-studio", "Label Studio", (".json",), True, True, matches, read, write, tuple(DETAILS)
)
