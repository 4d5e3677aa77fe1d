from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PySide6.QtGui import QColor

from harstudio.gui.signals.raster import coverage, image, palette


def test_a_line_on_whole_pixels_covers_them_and_no_others() -> None:
    covered = coverage(np.array([3.5]), np.array([3.5]), 8, 1.0)
    assert covered[:, 0].tolist() == [0, 0, 0, 255, 0, 0, 0, 0]


def test_a_line_between_two_pixels_is_shared_by_them() -> None:
    covered = coverage(np.array([4.0]), np.array([4.0]), 8, 1.0)
    assert abs(int(covered[3, 0]) - 128) <= 1
    assert int(covered[3, 0]) + int(covered[4, 0]) == 255


def test_a_steep_line_fills_its_column_from_end_to_end() -> None:
    covered = coverage(np.array([1.5, 6.5]), np.array([5.5, 6.5]), 8, 1.0)
    assert covered[:, 0].tolist() == [0, 255, 255, 255, 255, 255, 0, 0]


def test_a_gap_covers_nothing() -> None:
    assert not coverage(np.array([np.nan]), np.array([np.nan]), 8, 1.0).any()


@given(
    arrays.arrays(float, (6, 2), elements=st.floats(-1e9, 1e9)),
    st.integers(1, 12),
    st.floats(0.5, 6.0),
)
def test_wherever_the_line_goes_a_pixel_is_covered_by_its_share(
    ends: np.ndarray, height: int, width: float
) -> None:
    low, high = ends.min(axis=1), ends.max(axis=1)
    covered = coverage(low, high, height, width)
    rows = np.arange(height)[:, None]
    below = np.minimum(high + 0.5 * width, rows + 1) - np.maximum(low - 0.5 * width, rows)
    np.testing.assert_allclose(covered / 255.0, np.clip(below, 0.0, 1.0), atol=2.5 / 255)


def test_the_picture_has_the_colour_where_the_line_is() -> None:
    covered = coverage(np.array([0.5, np.nan]), np.array([0.5, np.nan]), 2, 1.0)
    picture = image(covered, palette(QColor("#56A8F0")), 1.0)
    assert picture.pixelColor(0, 0).name().upper() == "#56A8F0"
    assert picture.pixelColor(1, 0).alpha() == 0
    assert picture.pixelColor(0, 1).alpha() == 0
