"""The tap test finds a person's reaction time, and knows which taps are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.gui.annotating.reaction import (
    FEWEST_TAPS,
    MISSED_S,
    TAPS,
    WARM_UPS,
    Reaction,
    cue_times,
    reaction_of,
    reaction_text,
)
from harstudio.gui.annotating.reaction_dialog import ReactionDialog
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from tests.gui.conftest import Wall

CUES_S = tuple(2.0 * n for n in range(1, 15))


def test_the_median_and_spread_are_those_of_the_taps_after_the_warm_up() -> None:
    late_s = [0.9, 0.9, 0.20, 0.21, 0.22, 0.23, 0.24, 0.25, 0.26, 0.27, 0.28, 0.29, 0.30, 0.31]
    found = reaction_of(CUES_S, [c + d for c, d in zip(CUES_S, late_s, strict=True)])
    assert found.median_s == pytest.approx(0.255)
    assert found.spread_s == pytest.approx(0.055)
    assert (found.count, found.anticipated, found.missed) == (12, 0, 0)
    assert found.enough


def test_guesses_and_misses_are_dropped_and_counted() -> None:
    taps_s = [c + 0.25 for c in CUES_S]
    taps_s[3] = CUES_S[3] + 0.05  # faster than anybody
    taps_s[4] = CUES_S[4] - 0.2  # before the cue
    taps_s[5] = CUES_S[5] + 1.3  # far too late
    found = reaction_of(CUES_S, sorted(taps_s))
    assert (found.count, found.anticipated, found.missed) == (9, 2, 1)
    assert found.median_s == pytest.approx(0.25)
    assert "2 too early" in reaction_text(found)
    assert "1 missed" in reaction_text(found)


def test_of_two_taps_the_first_counts() -> None:
    taps_s = sorted([c + 0.3 for c in CUES_S] + [c + 0.5 for c in CUES_S])
    assert reaction_of(CUES_S, taps_s).median_s == pytest.approx(0.3)


def test_without_taps_there_is_no_figure() -> None:
    found = reaction_of(CUES_S, [])
    assert (found.median_s, found.count, found.missed) == (0.0, 0, 12)
    assert not found.enough
    assert "too few" in reaction_text(found)


@given(st.floats(0.1, 0.99), st.integers(0, 50))
def test_a_person_of_constant_delay_has_that_median(delay_s: float, seed: int) -> None:
    cues_s = cue_times(seed)
    found = reaction_of(cues_s, [c + delay_s for c in cues_s])
    assert found.count + found.anticipated == TAPS
    if found.count:
        assert found.median_s == pytest.approx(delay_s)


def test_cues_come_at_pauses_that_differ_and_are_the_same_for_a_seed() -> None:
    pauses_s = np.diff((0.0, *cue_times(3)))
    assert len(pauses_s) == WARM_UPS + TAPS
    assert cue_times(3) == cue_times(3) != cue_times(4)
    assert min(pauses_s) > MISSED_S
    assert np.std(pauses_s) > 0.2


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme, wall: Wall) -> ReactionDialog:
    result = ReactionDialog(theme, None, 7, wall=wall)
    qtbot.addWidget(result)
    result.show()
    return result


def run_test(dialog: ReactionDialog, wall: Wall, qtbot: QtBot, delays_s: list[float]) -> Reaction:
    """Cues as they come, each answered after so long; nan is not at all."""
    found: list[Reaction] = []
    dialog.strip.finished.connect(found.append)
    dialog.strip.start()
    for delay_s in delays_s:
        wall.now += 2.0
        dialog.strip.advance()
        dialog.strip.grab()  # the cue counts from when it is painted
        if np.isnan(delay_s):
            dialog.strip.advance()
            continue
        wall.now += delay_s
        qtbot.keyClick(dialog.strip, Qt.Key.Key_Space)
    return found[0]


def test_the_dialog_measures_what_the_hand_does(
    dialog: ReactionDialog, wall: Wall, qtbot: QtBot
) -> None:
    found = run_test(dialog, wall, qtbot, [0.5, 0.5, *([0.24] * 11), np.nan])
    assert found.median_s == pytest.approx(0.24)
    assert (found.count, found.missed) == (11, 1)
    assert dialog.value_s == pytest.approx(0.24)
    assert "240 ms" in dialog.found.text()


def test_too_few_taps_change_no_value(dialog: ReactionDialog, wall: Wall, qtbot: QtBot) -> None:
    delays_s = [0.3] * (WARM_UPS + FEWEST_TAPS - 1)
    run_test(dialog, wall, qtbot, [*delays_s, *([np.nan] * (TAPS + WARM_UPS - len(delays_s)))])
    assert dialog.value_s == 0.0
    assert "too few" in dialog.found.text()


def test_space_starts_the_test_and_leaving_stops_it(dialog: ReactionDialog, qtbot: QtBot) -> None:
    qtbot.keyClick(dialog.strip, Qt.Key.Key_Space)
    assert dialog.strip.running
    dialog.reject()
    assert not dialog.strip.running


def test_it_is_off_until_measured_and_survives_a_restart(tmp_path: Path, qapp: object) -> None:
    settings = Settings(tmp_path / "s.ini")
    assert settings.reaction_s is None
    settings.reaction_s = 0.245
    settings.save()
    assert Settings(tmp_path / "s.ini").reaction_s == 0.245
    with pytest.raises(HarstudioError, match="0 to 1"):
        settings.reaction_s = 1.5
    for nonsense in ("soon", "nan", "-1", "7"):
        settings._store.setValue("reaction_s", nonsense)
        assert settings.reaction_s is None
