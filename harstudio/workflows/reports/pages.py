"""One self-contained HTML page about a run: no script, nothing fetched, light and dark.

Every name that came from a file is escaped; a content policy in the page itself keeps it from
loading anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.learn.judging.confusions import (
    COLUMN_SHARES,
    ROW_SHARES,
    by_confusion,
    most_confused,
    shares,
)
from harstudio.learn.judging.metrics import XIAO_EQ5, XIAO_EQ6
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.models import model_spec
from harstudio.learn.runs.extras import looks_text
from harstudio.learn.runs.folder import FINETUNING
from harstudio.workflows.reports.material import RunMaterial
from harstudio.workflows.reports.style import STYLE
from harstudio.workflows.reports.svg import bars_svg, curves_svg, spread_svg

_SHORT_HASH = 16
_MOST_WARNINGS = 8
"""The others are folded away."""


def run_page(material: RunMaterial, order: str = "given") -> str:
    """The page.

    Parameters
    ----------
    order : str
        Of the classes in the matrix: ``given``, or ``confusion``.
    """
    report = material.report
    body = [
        _head(material),
        _figures(material),
        _warnings(report),
        _section("Confusion", _matrices(report, order)),
        _section("Classes", _classes(report)),
        _section("How sure", _spread(material)),
        _section("Segments and boundaries", _segments(material)),
        _section("Ways to adapt", _bars(material)),
        _section("Training", _curves(material)),
        _section("Data", _parts(report)),
        _section("How it was made", _provenance(material)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(material.name)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


def _head(material: RunMaterial) -> str:
    report = material.report
    kind = "Fine-tuned run" if material.kind == FINETUNING else "Run"
    badge = f'<p class="badge">{escape(report.badge)}</p>' if report.badge else ""
    note = f'<p class="note">{escape(material.notes)}</p>' if material.notes else ""
    return (
        f"<header><p class='over'>{kind}</p><h1>{escape(material.name)}</h1>"
        f"<p>{escape(_model_title(report.model))}</p>"
        f"<p class='faint'>{escape(report.split)}; {report.total:,} windows judged; "
        f"{escape(looks_text(report.looks))}</p>{badge}{note}</header>"
    )


def _figures(material: RunMaterial) -> str:
    report, spread = material.report, material.spread
    before = material.before
    intervals = spread.intervals if spread is not None else {}
    tiles: list[str] = []
    for name, title, value, old in (
        ("macro_f1", "macro F1", report.macro_f1, before.macro_f1 if before else None),
        ("accuracy", "accuracy", report.accuracy, before.accuracy if before else None),
        (
            "balanced_accuracy", "balanced accuracy", report.balanced_accuracy,
            before.balanced_accuracy if before else None,
        ),
        ("weighted_f1", "weighted F1", report.weighted_f1, before.weighted_f1 if before else None),
        ("auc", "macro AUC, one against the rest", report.macro_auc, None),
        ("kappa", "Cohen's kappa", report.kappa, None),
    ):  # fmt: skip
        if value is None:
            continue
        below = ""
        if name in intervals:
            low, high = intervals[name]
            below = f"<span class='faint'>{low:.3f} to {high:.3f}</span>"
        if old is not None:
            below += f"<span class='faint'>before {old:.3f}</span>"
        first = " first" if not tiles else ""
        tiles.append(
            f"<div class='tile{first}'><b>{value:.3f}</b><span>{escape(title)}</span>{below}</div>"
        )
    return f"<div class='tiles'>{''.join(tiles)}</div>"


def _warnings(report: EvaluationReport) -> str:
    if not report.warnings:
        return ""
    first, rest = report.warnings[:_MOST_WARNINGS], report.warnings[_MOST_WARNINGS:]
    more = f"<details><summary>{len(rest)} more</summary>{_warned(rest)}</details>" if rest else ""
    return f"<section><h2>Before you believe it</h2>{_warned(first)}{more}</section>"


def _warned(texts: Iterable[str]) -> str:
    return f"<ul class='warnings'>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _matrices(report: EvaluationReport, order: str) -> str:
    chosen = (
        by_confusion(report.confusion) if order == "confusion" else np.arange(len(report.labels))
    )
    mistakes = most_confused(report.confusion, report.labels)
    text = "".join(
        f"<li>{escape(actual)} taken for {escape(predicted)}: {count:,} windows, "
        f"{_percent(share)} of {escape(actual)}</li>"
        for actual, predicted, count, share in mistakes
    )
    rows = _matrix(report, ROW_SHARES, list(map(int, chosen)))
    columns = _matrix(report, COLUMN_SHARES, list(map(int, chosen)))
    return (
        f"{rows}"
        + (f"<p>Largest mistakes</p><ul>{text}</ul>" if mistakes else "<p>No mistakes.</p>")
        + f"<details><summary>By predicted class (precision)</summary>{columns}</details>"
    )


def _matrix(report: EvaluationReport, unit: str, order: Sequence[int]) -> str:
    """Counts, with the share below each; the shade is the share."""
    values = shares(report.confusion, unit)
    head = "".join(
        f"<th scope='col'><span>{_breakable(report.labels[j])}</span></th>" for j in order
    )
    lines = []
    for i in order:
        cells = []
        for j in order:
            count, share = int(report.confusion[i, j]), float(values[i, j])
            title = f"actual {report.labels[i]}, predicted {report.labels[j]}: {count:,} windows"
            kind = "right" if i == j else "wrong"
            strong = " strong" if share > 0.55 else ""
            inside = f"{count:,}<small>{_percent(share)}</small>" if count else "<i>·</i>"
            cells.append(
                f"<td class='{kind}{strong}' style='--share:{100 * share:.1f}%' "
                f"title='{escape(title)}'>{inside}</td>"
            )
        total = int(report.confusion[i].sum())
        lines.append(
            f"<tr><th scope='row'>{escape(report.labels[i])}</th>{''.join(cells)}"
            f"<td class='sum'>{total:,}</td></tr>"
        )
    what = "actual class" if unit == ROW_SHARES else "predicted class"
    return (
        f"<div class='wide'><table class='matrix'><caption>rows: actual &nbsp; columns: predicted "
        f"&nbsp; {report.total:,} windows; small: share of the {what}<br>"
        f"{escape(report.split)}</caption>"
        f"<thead><tr><th class='corner'>actual \\ predicted</th>{head}<th>sum</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _classes(report: EvaluationReport) -> str:
    rows = [
        (s.label, *map(_number, (s.precision, s.recall, s.f1, s.auc)), f"{s.support:,}")
        for s in report.per_class()
    ]
    return _table(("class", "precision", "recall", "F1", "AUC", "windows"), rows)


def _spread(material: RunMaterial) -> str:
    spread = material.spread
    if spread is None or not spread.dots:
        return ""
    return f"<figure>{spread_svg(spread)}</figure><p class='faint'>{escape(spread.text)}</p>"


def _segments(material: RunMaterial) -> str:
    scores = material.segments
    if scores is None:
        return f"<p class='faint'>Not compared: {escape(material.segments_missing)}</p>"
    rows = [(f"F1 at IoU {iou:g}", _number(f1)) for iou, f1 in scores.f1]
    rows.append(
        ("segments predicted, true", f"{scores.predicted_segments:,}, {scores.true_segments:,}")
    )
    if scores.boundary_median_s is not None:
        rows += [
            ("boundary error, median", f"{scores.boundary_median_s:.2f} s"),
            ("quartiles", f"{scores.boundary_low_s:.2f} to {scores.boundary_high_s:.2f} s"),
            ("late (+) or early (-), median", f"{scores.bias_s:+.2f} s"),
            ("boundaries matched", f"{scores.boundaries:,}"),
        ]
    text = (
        "Windows vote on a timeline, which is matched with the labels segment by segment; "
        "where no window was judged nothing is compared."
    )
    return _table(("", ""), rows) + f"<p class='faint'>{text}</p>"


def _bars(material: RunMaterial) -> str:
    found = material.alternatives
    if found is None:
        return ""
    return f"<figure>{bars_svg(found)}</figure><p class='faint'>{escape(found.reason)}</p>"


def _curves(material: RunMaterial) -> str:
    noun = "trees" if material.report.model == "random_forest" else "epoch"
    noun = "step" if material.kind == FINETUNING else noun
    figures = curves_svg(material.history, noun, mark_best=noun == "epoch")
    if not figures:
        return ""
    return f"<div class='side'>{figures}</div><p class='faint'>The test part is not in these.</p>"


def _parts(report: EvaluationReport) -> str:
    rows = []
    for part, held in report.parts.items():
        subjects, clips = held.get("subjects", ()), held.get("clips", ())
        names = ", ".join(map(str, subjects)) if isinstance(subjects, (list, tuple)) else ""
        rows.append((part, f"{int(held.get('windows', 0)):,}", f"{len(clips):,}", names))
    return _table(("part", "windows", "clips", "subjects"), rows) if rows else ""


def _provenance(material: RunMaterial) -> str:
    about, report = material.about, material.report
    config, channels = about.get("config"), about.get("channels")
    config = config if isinstance(config, dict) else {}
    channels = channels if isinstance(channels, list) else []
    rows = [(str(name), _plain(value)) for name, value in config.items()]
    if isinstance(about.get("finetune"), dict):
        rows += [(f"fine-tuning: {name}", _plain(v)) for name, v in about["finetune"].items()]
    made = [
        ("started (UTC)", str(about.get("started_utc", ""))),
        ("harstudio", str(about.get("harstudio", ""))),
        ("page by", f"harstudio {harstudio.__version__}"),
        ("windows, SHA-256", str(about.get("data_sha256", ""))[:_SHORT_HASH]),
        ("split, SHA-256", str(about.get("split_sha256", ""))[:_SHORT_HASH]),
        ("channels", ", ".join(map(str, channels))),
    ]
    extras = (
        f"<dl><dt>eq. 5: {report.xiao_eq5:.3f}</dt><dd>{escape(XIAO_EQ5)}</dd>"
        f"<dt>eq. 6: {report.accuracy:.3f}</dt><dd>{escape(XIAO_EQ6)}</dd></dl>"
    )
    return (
        _table(("", ""), [row for row in made if row[1]])
        + "<details><summary>Configuration</summary>"
        + _table(("entry", "value"), rows)
        + "</details><details><summary>The figures of Xiao et al. 2020</summary>"
        + extras
        + "</details>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in header)
    lines = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if any(header) else ""
    return f"<div class='wide'><table>{top}<tbody>{''.join(lines)}</tbody></table></div>"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 or share == 0.0 else "&lt;1%"


def _breakable(name: str) -> str:
    """Escaped, and broken after an underscore rather than anywhere."""
    return escape(name).replace("_", "_<wbr>")


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _model_title(model: str) -> str:
    try:
        return model_spec(model).title
    except HarstudioError:  # of a package that is not installed here
        return model
