"""A report in words: the figures that matter with their intervals, and what to know of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.learn.judging import metrics
from harstudio.learn.judging.intervals import Spread
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.segment_metrics import SegmentScores
from harstudio.learn.runs.folder import REPORT, RunFolder
from harstudio.learn.splitting.leaks import counted

_SHORT = {
    "macro_f1": "macro F1", "accuracy": "accuracy", "weighted_f1": "weighted F1",
    "balanced_accuracy": "balanced acc.",
}  # fmt: skip


def headline(
    report: EvaluationReport,
    before: EvaluationReport | None = None,
    spread: Spread | None = None,
    segments: SegmentScores | None = None,
    faint: str = "#808080",
) -> str:
    """The figures that matter in HTML: name, value, interval; then the segments."""
    cells: list[tuple[str, str, str]] = []
    for name, title in _SHORT.items():
        value = f"<b>{getattr(report, name):.3f}</b>"
        if before is not None and name in ("macro_f1", "accuracy"):
            value = f"{getattr(before, name):.3f} → {value}"
        ends = spread.intervals.get(name) if spread is not None else None
        cells.append((title, value, f"{ends[0]:.3f} – {ends[1]:.3f}" if ends else ""))
    area = report.macro_auc
    cells.append(("AUC", "–" if area is None else f"<b>{area:.3f}</b>", ""))
    rows = [
        "".join(f'<td style="color:{faint}">{name}</td>' for name, _, _ in cells),
        "".join(f"<td>{value}</td>" for _, value, _ in cells),
        "".join(f'<td style="color:{faint}"><small>{under}</small></td>' for *_, under in cells),
    ]
    used = rows if any(under for *_, under in cells) else rows[:2]
    table = "".join(f"<tr>{row}</tr>" for row in used)
    html = f'<table cellspacing="0" cellpadding="1" width="100%">{table}</table>'
    return html + (f"{_segment_line(segments, faint)}" if segments is not None else "")


def _segment_line(segments: SegmentScores, faint: str) -> str:
    marks = " / ".join(f"{f1:.2f}" for _, f1 in segments.f1)
    ious = " / ".join(f"{iou:g}".removeprefix("0") for iou, _ in segments.f1)
    line = f'<span style="color:{faint}">segment F1</span> <b>{marks}</b> '
    line += f'<span style="color:{faint}">at IoU {ious}'
    if segments.boundary_median_s is not None:
        error = f'</span><b>{segments.boundary_median_s:.2f} s</b><span style="color:{faint}">'
        line += f" · boundaries {error} off"
    return f"{line}</span>"


def subject_line(report: EvaluationReport, spread: Spread | None) -> str:
    """Of which split the figures are, over how many units the intervals, and how often looked."""
    looks = "looked at once" if report.looks == 1 else f"test part looked at {report.looks}×"
    parts = [f"{part_of(report)}, {report.total:,} windows", looks]
    if spread is not None:
        many = counted(len(spread.names), spread.unit)
        sure = f"95 % interval over {many}"
        parts.insert(1, sure if spread.intervals else f"{many}: no honest interval, each is a dot")
    return " · ".join(parts)


def part_of(report: EvaluationReport) -> str:
    """Which part of which split a report is on."""
    part = report.windows[0].part if report.windows else "test"
    split = report.split_kind.replace("_", " ")
    if split in ("subject", "clip"):
        return f"{part} part, split by {split}"
    return f"{part} part, {split}" if split else f"{part} part"


def details(
    report: EvaluationReport,
    spread: Spread | None,
    segments: SegmentScores | None,
    missing: str,
    names: Mapping[str, str],
) -> str:
    """What "More" tells, in HTML; `names` has those of the clips by their ids."""
    lines = [f"<b>Split:</b> {escape(report.split)}"]
    if spread is not None:
        lines.append(f"<b>Intervals:</b> {escape(spread.text)}")
    if spread is not None and spread.dots:
        dots = zip(spread.names, spread.dots["macro_f1"], strict=True)
        each = ", ".join(
            f"{escape(names.get(name, name)) or 'unknown'} {value:.3f}" for name, value in dots
        )
        lines.append(f"<b>Macro F1 of each {spread.unit}:</b> {each}")
    if segments is not None:
        lines.append(f"<b>Segments:</b> {escape(segments.text)}")
        if segments.bias_s is not None:
            late = "late" if segments.bias_s > 0 else "early"
            lines[-1] += f"; half of them more than {abs(segments.bias_s):.2f} s {late}"
    elif missing:
        lines.append(f"<b>Segments:</b> none compared: {escape(missing)}")
    if report.kappa is not None:
        lines.append(f"<b>Cohen's kappa</b> {report.kappa:.3f}")
    lines.append(f"<b>Eq. 5</b> {report.xiao_eq5:.3f}: {escape(metrics.XIAO_EQ5)}")
    lines.append(f"<b>Eq. 6</b> {report.accuracy:.3f}: {escape(metrics.XIAO_EQ6)}")
    parts = [
        f"{name} {int(held.get('windows', 0)):,} windows of "
        f"{counted(len(held.get('subjects', ())), 'subject')}, "
        f"{counted(len(held.get('clips', ())), 'clip')}"
        for name, held in report.parts.items()
    ]
    if parts:
        lines.append(f"<b>Parts:</b> {'; '.join(map(escape, parts))}")
    warned = plain_warnings(report)
    if len(warned) > 1:
        lines.append("<b>All warnings:</b><br>" + "<br>".join(map(escape, warned)))
    return "<br>".join(lines)


def run_line(run: RunFolder) -> str:
    """A finished run in one line: what it is called and how good it is."""
    return f"{run.title} · {_figure(run.path, (run.path / REPORT).stat().st_mtime_ns)}"


@lru_cache(maxsize=1024)
def _figure(path: Path, _changed_ns: int) -> str:
    """Read once for as long as the report is the same: it lists every window."""
    try:
        report = RunFolder(path).report()
    except HarstudioError as error:
        return f"damaged: {error.message}"
    return f"macro F1 {report.macro_f1:.3f}{' · leaks' if report.badge else ''}"


def plain_warnings(report: EvaluationReport) -> tuple[str, ...]:
    """The warnings that the red badge does not tell already."""
    told = {leak.text for leak in report.leaks if leak.flatters}
    return tuple(text for text in report.warnings if text not in told)


def warning_line(report: EvaluationReport) -> str:
    """The first warning, after how many there are."""
    warned = plain_warnings(report)
    if len(warned) < 2:
        return "".join(warned)
    return f"{len(warned)} warnings (under More), the first: {warned[0]}"
