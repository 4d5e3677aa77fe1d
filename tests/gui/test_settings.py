"""What the window remembers, and how failures are shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor

from harstudio.core.errors import HarstudioError
from harstudio.gui import errors
from harstudio.gui.app import display_missing
from harstudio.gui.errors import ErrorReporter
from harstudio.gui.settings import Settings
from harstudio.gui.theme import DARK, LIGHT, Theme, text_on


def test_settings_survive_a_restart(tmp_path: Path, qapp: object) -> None:
    first = Settings(tmp_path / "s.ini")
    first.theme, first.author, first.workspace = "dark", "Anna", "learn"
    first.opened(tmp_path / "a.harstudio")
    first.opened(tmp_path / "b.harstudio")
    first.opened(tmp_path / "a.harstudio")
    first.keep_layout("learn", QByteArray(b"geometry"), QByteArray(b"state"))
    first.save()
    second = Settings(tmp_path / "s.ini")
    assert (second.theme, second.author, second.workspace) == ("dark", "Anna", "learn")
    assert [p.name for p in second.recent] == ["a.harstudio", "b.harstudio"]
    assert second.layout("learn") == (QByteArray(b"geometry"), QByteArray(b"state"))


def test_nonsense_in_the_settings_file_is_ignored(tmp_path: Path, qapp: object) -> None:
    (tmp_path / "s.ini").write_text("[General]\ntheme=@Invalid()\nrecent=\x00\nworkspace=7\n")
    settings = Settings(tmp_path / "s.ini")
    assert Theme(settings.theme).name == "system"
    assert settings.layout("review") == (QByteArray(), QByteArray())


def contrast(a: str, b: str) -> float:
    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
                  for c in QColor(colour).getRgbF()[:3]]  # fmt: skip
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_reads_on_its_ground(colours: object) -> None:
    for ground in ("window", "panel"):
        for ink in ("text", "faint", "harm", "good", "warning", "virtual", "real"):
            value = contrast(getattr(colours, ink), getattr(colours, ground))
            minimum = 4.0 if ink in ("virtual", "real") else 4.5
            assert value >= minimum, (ink, ground, value)
    assert contrast(colours.accent, colours.on_accent) >= 4.5


def test_ink_on_a_label_is_the_one_that_reads() -> None:
    assert text_on("#F0E442") == "#111111"
    assert text_on("#332288") == "#FFFFFF"


def test_an_expected_failure_is_a_sentence_and_a_fault_is_logged(
    tmp_path: Path, qapp: object, monkeypatch: pytest.MonkeyPatch, capsys: object
) -> None:
    shown: list[tuple[str, ...]] = []
    monkeypatch.setattr(errors, "warn", lambda _p, message, hint: shown.append((message, hint)))
    monkeypatch.setattr(errors, "show_failure", lambda _p, text, _d: shown.append((text,)))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    reporter = ErrorReporter(tmp_path)
    reporter.install()
    reporter._on_exception(HarstudioError, HarstudioError("a.csv: empty", "record more"), None)
    reporter._on_exception(ValueError, ValueError("oops"), None)
    errors.faulthandler.disable()
    reporter._crash_file.close()
    assert shown == [("a.csv: empty", "record more"), ("oops",)]
    assert "ValueError: oops" in reporter.log.read_text()
    assert reporter.last_crash() == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can lack a display")
def test_a_missing_display_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert display_missing()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert not display_missing()
