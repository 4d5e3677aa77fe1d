"""What the window remembers between two starts. Plain text and Qt's own bytes, never pickles."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path, user_documents_path
from PySide6.QtCore import QByteArray, QSettings

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.gui.annotating.reaction import LONGEST_S
from harstudio.store.serial import from_json, parsed, to_json

_RECENT = 8


@dataclass(frozen=True)
class _Layouts:
    layouts: tuple[SensorLayout, ...]


class Settings:
    """Theme, author, keys, recent projects, layout per workspace, own sensor layouts."""

    def __init__(self, path: Path | None = None) -> None:
        own = os.environ.get("HARSTUDIO_CONFIG")
        folder = Path(own) if own else user_config_path("harstudio", appauthor=False)
        self._store = QSettings(str(path or folder / "harstudio.ini"), QSettings.Format.IniFormat)

    def _text(self, key: str, default: str) -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    @property
    def theme(self) -> str:
        return self._text("theme", "system")

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def author(self) -> str:
        """Name that edits are signed with: as set, or the login name."""
        return self._text("author", "") or _login()

    @author.setter
    def author(self, name: str) -> None:
        self._store.setValue("author", name)

    @property
    def reaction_s(self) -> float | None:
        """How long the person takes from seeing to pressing, s; None until measured or typed."""
        try:
            reaction_s = float(self._text("reaction_s", ""))
        except ValueError:
            return None
        return reaction_s if 0 <= reaction_s <= LONGEST_S else None

    @reaction_s.setter
    def reaction_s(self, reaction_s: float) -> None:
        if not 0 <= reaction_s <= LONGEST_S:
            raise HarstudioError(f"reaction time: got {reaction_s} s, expected 0 to {LONGEST_S:g}")
        self._store.setValue("reaction_s", f"{reaction_s:.3f}")

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The shortcuts that a person chose, by command; what cannot be read counts as none."""
        try:
            kept = parsed(self._text("keys", "{}"), "keys")
        except HarstudioError:
            return {}
        if not isinstance(kept, dict):
            return {}
        return {
            str(command): tuple(keys)
            for command, keys in kept.items()
            if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }

    @keys.setter
    def keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self._store.setValue("keys", json.dumps({command: list(k) for command, k in keys.items()}))

    @property
    def workspace(self) -> str:
        return self._text("workspace", "review")

    @workspace.setter
    def workspace(self, name: str) -> None:
        self._store.setValue("workspace", name)

    @property
    def demo_folder(self) -> Path:
        """Where the demo project is made."""
        own = os.environ.get("HARSTUDIO_DEMO")
        return Path(own) if own else user_documents_path() / "harstudio-demo"

    @property
    def recent(self) -> list[Path]:
        """Project files opened lately, the latest first."""
        lines = self._text("recent", "").split("\n")
        return [Path(line) for line in lines if line]

    def opened(self, path: Path) -> None:
        """Put a project file on top of the recent ones."""
        rest = [p for p in self.recent if p != path]
        lines = [str(p) for p in [path, *rest][:_RECENT]]
        self._store.setValue("recent", "\n".join(lines))

    def layout(self, workspace: str) -> tuple[QByteArray, QByteArray]:
        """Window geometry and dock state of a workspace; empty if never stored."""
        geometry = self._store.value("geometry", QByteArray())
        state = self._store.value(f"layout/{workspace}", QByteArray())
        empty = QByteArray()
        return (
            geometry if isinstance(geometry, QByteArray) else empty,
            state if isinstance(state, QByteArray) else empty,
        )

    def keep_layout(self, workspace: str, geometry: QByteArray, state: QByteArray) -> None:
        """Remember a workspace's arrangement."""
        self._store.setValue("geometry", geometry)
        self._store.setValue(f"layout/{workspace}", state)

    def choice(self, view: str) -> str:
        """What a view was last asked to show, in the view's own words; empty if never stored."""
        return self._text(f"view/{view}", "")

    def keep_choice(self, view: str, words: str) -> None:
        """Remember what a view is asked to show."""
        self._store.setValue(f"view/{view}", words)

    @property
    def sensor_layouts(self) -> dict[str, SensorLayout]:
        """The person's own sensor layouts by name; what cannot be read counts as none."""
        try:
            kept = parsed(self._text("sensor_layouts", "[]"), "sensor layouts")
            found = from_json(_Layouts, {"layouts": kept}, "sensor layouts").layouts
        except HarstudioError:
            return {}
        return {layout.name: layout for layout in found}

    def keep_sensor_layout(self, layout: SensorLayout) -> None:
        """Add a layout, or replace the one of its name."""
        self._write_layouts({**self.sensor_layouts, layout.name: layout})

    def forget_sensor_layout(self, name: str) -> None:
        """Remove a layout by name, if there is one."""
        self._write_layouts({n: each for n, each in self.sensor_layouts.items() if n != name})

    def _write_layouts(self, layouts: dict[str, SensorLayout]) -> None:
        data = [to_json(layout) for layout in layouts.values()]
        self._store.setValue("sensor_layouts", json.dumps(data))

    def save(self) -> None:
        """Write to disk now."""
        self._store.sync()


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone"
