"""`harstudio labels` and `harstudio export`: what they say, what they change, how they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harstudio.cli import main
from harstudio.core.labels import Segment
from harstudio.core.project import MINE, Project
from harstudio.store.project_file import ProjectFile
from tests.workflows.making import Study, make_study

ROWS = "start_s,end_s,label\n1,2,Waving\n2,3,resting\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("label_verbs"))


@pytest.fixture
def path(study: Study, tmp_path: Path) -> Path:
    """A project file of its own; its motions are not needed."""
    ProjectFile.create(tmp_path / "p.harstudio", study.project).close()
    return tmp_path / "p.harstudio"


def project_at(path: Path) -> Project:
    with ProjectFile.open(path, read_only=True) as file:
        return file.project


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_labels_go_into_the_project_and_its_journal(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = path.with_name("p1_waving__bob.csv")
    labels.write_text(ROWS)
    assert run("labels", path, labels) == 0
    told = capsys.readouterr()
    assert told.out == "2 segments imported into 1 clips, tier bob; new labels: resting\n"
    assert "'Waving' taken for 'waving'" in told.err
    clip = next(c for c in project_at(path).clips.values() if c.name == "p1_waving")
    assert [s.label for s in clip.track("bob").segments] == ["waving", "resting"]
    assert len(clip.labels) == 1
    with ProjectFile.open(path, read_only=True) as file:
        assert file.journal()[0].what == "Import labels from p1_waving__bob.csv"
    assert run("labels", path, labels) == 0
    assert "there already" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = project_at(path)
    (path.parent / "x.csv").write_text(ROWS)
    arguments = ("labels", path, path.parent / "x.csv", "--clip", "p4_long", "--dry-run")
    assert run(*arguments) == 0
    assert "2 segments would go into 1 clips, tier x" in capsys.readouterr().out
    assert project_at(path) == before


def test_tier_map_and_replace_are_obeyed(path: Path) -> None:
    (path.parent / "x.csv").write_text(ROWS)
    arguments = ("labels", path, path.parent / "x.csv", "--clip", "p1_waving", "--tier", MINE)
    assert run(*arguments, "--map", "resting=", "--map", "Waving=shaking", "--replace") == 0
    clip = next(c for c in project_at(path).clips.values() if c.name == "p1_waving")
    assert clip.labels.segments == (Segment(1, 2, "shaking"),)


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        (ROWS, [], "no clip of the project is meant by these labels"),
        (ROWS, ["--clip", "nobody"], "no clip 'nobody' in project"),
        (ROWS, ["--clip", "p1_waving", "--map", "x"], "--map 'x': expected FROM=TO"),
        (ROWS, ["--clip", "p1_waving", "--starts-at", "soon"], "--starts-at: got 'soon'"),
        (ROWS, ["--format", "word"], "no label format 'word'"),
        ("start_s,end_s,label\n2,1,x\n", [], "line 2: segment 'x': end 1.0 s is not after"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    path: Path, capsys: pytest.CaptureFixture[str], text: str, more: list[str], reason: str
) -> None:
    before = project_at(path)
    (path.parent / "x.csv").write_text(text)
    assert run("labels", path, path.parent / "x.csv", *more) == 1
    assert reason in capsys.readouterr().err
    assert project_at(path) == before


def test_a_great_many_new_labels_are_asked_about(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{i / 20},{i / 20 + 0.05},label {i}\n" for i in range(50))
    (path.parent / "x.csv").write_text("start_s,end_s,label\n" + rows)
    arguments = ("labels", path, path.parent / "x.csv", "--clip", "p1_waving")
    assert run(*arguments) == 1
    assert "50 new labels (label 0, label 1" in capsys.readouterr().err
    assert run(*arguments, "--many-labels") == 0
    assert len(project_at(path).label_set.labels) == 52


def test_every_kind_of_export_says_what_it_wrote(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = study.path
    assert run("export", project, "--labels", tmp_path / "elan", "--format", "elan") == 0
    assert capsys.readouterr().out == f"12 segments written to {tmp_path / 'elan'} in 9 files\n"
    assert run("export", project, "--amass", tmp_path / "motions", "--clip", "p4_long") == 0
    assert capsys.readouterr().out == f"4 motions written to {tmp_path / 'motions'}\n"
    windows = ("--windows", tmp_path / "w.npz", "--sites", "left_wrist", "--window", "2")
    assert run("export", project, *windows, "--clip", "p4_long", "--signals", "both") == 0
    assert "windows written to" in capsys.readouterr().out
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        assert set(file["real"]) == {True, False}
    assert run("export", project, "--amass", tmp_path / "motions") == 1
    assert "the folder is not empty" in capsys.readouterr().err
    assert run("export", project, "--amass", tmp_path / "motions", "--overwrite") == 0


def test_a_map_of_a_label_that_is_not_there_is_told_and_not_said_to_be_done(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path.parent / "x.csv").write_text(ROWS)
    arguments = ("labels", path, path.parent / "x.csv", "--clip", "p4_long", "--dry-run")
    assert run(*arguments, "--map", "wavign=shaking") == 0
    told = capsys.readouterr().err
    assert "--map: these files have no label 'wavign'" in told
    assert "'wavign' taken for" not in told


@pytest.mark.parametrize("moment", ["nan", "inf", "soon"])
def test_a_beginning_that_is_no_time_is_refused(
    path: Path, capsys: pytest.CaptureFixture[str], moment: str
) -> None:
    (path.parent / "x.csv").write_text(ROWS)
    assert run("labels", path, path.parent / "x.csv", "--clip", "p4_long", "--starts-at", moment)
    assert f"--starts-at: got '{moment}'" in capsys.readouterr().err


def test_dates_beside_plain_times_do_not_begin_in_1970(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dated = "start,end,label\n2022-03-29 10:00:00,2022-03-29 10:00:01,waving\n"
    (path.parent / "p1_waving__a.csv").write_text(dated)
    (path.parent / "p4_long__b.csv").write_text(ROWS)
    files = sorted(path.parent.glob("*__*.csv"))
    assert run("labels", path, *files, "--dry-run") == 0
    assert "begin at 2022-03-29 10:00:00+00:00" in capsys.readouterr().err


def test_windows_replace_a_file_only_where_that_is_asked_for(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = path.with_name("walk_poses.npz")
    out.write_bytes(b"a motion")
    assert run("export", path, "--windows", out) == 1
    assert "exists already" in capsys.readouterr().err
    assert out.read_bytes() == b"a motion"
