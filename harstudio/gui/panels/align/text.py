"""What the Align dock says of an alignment, and how well each number is known."""

from __future__ import annotations

from html import escape

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.imu import Quaternion
from harstudio.core.timebase import Alignment

_UNKNOWN = "unknown"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and a minus as wide as the plus."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def spread_text(value: float | None, unit: str, scale: float = 1.0) -> str:
    """An uncertainty times `scale` to two digits; below a tenth of its unit just that."""
    if value is None:
        return _UNKNOWN
    value *= scale
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


def state_text(alignment: Alignment, correlation: float | None) -> str:
    """How the recording came to lie where it does, and how well magnitudes agree there."""
    if alignment.is_fitted:
        came = "Fitted; look twice" if alignment.doubt else "Fitted"
    else:
        came = "Not aligned yet" if alignment == Alignment() else "Aligned before, or by hand"
    return came if correlation is None else f"{came} · correlation {correlation:.3f}"


def start_spread(alignment: Alignment) -> str:
    """How well a fit knows the lag; empty without one."""
    if not alignment.is_fitted:
        return ""
    return f"± {spread_text(alignment.offset_sd_s, ' ms', 1000.0)}"


def drift_spread(alignment: Alignment) -> str:
    """How well a fit knows the drift; empty without one."""
    if not alignment.is_fitted:
        return ""
    sd = alignment.drift_sd_ppm
    return "not fitted" if sd is None else f"± {spread_text(sd, ' ppm')}"


def mounting_html(alignment: Alignment, faint: str) -> str:
    """A table of each sensor's mounting rotation; empty where none is known.

    Parameters
    ----------
    faint : str
        Colour of what is said beside.
    """
    rows = []
    for name, quaternion in alignment.mounting_wxyz:
        spread = ""
        if alignment.rotations_sd_rad:
            spread = " ± " + spread_text(alignment.mounting_sd_rad(name), "°", 180.0 / np.pi)
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
