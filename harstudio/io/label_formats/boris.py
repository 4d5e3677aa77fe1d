"""BORIS project files: an ethogram, and observations with state and point events.

A state is two events of the same subject and behaviour: the first starts it, the next ends it.

Source: project files of BORIS 7 and 8 (project_format_version 7.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE
from harstudio.io.files import concerning, write_atomically
from harstudio.io.label_formats.base import (
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
    unique,
)
from harstudio.io.label_formats.json_values import (
    listing,
    mapping,
    number,
    read_json,
    storable,
    text,
)

BEHAVIOUR, WITH_MODIFIERS = "behaviour", "modifiers"

_Row = tuple[float, str, str, str, str]

_EVENT_CELLS = 5
"""Time, subject, behaviour, modifiers, comment; newer files add a frame."""


def matches(data: bytes) -> bool:
    """Whether the file has an ethogram and observations."""
    return b'"behaviors_conf"' in data and b'"observations"' in data


def read(path: Path, variant: str = "") -> LabelFile:
    """Every subject of every observation as a tier.

    Parameters
    ----------
    variant : str
        ``behaviour`` (unless told): labels are behaviours, modifiers go into the note.
        ``modifiers``: a behaviour with other modifiers is another label.

    Raises
    ------
    HarstudioError
        Not such a file; names the observation and the event.
    """
    value = read_json(path)
    with concerning(path):
        project = mapping(value, "the file")
        points = _point_behaviours(project)
        found = Gathering()
        tiers: list[FoundTier] = []
        observations = mapping(project.get("observations"), "observations")
        for name, each in observations.items():
            observation = mapping(each, f"observation {storable(name, 'observations')!r}")
            events = list(_events(name, observation))
            subjects = dict.fromkeys(event.subject for event in events)
            for subject in subjects:
                own = [event for event in events if event.subject == subject]
                _gather((name, subject), own, points, variant == WITH_MODIFIERS, found)
                track = found.track((name, subject))
                tiers.append(FoundTier(subject, track, _clips(name, observation)))
            if not subjects:
                found.count("{n} observations without events")
        return LabelFile(tuple(tiers), found.notes)


@dataclass(frozen=True)
class _Event:
    time_s: float
    subject: str
    behaviour: str
    modifiers: str
    comment: str
    place: str


def _point_behaviours(project: Mapping[str, object]) -> set[str]:
    """Behaviours that have no length."""
    points = set()
    for key, each in mapping(project.get("behaviors_conf"), "behaviors_conf").items():
        place = f"behaviors_conf {key}"
        behaviour = mapping(each, place)
        if text(behaviour.get("type"), f"{place}, type").lower().startswith("point"):
            points.add(text(behaviour.get("code"), f"{place}, code").strip())
    return points


def _clips(name: str, observation: Mapping[str, object]) -> tuple[str, ...]:
    """The observation's name, and those of its media files."""
    files = observation.get("file")
    players = files.values() if isinstance(files, dict) else ()
    media = [m for player in players if isinstance(player, list) for m in player]
    return (name, *(text(m, f"observation {name!r}, file") for m in media if isinstance(m, str)))


def _events(name: str, observation: Mapping[str, object]) -> Iterator[_Event]:
    """The events of an observation on its media's clock, in order of time."""
    place = f"observation {name!r}"
    offset_s = number(observation.get("time offset") or 0.0, f"{place}, time offset")
    events = []
    for i, each in enumerate(listing(observation.get("events"), f"{place}, events"), start=1):
        where = f"{place}, event {i}"
        cells = listing(each, where)
        if len(cells) < _EVENT_CELLS - 1:
            raise HarstudioError(f"{where}: {len(cells)} cells, expected {_EVENT_CELLS}")
        time_s = number(cells[0], f"{where}, time") - offset_s
        texts = [text(cell, where).strip() for cell in cells[1:_EVENT_CELLS]]
        subject, behaviour, modifiers, comment = (*texts, "")[:4]
        modifiers = "" if modifiers == "None" else modifiers
        events.append(_Event(time_s, subject, behaviour, modifiers, comment, where))
    yield from sorted(events, key=lambda event: event.time_s)


