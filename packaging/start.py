#!/usr/bin/env python3
"""Set harstudio up and start it: `start.py demo` opens the window, `start.py test` runs the tests.

Makes an environment in .venv with the pinned packages; when nothing changed since, it goes
straight on. Needs Python 3.11 or newer and nothing else; other arguments are passed on.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "harstudio-installed"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
USAGE = "usage: start.py demo [--headless DIR] [--system] | start.py test [--system] [pytest ...]"

#: What Qt and OpenGL open at run time on Linux, and the Debian or Ubuntu package it comes in.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - run by whatever Python is there
        return fail(f"Python 3.11 or newer is needed; this is {platform.python_version()}")
    if not arguments or arguments[0] not in ("demo", "test"):
        print(USAGE, file=sys.stderr)
        return 2
    verb, rest = arguments[0], arguments[1:]
    headless = verb == "demo" and any(part.split("=")[0] == "--headless" for part in rest)
    missing = [] if headless else missing_packages(for_tests=verb == "test")
    if "--system" in rest:
        rest.remove("--system")
        if missing and not install_system(missing):
            return 1
    elif missing:
        print(f"start.py: missing system packages: sudo apt-get install {' '.join(missing)}"
              "   (or add --system as root)", file=sys.stderr)  # fmt: skip
    if verb == "demo" and not headless and display_missing():
        return fail("there is no display to open a window on; `start.py demo --headless DIR` "
                    "makes the demo project without one")  # fmt: skip
    if not install("test" if verb == "test" else ""):
        return 1
    if verb == "demo":
        return run([python(), "-m", "harstudio", "demo", *rest])
    return run([*virtual_display(), python(), "-m", "pytest", *rest], cwd=ROOT)


def fail(message: str) -> int:
    print(f"start.py: {message}", file=sys.stderr)
    return 1


def run(command: list[str], **options: object) -> int:
    return subprocess.run(command, check=False, **options).returncode


def python() -> str:
    windows = os.name == "nt"
    return str(ENVIRONMENT / ("Scripts/python.exe" if windows else "bin/python"))


# -- system packages ---------------------------------------------------------------------


def missing_packages(for_tests: bool) -> list[str]:
    """Packages that this Linux lacks; other systems bring all that is needed."""
    if not sys.platform.startswith("linux"):
        return []
    packages = [package for library, package in LIBRARIES.items() if not loads(library)]
    if for_tests and display_missing():
        tools = {"Xvfb": "xvfb", "xauth": "xauth"}  # xvfb-run needs both, xvfb only suggests xauth
        packages += [package for tool, package in tools.items() if shutil.which(tool) is None]
    if not list(Path("/usr/lib").glob("**/dri/swrast_dri.so")) and not driver_present():
        packages.append("libgl1-mesa-dri")
    if not has_venv():
        packages.append(f"python3.{sys.version_info.minor}-venv")
    return packages


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def driver_present() -> bool:
    """Whether some OpenGL driver is there: Mesa's megadriver, or a maker's own."""
    patterns = ("**/libgallium*.so*", "**/dri/*_dri.so", "**/libGLX_nvidia.so*")
    return any(next(Path("/usr/lib").glob(pattern), None) for pattern in patterns)


def has_venv() -> bool:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return False
    return True


def install_system(packages: list[str]) -> bool:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return not fail(f"--system needs root and apt-get; install by hand: {' '.join(packages)}")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    return (
        run(["apt-get", "update", "-q"], **quiet) == 0
        and run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], **quiet)
        == 0
    )


def display_missing() -> bool:
    linux = sys.platform.startswith("linux")
    shown = any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    return linux and not shown


def virtual_display() -> list[str]:
    """Prefix that gives tests a screen of their own where there is none."""
    if not display_missing() or shutil.which("xvfb-run") is None:
        return []
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 +extension GLX"]


# -- environment -------------------------------------------------------------------------


def install(extra: str) -> bool:
    """Bring .venv up to date; an environment with the `test` extra also serves without it."""
    wanted = fingerprint()
    have = STAMP.read_text().split("\n") if STAMP.exists() else []
    if have[:1] == [wanted] and (not extra or extra in have[1:]) and Path(python()).exists():
        return True
    print(f"start.py: installing into {ENVIRONMENT} (minutes the first time)", file=sys.stderr)
    try:
        if not Path(python()).exists():
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, OSError) as error:
        return not fail(f"the environment could not be made ({error})")
    STAMP.unlink(missing_ok=True)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [python(), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
    pip += ["-c", str(CONSTRAINTS)]
    # torch by name and first, so that the pinned version is settled before all that needs it
    if run([*pip, pinned("torch")]) or run([*pip, "-e", target]):
        return not fail("the installation failed; see above")
    STAMP.write_text("\n".join([wanted, *([extra] if extra else [])]))
    return True


def pinned(package: str) -> str:
    lines = CONSTRAINTS.read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def fingerprint() -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
