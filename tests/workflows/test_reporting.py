"""What a comparison leaves on disk: tables that can be read again, figures that are figures."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.cli import main
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.workflows.comparing import CALIBRATED, Comparison, compare_project
from harstudio.workflows.reports.fidelity import NOTES, csv_text, report_project, summary_text
from tests.workflows.making import Study

STARTS = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.fixture(scope="module")
def twins(study: Study) -> Comparison:
    """Two people, so that each can be calibrated on the other."""
    long = study.project.clip(study.clip_id("p4_long"))
    twin = replace(long, id="twin", name="p5_long", subject="p5")
    return finished(compare_project(study.project.with_clips([twin]), study.folder, calibrate=True))


def test_the_table_has_every_row_with_units_and_provenance(twins: Comparison) -> None:
    rows = list(csv.DictReader(csv_text(twins.rows).splitlines()))
    assert len(rows) == len(twins.rows)
    for cells, row in zip(rows, twins.rows, strict=True):
        assert cells["label"] == row.label
        assert float(cells["rmse"]) == pytest.approx(row.metrics.rmse_all, rel=1e-5)
        assert float(cells["r_z"]) == pytest.approx(row.metrics.r[2], rel=1e-5)
        assert cells["unit"] == {"acc": "m/s2", "gyro": "rad/s"}[cells["quantity"]]
        assert (cells["aligned"] == "") == (cells["clip"] == "all")


def test_a_figure_that_there_is_none_of_is_an_empty_cell(twins: Comparison) -> None:
    row = twins.rows[0]
    none = replace(row, metrics=replace(row.metrics, lag_s=float("nan")))
    (cells,) = csv.DictReader(csv_text([none]).splitlines())
    assert cells["lag_ms"] == ""


def test_the_summary_tells_what_was_compared_and_how(study: Study, tmp_path: Path) -> None:
    report = finished(report_project(study.project, study.folder, tmp_path, figures=()))
    text = summary_text(report)
    assert [path.name for path in report.files] == ["fidelity.csv", "fidelity.json"]
    assert "1 clip compared, 1 recording aligned for it" in text
    assert "left_wrist" in text
    assert "waving" in text
    data = json.loads((tmp_path / "fidelity.json").read_text())
    assert set(data["meaning"]) == set(NOTES)
    assert len(data["rows"]) == 24
    assert data["rate_hz"] == pytest.approx(60.0)


def test_an_unknown_format_is_refused_before_anything_is_read(study: Study, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="'gif', expected png, svg, pdf"):
        next(report_project(study.project, study.folder, tmp_path, figures=("gif",)))


def test_a_folder_that_cannot_be_made_is_an_error(study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(HarstudioError, match="cannot be made"):
        finished(report_project(study.project, study.folder, tmp_path / "taken", figures=()))


def test_every_figure_is_drawn_in_every_format(twins: Comparison, tmp_path: Path) -> None:
    from harstudio.workflows.reports.figures import draw_figures

    # The wrist's acceleration, of both: what there is more of takes only longer.
    few = replace(twins, pairs=twins.pairs[::4], calibrated=twins.calibrated[::4])
    written = finished(draw_figures(few, tmp_path, ("png", "svg", "pdf")))
    names = {path.name for path in written}
    assert len(names) == 4 * 3
    for path in written:
        assert path.read_bytes().startswith(STARTS[path.suffix[1:]]), path
    assert "m/s²" in (tmp_path / "traces_acc.svg").read_text()
    assert "#1f6fb5" in (tmp_path / "traces_acc.svg").read_text().lower()


def test_more_than_four_sensors_go_onto_further_pages(twins: Comparison, tmp_path: Path) -> None:
    from harstudio.workflows.reports.figures import draw_figures

    pair = replace(twins.pairs[0], sensor="s0")
    many = tuple(replace(pair, sensor=f"s{n}") for n in range(5))
    rows = tuple(replace(twins.rows[0], sensor=f"s{n}") for n in range(5))
    comparison = Comparison(rows, many, (), ())
    written = finished(draw_figures(comparison, tmp_path, ("svg",)))
    assert {path.name for path in written} == {
        f"{name}_acc{page}.svg" for name in ("traces", "agreement", "rmse") for page in ("", "_2")
    }


def test_the_trace_shown_is_neither_the_best_nor_the_worst(twins: Comparison) -> None:
    from harstudio.workflows.reports.figures import typical_stretch

    pair = twins.pairs[0]
    noise = np.random.default_rng(0).standard_normal(pair.virtual.shape)
    worse = np.linspace(0.0, 5.0, len(noise))[:, None]
    spoilt = replace(pair, real=pair.virtual + worse * noise)
    shown = typical_stretch([spoilt])
    middle = 0.5 * (shown.part.start + shown.part.stop) / len(noise)
    assert 0.6 < middle < 0.9  # noise is lively, so the livelier half is the second one
    assert shown.part.stop - shown.part.start == 360


def test_a_clip_shorter_than_a_stretch_is_shown_whole(twins: Comparison) -> None:
    from harstudio.workflows.reports.figures import typical_stretch

    pair, cut = twins.pairs[0], slice(600, 720)
    fields = ("times_s", "virtual", "real", "valid")
    short = replace(pair, **{name: getattr(pair, name)[cut] for name in fields})
    assert typical_stretch([short]).part == slice(0, 120)


def test_compare_writes_tables_and_figures(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    command = ["compare", str(study.path), "--clip", "p4_long", "-o", str(out)]
    assert main([*command, "--figures", "svg"]) == 0
    printed = capsys.readouterr().out
    assert "8 files in" in printed
    assert "NRMSE" in printed
    assert (out / "rmse_gyro.svg").exists()
    assert main([*command, "--calibrate"]) == 1
    assert "expected at least 2" in capsys.readouterr().err


def test_matplotlib_is_not_loaded_until_a_figure_is_asked_for() -> None:
    code = (
        "import sys, harstudio.workflows.reports.fidelity, harstudio.workflows.comparing; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_calibrated_rows_are_summed_up_without_their_labels(twins: Comparison) -> None:
    from harstudio.workflows.reports.fidelity import Report

    rows = tuple(row for row in twins.rows if row.of_all_clips)
    text = summary_text(Report(Path(), (), rows, 2, 2, 1, (("x", "y"),)))
    lines = [line for line in text.splitlines() if line.endswith(CALIBRATED)]
    assert len(lines) == 4
    assert "2 recordings aligned for it, 1 ambiguously aligned, 1 left out" in text
