"""Fixtures that every part of the tests shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine must not fail a property; how long an example takes is no fact about the code.
settings.register_profile("harstudio", deadline=None)
settings.load_profile("harstudio")

ROOT = Path(__file__).resolve().parent.parent


def real_data_folder() -> Path | None:
    """The folder of real recordings, or None where it is absent."""
    folder = Path(os.environ.get("HARSTUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real recordings; the test is skipped where there are none."""
    folder = real_data_folder()
    if folder is None:
        pytest.skip("no real recordings here: set HARSTUDIO_TEST_DATA to their folder")
    return folder
