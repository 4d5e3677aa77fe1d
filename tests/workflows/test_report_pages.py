"""A run's page stands alone, escapes what it shows, and keeps the red badge."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.alternatives import Alternative, Alternatives
from harstudio.learn.runs.folder import EpochReport
from harstudio.learn.splitting.leaks import Leak
from harstudio.workflows.reports.files import export_report, report_json, write_material
from harstudio.workflows.reports.material import RunMaterial, gathered
from harstudio.workflows.reports.pages import run_page
from harstudio.workflows.reports.svg import nice_ticks
from harstudio.workflows.training import train_project
from tests.learn.making_reports import a_report
from tests.workflows.making import Study

NASTY = '<script>alert("1")</script> & $x$'
_VOID = {"meta", "br", "wbr"}


class Tags(HTMLParser):
    """Collects tags, and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "forest"
    config = TrainingConfig(model="random_forest", trees=30)
    finished(train_project(study.project, study.folder, config, path))
    return path


@pytest.fixture(scope="module")
def material(study: Study, run: Path) -> RunMaterial:
    return gathered(run, study.project)


def nasty() -> RunMaterial:
    """Every name that a file could hold is hostile."""
    labels = (NASTY, "b")
    rows = [
        (NASTY, f"{NASTY} {i % 6}", float(i), labels[i % 2], (0.9, 0.1) if i % 3 else (0.2, 0.8))
        for i in range(24)
    ]
    report = a_report(
        rows, labels, split=NASTY, warnings=(NASTY,), model=NASTY,
        parts={NASTY: {"windows": 24, "subjects": [NASTY], "clips": [NASTY]}},
        leaks=(Leak("subject", ("train", "test"), 1, 3, NASTY),),
    )  # fmt: skip
    bars = Alternatives(labels, NASTY, NASTY, (Alternative(NASTY, report.confusion, 1.0),))
    history = tuple(
        EpochReport(i, 1 / i, 2 / i, None, 0.5, None if i == 2 else 0.4, best=i == 3)
        for i in range(1, 6)
    )
    about = {"config": {NASTY: [NASTY]}, "channels": [NASTY], "started_utc": NASTY}
    from harstudio.learn.judging.intervals import spread

    return RunMaterial(
        NASTY, NASTY, report, about, history, spread(report), None, NASTY, None, bars, {}, NASTY
    )


def test_the_page_stands_alone_and_closes_every_tag(material: RunMaterial) -> None:
    tags = parsed(run_page(material))
    assert "script" not in tags.seen
    assert not tags.seen & {"link", "img", "iframe", "object", "embed", "base"}
    assert not {name for name, _ in tags.attributes} & {"src", "href", "srcset"}
    page = run_page(material)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_name_is_escaped() -> None:
    page = run_page(nasty())
    tags = parsed(page)
    assert "script" not in tags.seen
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 15
    assert not [name for name, _ in tags.attributes if name.startswith("on")]


def test_the_page_tells_axes_split_count_looks_and_headline(material: RunMaterial) -> None:
    page = run_page(material)
    report = material.report
    for words in (
        "rows: actual", "columns: predicted", report.split, f"{report.total:,} windows",
        f"<b>{report.macro_f1:.3f}</b><span>macro F1</span>", "looked at once",
        "Configuration", "prefers-color-scheme: dark", "eq. 5",
    ):  # fmt: skip
        assert words in page
    assert "Not compared" not in page


def test_without_the_project_the_page_says_what_is_missing(run: Path) -> None:
    assert "give the project" in run_page(gathered(run))


def test_the_badge_of_a_leaking_split_stays_in_page_json_and_figures(tmp_path: Path) -> None:
    bare = nasty()
    leaking = replace(
        bare, report=replace(bare.report, leaks=(), split_kind="random_windows", split="at random")
    )
    assert '<p class="badge">leaks: random windows' in run_page(leaking)
    assert "random windows" in str(report_json(leaking)["badge"])
    finished(write_material(leaking, tmp_path, ("svg",)))
    for path in tmp_path.glob("*.svg"):
        assert "leaks: random windows" in " ".join(path.read_text().split()), path.name
    honest = replace(bare, report=replace(bare.report, leaks=()))
    assert 'class="badge"' not in run_page(honest)


