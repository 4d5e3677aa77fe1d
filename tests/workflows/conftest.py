"""A small study: four people, two activities, and one worn sensor."""

from __future__ import annotations

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.project import Project
from tests.workflows.making import SENSORS, Study, make_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Made once; not to be changed."""
    return make_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def empty_project() -> Project:
    return Project("empty", layout_of(SENSORS))
