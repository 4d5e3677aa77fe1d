"""One command checks all: style, types and import contracts are tests like any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent

CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy", "harstudio"),
    "import contracts": ("lint-imports", "--no-cache"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_code_keeps_its_own_rules(name: str) -> None:
    program, *arguments = CHECKS[name]
    result = subprocess.run(
        [SCRIPTS / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