def test_order_by_confusion_moves_rows_and_columns_alike() -> None:
    labels = ("a", "b", "c", "d")
    rows = [("x", "s", float(i), "a", np.eye(4)[3] * 0.5 + 0.1) for i in range(5)]
    rows += [("x", "s", float(i), label, np.eye(4)[labels.index(label)]) for i in range(9)
             for label in "abcd"]  # fmt: skip
    material = RunMaterial("r", "training", a_report(rows, labels), {}, (), None)
    found = re.findall(r"<th scope='(col|row)'>(?:<span>)?(\w)", run_page(material, "confusion"))
    columns = [name for kind, name in found[:8] if kind == "col"]
    across = [name for kind, name in found if kind == "row"][:4]
    assert columns[:4] == across
    assert abs(across.index("a") - across.index("d")) == 1


def test_every_format_is_written_and_can_be_read(run: Path, study: Study, tmp_path: Path) -> None:
    formats = ("html", "csv", "json", "png", "svg", "pdf")
    written = finished(export_report(run, tmp_path / "out", formats, study.project))
    assert set(written) == set((tmp_path / "out").iterdir())
    names = {path.name for path in written}
    assert {"report.html", "classes.csv", "windows.csv", "confusion.csv", "report.json"} <= names
    drawn = {"confusion_counts", "confusion_row", "confusion_column", "spread", "curves"}
    assert {f"{name}.{suffix}" for name in drawn for suffix in ("png", "svg", "pdf")} <= names
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert min(image.size) > 200
        elif path.suffix == ".svg":
            ElementTree.parse(path)
        elif path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
    with (tmp_path / "out/windows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    data = json.loads((tmp_path / "out/report.json").read_text())
    assert len(rows) == sum(map(sum, data["confusion"]))
    assert {row["clip"] for row in rows} <= {c.name for c in study.project.clips.values()}
    assert data["segments"]["f1_at_iou"]["0.5"] == 1.0


def test_figures_say_actual_predicted_split_and_count(
    material: RunMaterial, tmp_path: Path
) -> None:
    finished(write_material(material, tmp_path, ("svg",), "confusion"))
    text = (tmp_path / "confusion_row.svg").read_text()
    for words in ("actual", "predicted", "windows judged", "by subject"):
        assert words in text


def test_the_same_run_gives_the_same_bytes(material: RunMaterial, tmp_path: Path) -> None:
    for name in "ab":
        finished(write_material(material, tmp_path / name, ("html", "svg", "json")))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_hostile_names_do_not_break_a_figure(tmp_path: Path) -> None:
    written = finished(write_material(nasty(), tmp_path, ("png",)))
    assert {path.stem for path in written} >= {"confusion_counts", "curves", "alternatives"}


def test_a_file_name_chooses_page_or_data(material: RunMaterial, tmp_path: Path) -> None:
    assert finished(write_material(material, tmp_path / "x.html")) == (tmp_path / "x.html",)
    assert finished(write_material(material, tmp_path / "x.json")) == (tmp_path / "x.json",)
    assert json.loads((tmp_path / "x.json").read_text())["run"] == material.name


def test_what_cannot_be_written_is_told(run: Path, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="formats: got 'gif'"):
        finished(export_report(run, tmp_path / "out", ("gif",)))
    with pytest.raises(HarstudioError, match="order: got 'size'"):
        finished(export_report(run, tmp_path / "out", ("html",), None, "size"))
    with pytest.raises(HarstudioError, match="no report"):
        finished(export_report(tmp_path, tmp_path / "out"))
    (tmp_path / "file").write_text("")
    with pytest.raises(HarstudioError, match="cannot be made"):
        finished(export_report(run, tmp_path / "file" / "out"))


@given(st.floats(-10, 10), st.floats(1e-3, 1e3))
def test_ticks_are_round_few_and_enclose(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] <= low + 1e-6 * span
    assert ticks[-1] >= low + span - 1e-6 * span
    steps = np.diff(ticks)
    assert steps == pytest.approx(steps[0])
