"""The verbs that judge, propose, report and doubt, as a user types them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from harstudio.cli import main
from harstudio.core.project import PREDICTED
from harstudio.store.project_file import ProjectFile
from tests.workflows.making import Study, make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("verbs"))


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "forest"
    assert main(["train", str(study.path), "--model", "random_forest", "-o", str(path)]) == 0
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == code
    shown = capsys.readouterr()
    return shown.out, shown.err


def test_predict_writes_one_undoable_step_to_its_own_tier(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(study.folder, tmp_path / "copy") / study.path.name
    with ProjectFile.open(copy, read_only=True) as file:
        before = file.project
        steps = len(file.journal())
    out, _ = said(capsys, "predict", run, copy, "--clip", "p4_long", "--clip", "p1_waving")
    assert "proposed in 2 clips by forest" in out
    with ProjectFile.open(copy, read_only=True) as file:
        after = file.project
        history = file.journal()
    assert len(history) == steps + 1
    assert history[0].what == "Predict with forest"
    changed = [i for i in after.clips if after.clip(i) != before.clip(i)]
    assert {after.clip(i).name for i in changed} == {"p4_long", "p1_waving"}
    for clip_id in changed:
        assert after.clip(clip_id).labels == before.clip(clip_id).labels
        assert len(after.clip(clip_id).track(PREDICTED)) > 0


def test_predict_refuses_what_cannot_be(
    study: Study, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = said(capsys, "predict", run, study.path, "--least-confidence", "2", code=1)
    assert "expected 0 to 1" in told
    _, told = said(capsys, "predict", run, study.path, "--clip", "nobody", code=1)
    assert "no clip 'nobody'" in told


def test_evaluate_tells_how_sure_it_is_and_how_often_it_looked(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    out, told = said(capsys, "evaluate", copy, study.path, "-o", tmp_path / "results.json")
    for words in ("macro AUC", "Cohen's kappa", "4 subjects", "segment F1", "looked at twice"):
        assert words in out
    assert "trained on" in told
    data = json.loads((tmp_path / "results.json").read_text())
    assert data["looks"] == 2
    assert data["badge"].startswith("leaks")
    assert data["spread"]["unit"] == "subject"
    assert len(data["spread"]["per_unit"]["macro_f1"]) == 4
    said(capsys, "evaluate", copy, study.path, "--signals", "real", "-o", tmp_path / "page.html")
    assert "judged on study" in (tmp_path / "page.html").read_text()


def test_report_writes_a_page_or_a_folder(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = said(capsys, "report", run, "-o", tmp_path / "page.html")
    assert out.strip() == str(tmp_path / "page.html")
    out, _ = said(
        capsys, "report", run, "--project", study.path, "-o", tmp_path / "all",
        "--formats", "html,csv", "--order", "confusion",
    )  # fmt: skip
    assert {Path(line).name for line in out.split()} == {
        "report.html", "classes.csv", "windows.csv", "confusion.csv",
    }  # fmt: skip
    _, told = said(capsys, "report", run, "-o", tmp_path / "no", "--formats", "docx", code=1)
    assert "formats: got 'docx'" in told


def test_doubts_are_listed_and_written(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = said(capsys, "doubts", study.path, "-o", tmp_path / "doubts.csv")
    assert "by a random forest" in out
    with (tmp_path / "doubts.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert header[:6] == ["clip", "subject", "start_s", "end_s", "given", "suggested"]
    _, told = said(capsys, "doubts", study.path, "--top", "0", code=1)
    assert "--top" in told
