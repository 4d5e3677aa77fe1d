"""packaging/start.py: what it decides; nothing is installed here."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "packaging" / "start.py"


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, on a copy of the files it looks at, with an empty environment."""
    spec = importlib.util.spec_from_file_location("start", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "packaging").mkdir()
    for name in ("pyproject.toml", "packaging/constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "harstudio-installed")
    monkeypatch.setattr(module, "CONSTRAINTS", tmp_path / "packaging" / "constraints.txt")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    return module


class Commands:
    """Notes what would have been run; makes the environment's Python when asked for one."""

    def __init__(self, start: ModuleType, fails_on: str = "") -> None:
        self.run: list[list[str]] = []
        self._start, self._fails_on = start, fails_on

    def __call__(self, command: list[str], **options: object) -> int:
        self.run.append([str(part) for part in command])
        return int(bool(self._fails_on) and self._fails_on in " ".join(self.run[-1]))

    def create(self, place: Path, **options: object) -> None:
        self.run.append(["venv", str(place)])
        python = Path(self._start.python())
        python.parent.mkdir(parents=True)
        python.write_text("")

    def pip(self) -> list[list[str]]:
        return [command for command in self.run if "pip" in command]


@pytest.fixture
def commands(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    noted = Commands(start)
    monkeypatch.setattr(start, "run", noted)
    monkeypatch.setattr(start.venv, "create", noted.create)
    monkeypatch.setattr(start, "missing_packages", lambda for_tests: [])
    return noted


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(SCRIPT.read_text())
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names


# -- installing --------------------------------------------------------------------------


def test_the_first_start_installs_and_the_second_goes_straight_on(
    start: ModuleType, commands: Commands
) -> None:
    assert start.install("")
    assert commands.run[0] == ["venv", str(start.ENVIRONMENT)]
    assert len(commands.pip()) == 2
    commands.run.clear()
    assert start.install("")
    assert commands.run == []


def test_everything_is_installed_under_the_pinned_constraints(
    start: ModuleType, commands: Commands
) -> None:
    start.install("test")
    for command in commands.pip():
        assert command[command.index("-c") + 1] == str(start.CONSTRAINTS)
    assert commands.pip()[0][-1].startswith("torch==")
    assert commands.pip()[1][-2:] == ["-e", f"{start.ROOT}[test]"]


def test_the_tests_extra_is_added_once_and_also_serves_the_demo(
    start: ModuleType, commands: Commands
) -> None:
    start.install("")
    start.install("test")
    assert len(commands.pip()) == 4
    commands.run.clear()
    assert start.install("test")
    assert start.install("")
    assert commands.run == []


@pytest.mark.parametrize("changed", ["pyproject.toml", "packaging/constraints.txt"])
def test_a_changed_requirement_installs_again(
    start: ModuleType, commands: Commands, changed: str
) -> None:
    start.install("")
    before = start.fingerprint()
    path = start.ROOT / changed
    path.write_text(path.read_text() + "\n# changed\n")
    assert start.fingerprint() != before
    commands.run.clear()
    assert start.install("")
    assert len(commands.pip()) == 2
    assert commands.run == commands.pip()  # the environment itself stays


def test_an_environment_that_was_removed_is_made_again(
    start: ModuleType, commands: Commands
) -> None:
    start.install("")
    Path(start.python()).unlink()
    Path(start.python()).parent.rmdir()
    commands.run.clear()
    assert start.install("")
    assert commands.run[0][0] == "venv"


def test_an_installation_that_failed_is_tried_again(
    start: ModuleType,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = Commands(start, fails_on=" -e ")
    monkeypatch.setattr(start, "run", broken)
    assert not start.install("")
    assert not start.STAMP.exists()
    assert "failed" in capsys.readouterr().err
    monkeypatch.setattr(start, "run", commands)
    assert start.install("")
    assert len(commands.pip()) == 2


def test_the_pinned_version_is_read_from_the_constraints(start: ModuleType) -> None:
    assert start.pinned("torch").startswith("torch==")


# -- system packages ---------------------------------------------------------------------


@pytest.fixture
def linux(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A Linux that has everything; the names in the set are missing."""
    missing: set[str] = set()
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.setattr(start, "loads", lambda library: library not in missing)
    monkeypatch.setattr(start, "driver_present", lambda: "driver" not in missing)
    monkeypatch.setattr(start, "has_venv", lambda: "venv" not in missing)
    monkeypatch.setattr(
        start.shutil, "which", lambda name: None if name in missing else f"/usr/bin/{name}"
    )
    monkeypatch.setattr(start.Path, "glob", lambda self, pattern: iter(()))
    return missing


def test_a_complete_linux_misses_nothing(start: ModuleType, linux: set[str]) -> None:
    assert start.missing_packages(for_tests=True) == []


def test_each_missing_library_names_its_package(start: ModuleType, linux: set[str]) -> None:
    linux |= {"libxcb-cursor.so.0", "libEGL.so.1", "driver", "venv"}
    assert start.missing_packages(for_tests=False) == [
        "libegl1",
        "libxcb-cursor0",
        "libgl1-mesa-dri",
        f"python3.{sys.version_info.minor}-venv",
    ]


def test_a_virtual_screen_is_wanted_for_tests_without_a_display(
    start: ModuleType, linux: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    linux |= {"Xvfb"}
    assert "xvfb" in start.missing_packages(for_tests=True)
    assert "xvfb" not in start.missing_packages(for_tests=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert "xvfb" not in start.missing_packages(for_tests=True)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_bring_all_that_is_needed(
    start: ModuleType, linux: set[str], platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    linux |= {"libEGL.so.1", "Xvfb", "venv"}
    monkeypatch.setattr(start.sys, "platform", platform)
    assert start.missing_packages(for_tests=True) == []


def test_missing_packages_are_told_in_one_line_with_how_to_get_them(
    start: ModuleType,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(start, "missing_packages", lambda for_tests: ["libegl1", "libgl1"])
    assert start.main(["test"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "system packages" in line]
    assert len(told) == 1
    assert "sudo apt-get install libegl1 libgl1" in told[0]
    assert not any("apt-get" in command for command in commands.run)


def test_system_installs_them_with_apt_as_root(
    start: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "missing_packages", lambda for_tests: ["libegl1"])
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(start.os, "geteuid", lambda: 0, raising=False)
    assert start.main(["test", "--system", "-k", "core"]) == 0
    assert commands.run[0][:2] == ["apt-get", "update"]
    assert commands.run[1][:2] == ["apt-get", "install"]
    assert commands.run[1][-1] == "libegl1"
    assert commands.run[-1][-2:] == ["-k", "core"]  # what pytest is given, without --system
    assert "--system" not in commands.run[-1]


def test_system_without_root_says_what_to_install(
    start: ModuleType,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(start, "missing_packages", lambda for_tests: ["libegl1"])
    monkeypatch.setattr(start.os, "geteuid", lambda: 1000, raising=False)
    assert start.main(["demo", "--system"]) == 1
    assert "install by hand: libegl1" in capsys.readouterr().err
    assert commands.run == []


# -- verbs -------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display")
def test_the_demo_without_a_display_says_so_before_it_installs(
    start: ModuleType, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main(["demo"]) == 1
    told = capsys.readouterr().err
    assert "no display" in told
    assert "--headless DIR" in told
    assert commands.run == []


def test_the_headless_demo_needs_neither_display_nor_system_packages(
    start: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "missing_packages", lambda for_tests: ["libegl1"])
    assert start.main(["demo", "--headless", "there"]) == 0
    last = commands.run[-1]
    assert last == [start.python(), "-m", "harstudio", "demo", "--headless", "there"]


def test_the_exit_code_is_that_of_what_was_started(
    start: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start.install("test")
    failing = Commands(start, fails_on="pytest")
    monkeypatch.setattr(start, "run", failing)
    assert start.main(["test", "-x"]) == 1
    assert failing.run[-1][-4:] == [start.python(), "-m", "pytest", "-x"]


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_wrong_usage_shows_the_usage(
    start: ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: start.py demo")


def test_an_old_python_is_told_its_version(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start.sys, "version_info", (3, 10, 1))
    assert start.main(["demo"]) == 1
    assert "3.11 or newer" in capsys.readouterr().err


def test_it_runs_as_a_script() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
