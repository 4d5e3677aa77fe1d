"""What the Align dock says of an alignment, and how well each number is known."""

from __future__ import annotations

from html import escape

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.imu import Quaternion
from harstudio.core.timebase import Alignment
from harstudio.imu.align import AlignmentFit

_UNKNOWN = "unknown"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and a minus as wide as the plus."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def spread_text(value: float, unit: str) -> str:
    """An uncertainty to two digits; below a tenth of its unit, what is left out decides."""
    if not np.isfinite(value):
        return _UNKNOWN
    digits = f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return f"{'< 0.1' if value < 0.1 else digits}{unit}"


def axis_and_angle(quaternion: Quaternion) -> tuple[tuple[float, float, float], float]:
    """Unit axis and angle (degrees, 0 to 180) of a rotation; the x axis for none."""
    vector = rot.axis_angle_from_quaternion(np.array(quaternion))
    angle = float(np.linalg.norm(vector))
    x, y, z = (float(v) for v in vector / angle) if angle > 1e-9 else (1.0, 0.0, 0.0)
    return (x, y, z), float(np.degrees(angle))


def euler_degrees(quaternion: Quaternion) -> tuple[float, float, float]:
    """Turns about z, then the new y, then the newest x (yaw, pitch, roll), degrees."""
    m = rot.matrix_from_quaternion(np.array(quaternion))
    yaw, pitch = np.arctan2(m[1, 0], m[0, 0]), np.arcsin(np.clip(-m[2, 0], -1.0, 1.0))
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(
        np.degrees(np.arctan2(m[2, 1], m[2, 2]))
    )  # fmt: skip


def state_text(alignment: Alignment, fit: AlignmentFit | None, correlation: float | None) -> str:
    """How the recording came to lie where it does, and how well magnitudes agree there."""
    if fit is not None:
        came = "Fitted; look twice" if fit.ambiguous else "Fitted"
    else:
        came = "Not aligned yet" if alignment == Alignment() else "Aligned before, or by hand"
    return came if correlation is None else f"{came} · correlation {correlation:.3f}"


def start_spread(fit: AlignmentFit | None) -> str:
    """How well the lag is known."""
    return "" if fit is None else f"± {spread_text(fit.lag_sd_s * 1000, ' ms')}"


def drift_spread(fit: AlignmentFit | None) -> str:
    """How well the drift is known."""
    if fit is None:
        return ""
    return (
        f"± {spread_text(fit.drift_sd_ppm, ' ppm')}"
        if np.isfinite(fit.drift_sd_ppm)
        else "not fitted"
    )


def mounting_html(alignment: Alignment, fit: AlignmentFit | None, faint: str) -> str:
    """A table of each sensor's mounting rotation; empty where none is known.

    Parameters
    ----------
    fit : AlignmentFit or None
        What the alignment came from, if it is still the fit's.
    faint : str
        Colour of what is said beside.
    """
    rows = []
    for i, (name, quaternion) in enumerate(alignment.mounting_wxyz):
        spread = ""
        if fit is not None and i < len(fit.rotations_sd_rad):
            spread = " ± " + spread_text(float(np.degrees(fit.rotations_sd_rad[i])), "°")
        axis, angle = axis_and_angle(quaternion)
        about = ", ".join(signed(value, 2) for value in axis)
        turns = ", ".join(f"{signed(value, 1)}°" for value in euler_degrees(quaternion))
        rows.append(
            f"<tr><td style='color: {faint}; padding-right: 8px'>"
            f"{escape(name.replace('_', ' '))}</td>"
            f"<td>{angle:.1f}°{escape(spread)}<br>"
            f"<span style='color: {faint}'>about ({about})<br>Euler z y x {turns}</span></td></tr>"
        )
    return f"<table cellspacing='0' cellpadding='1'>{''.join(rows)}</table>" if rows else ""
