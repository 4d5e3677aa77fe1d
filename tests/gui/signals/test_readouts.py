from __future__ import annotations

import numpy as np
import pytest

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.signals.channels import ACCELERATION, Pair
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.readouts import (
    cursor_figures,
    cursor_value,
    label_over,
    on_grid,
    readout,
)

RATE_HZ = 50.0
WALKING = LabelTrack((Segment(0.0, 19.0, "walking"),))


def motion(seconds: float = 20.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Times, and smooth noise below some 10 Hz on three axes."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal((len(times) + 4, 3))
    return times, sum(noise[i : len(times) + i] for i in range(5))


def pair_of(virtual: np.ndarray, real: np.ndarray) -> Pair:
    times = np.arange(len(real)) / RATE_HZ
    return Pair(times, virtual, real, np.ones(len(real), bool))


def figures(pair: Pair, start_s: float = 0.0, end_s: float = 20.0) -> dict[str, str]:
    return dict(readout(pair, start_s, end_s, ACCELERATION, WALKING).figures)


def test_a_constant_difference_is_the_rmse_and_costs_no_correlation() -> None:
    _, values = motion()
    said = figures(pair_of(values, values + 0.5))
    assert said["RMSE"] == "0.50 m/s2"
    assert said["r"] == "1.00"
    assert said["coherence"] == "1.00"


def test_the_nrmse_is_the_rmse_over_the_spread_of_the_real_signal() -> None:
    _, values = motion()
    said = figures(pair_of(0.0 * values + values.mean(axis=0), values))
    assert said["NRMSE"] == "1.00"


def test_the_magnitude_error_does_not_see_swapped_axes() -> None:
    _, values = motion()
    said = figures(pair_of(values[:, [1, 2, 0]], values))
    assert float(said["|a| MSE"].split()[0]) == pytest.approx(0.0, abs=1e-12)
    assert said["RMSE"] != "0.00 m/s2"


def test_a_real_signal_that_comes_three_samples_later_lags_by_60_ms() -> None:
    _, values = motion()
    late = np.roll(values, 3, axis=0)
    assert figures(pair_of(values, late))["lag"] == "+60 ms"


def test_the_figures_say_what_stretch_they_are_of() -> None:
    _, values = motion()
    words = readout(pair_of(values, values), 1.0, 5.0, ACCELERATION, WALKING)
    assert words.text.endswith("over 00:01.00-00:05.00 (walking)")
    assert "200 samples" in words.details


def test_the_details_name_what_is_normalised_and_by_what() -> None:
    _, values = motion()
    details = readout(pair_of(values, values), 0.0, 5.0, ACCELERATION, WALKING).details
    assert "standard deviation of the real signal" in details
    assert "Multi3Net+, 4.3), not normalised" in details


def test_what_cannot_be_known_is_a_dash() -> None:
    _, values = motion(0.2)
    said = figures(pair_of(values, values), 0.0, 0.2)
    assert said["coherence"] == "\N{EN DASH}"


def test_where_the_two_do_not_overlap_it_says_so() -> None:
    _, values = motion()
    words = readout(pair_of(values, values), 50.0, 60.0, ACCELERATION, WALKING)
    assert "overlap" in words.text


def test_a_figure_is_never_broken_between_lines() -> None:
    _, values = motion()
    html = readout(pair_of(values, values), 0.0, 5.0, ACCELERATION, WALKING).html("#111", "#222")
    assert len(html.replace("<span style", "<span_style").split(" ")) == 7


def test_a_pause_of_whole_periods_becomes_samples_that_are_not_valid() -> None:
    times = np.concatenate([np.arange(100), 150 + np.arange(100)]) / RATE_HZ
    values = np.ones((200, 3))
    rate_hz, virtual, _, mask = on_grid(times, values, values, np.ones(200, bool))
    assert rate_hz == pytest.approx(RATE_HZ)
    assert len(virtual) == len(mask) == 250
    assert np.flatnonzero(~mask).tolist() == list(range(100, 150))


def test_samples_at_any_times_have_no_rate() -> None:
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 200))
    values = np.ones((200, 3))
    assert on_grid(times, values, values, np.ones(200, bool))[0] is None


def test_a_stretch_over_two_labels_is_named_by_their_number() -> None:
    track = LabelTrack((Segment(0, 1, "a"), Segment(1, 2, "b")))
    assert label_over(track, 0.5, 1.5) == "2 labels"
    assert label_over(track, 0.1, 0.9) == "a"
    assert label_over(track, 5.0, 6.0) == ""


def test_two_cursors_tell_time_apart_and_its_inverse() -> None:
    text = cursor_figures(1.0, 3.5).text
    assert "B - A 2.500 s" in text
    assert "0.400 Hz" in text
    assert "Ctrl+click places B" in cursor_figures(1.0, None).text
    assert "Shift+click places A" in cursor_figures(None, 1.0).text
    assert cursor_figures(1.0, 1.0).text.endswith("\N{EN DASH}")


def test_at_the_cursors_a_curve_shows_its_difference() -> None:
    curve = Pyramid(np.arange(5.0), np.array([0.0, 1.0, 4.0, 9.0, np.nan]))
    assert cursor_value(curve, 1.1, 2.9) == "+8.00"
    assert cursor_value(curve, 2.0, None) == "4.00"
    assert cursor_value(curve, 1.0, 4.0) == ""
    assert cursor_value(curve, 1.0, 40.0) == ""