def _gather(
    tier: tuple[str, str],
    events: Sequence[_Event],
    points: set[str],
    with_modifiers: bool,
    found: Gathering,
) -> None:
    """Pair the states of one subject, keep its points, count what has no end."""
    found.open(tier)
    started: dict[tuple[str, str], _Event] = {}
    for event in events:
        shown = f" ({event.modifiers})" if with_modifiers and event.modifiers else ""
        label = event.behaviour + shown
        key = (event.behaviour, event.modifiers)
        if event.behaviour in points:
            note = _note(event, event.comment, with_modifiers)
            found.add(tier, event.time_s, event.time_s, label, event.place, note=note)
        elif key not in started:
            started[key] = event
        elif started[key].time_s == event.time_s:
            del started[key]
            found.count("{n} states that end as they begin left out")
        else:
            start = started.pop(key)
            note = _note(event, start.comment or event.comment, with_modifiers)
            found.add(tier, start.time_s, event.time_s, label, event.place, note=note)
    for _ in started:
        found.count("{n} states that never end left out")


def _note(event: _Event, comment: str, with_modifiers: bool) -> str:
    modifiers = "" if with_modifiers else event.modifiers
    return "; ".join(part for part in (modifiers, comment) if part)


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write clips as observations and tiers as subjects, with every label a state.

    Segments of one label that overlap would pair up wrongly: they go to a further subject.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    subjects: dict[str, None] = {}
    observations: dict[str, object] = {}
    split = 0
    for clip in clips:
        rows: list[_Row] = []
        taken: set[str] = set()
        for name, track in clip.tiers:
            parts = _paired_safely(track)
            split += len(parts) - 1
            for part in parts:
                subject = unique("" if name == MINE and "" not in taken else name, taken)
                taken.add(subject)
                rows += _rows(subject, part)
        subjects.update(dict.fromkeys(sorted(taken - {""})))
        rows.sort(key=lambda row: row[0])
        observations[unique(clip.name, observations)] = _observation(clip, rows)
    labels = dict.fromkeys(s.label for c in clips for _, track in c.tiers for s in track.segments)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "project_name": path.stem,
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(i): {"key": "", "name": name, "description": ""} for i, name in enumerate(subjects)
        },
        "behaviors_conf": {str(i): _behaviour(label) for i, label in enumerate(labels)},
        "observations": observations,
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_atomically(path, json.dumps(project, ensure_ascii=False, indent=1).encode("utf-8"))
    return {"{n} further subjects hold segments that overlap others of their label": split}


def _paired_safely(track: LabelTrack) -> list[LabelTrack]:
    """A track as tracks in each of which segments of the same label do not overlap."""
    parts: list[dict[str, float]] = []
    segments: list[list[int]] = []
    for i, segment in enumerate(track.segments):
        free = (
            n for n, ends in enumerate(parts) if ends.get(segment.label, -1e18) <= segment.start_s
        )
        place = next(free, len(parts))
        if place == len(parts):
            parts.append({})
            segments.append([])
        parts[place][segment.label] = segment.end_s
        segments[place].append(i)
    return [
        LabelTrack(tuple(track.segments[i] for i in part), track.overlapping) for part in segments
    ] or [track]


def _rows(subject: str, track: LabelTrack) -> list[_Row]:
    return [
        (time_s, subject, segment.label, "", segment.note if start else "")
        for segment in track.segments
        for start, time_s in ((True, segment.start_s), (False, segment.end_s))
    ]


def _observation(clip: LabelledClip, rows: list[_Row]) -> dict[str, object]:
    return {
        "file": {},
        "type": "LIVE",
        "date": "1970-01-01T00:00:00",
        "description": f"{clip.path} {clip.fingerprint} {clip.rate_hz:g} Hz".strip(),
        "time offset": 0.0,
        "events": rows,
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "scan_sampling_time": 0,
        "start_from_current_time": False,
        "start_from_current_epoch_time": False,
        "media_info": {"length": {clip.name: clip.duration_s}},
    }


def _behaviour(label: str) -> dict[str, object]:
    return {
        "type": "State event",
        "key": "",
        "code": label,
        "description": "",
        "color": "",
        "category": "",
        "modifiers": "",
        "excluded": "",
        "coding map": "",
    }


FORMAT = LabelFormat(
    "boris", "BORIS", (".boris", ".json"), True, True, matches, read, write, ("note",),
    read_variants=(BEHAVIOUR, WITH_MODIFIERS),
)  # fmt: skip
