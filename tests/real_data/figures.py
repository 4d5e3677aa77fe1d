"""Small figures as SVG, so that the proof needs no plotting library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
    'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
)
_LEFT, _TOP, _ROW, _WIDTH = 64, 28, 110, 860


def write_matrix(path: Path, labels: Sequence[str], counts: NDArray[np.int64], title: str) -> None:
    """A confusion matrix: counts on the share of their row as shade."""
    cell, left, top = 56, 150, 120
    size = cell * len(labels)
    parts = [_HEAD.format(w=left + size + 20, h=top + size + 20)]
    parts.append(f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>')
    parts.append('<text x="8" y="38">rows = actual, columns = predicted</text>')
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, label in enumerate(labels):
        y = top + row * cell
        parts.append(f'<text x="{left - 8}" y="{y + 32}" text-anchor="end">{escape(label)}</text>')
        x = left + row * cell + 28
        parts.append(
            f'<text transform="translate({x},{top - 8}) rotate(-45)">{escape(label)}</text>'
        )
        for column in range(len(labels)):
            x, share = left + column * cell, float(shares[row, column])
            colour = "white" if share > 0.5 else "black"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="#0072B2" '
                f'fill-opacity="{share:.3f}" stroke="#ccc"/>'
                f'<text x="{x + 28}" y="{y + 32}" text-anchor="middle" fill="{colour}">'
                f"{counts[row, column]}</text>"
            )
    _write(path, parts)


def write_curves(
    path: Path,
    times_s: NDArray[np.float64],
    rows: Mapping[str, Sequence[tuple[str, NDArray[np.float64]]]],
    title: str,
    spans: Sequence[tuple[float, float, str, str]] = (),
) -> None:
    """Stacked signals over time.

    Parameters
    ----------
    rows : mapping of axis title to (colour, values (T,)) curves
    spans : (start_s, end_s, label, colour), drawn behind the curves
    """
    height = _TOP + _ROW * len(rows) + 40
    parts = [_HEAD.format(w=_LEFT + _WIDTH + 16, h=height)]
    parts.append(f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>')
    start, end = float(times_s[0]), float(times_s[-1])

    def x_of(time_s: float) -> float:
        return _LEFT + _WIDTH * (time_s - start) / (end - start)

    bottom = _TOP + _ROW * len(rows)
    for first, last, label, colour in spans:
        x, width = x_of(max(first, start)), x_of(min(last, end)) - x_of(max(first, start))
        parts.append(
            f'<rect x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{bottom - _TOP}" '
            f'fill="{colour}" fill-opacity="0.18"/>'
            f'<text x="{x + 4:.1f}" y="{bottom - 6}">{escape(label)}</text>'
        )
    for number, (name, curves) in enumerate(rows.items()):
        values = np.concatenate([curve[np.isfinite(curve)] for _, curve in curves])
        low, high = float(values.min()), float(values.max())
        base, scale = _TOP + _ROW * (number + 1) - 8, (_ROW - 16) / max(high - low, 1e-9)
        parts.append(f'<text x="8" y="{base - _ROW / 2:.0f}">{escape(name)}</text>')
        parts.append(f'<text x="8" y="{base}" fill="#777">{low:.0f}</text>')
        parts.append(f'<text x="8" y="{base - _ROW + 26}" fill="#777">{high:.0f}</text>')
        for colour, curve in curves:
            points = " ".join(
                f"{x_of(float(t)):.1f},{base - (float(v) - low) * scale:.1f}"
                for t, v in zip(times_s, curve, strict=True)
                if np.isfinite(v)
            )
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
    parts.append(f'<text x="{_LEFT}" y="{bottom + 18}" fill="#777">{start:.1f} s</text>')
    parts.append(
        f'<text x="{_LEFT + _WIDTH}" y="{bottom + 18}" text-anchor="end" fill="#777">'
        f"{end:.1f} s</text>"
    )
    _write(path, parts)


def _write(path: Path, parts: list[str]) -> None:
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
