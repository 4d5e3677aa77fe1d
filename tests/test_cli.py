"""Every verb of the command line, without a window."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import harstudio
from harstudio import cli
from harstudio.cli import main
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import EXCLUDED
from harstudio.core.timebase import Alignment
from harstudio.store.project_file import ProjectFile
from harstudio.verbs import common, projects
from harstudio.workflows.exchange import exporting
from tests.workflows.making import SENSORS, Study, make_study, write_moving

ROOT = Path(__file__).resolve().parent.parent
VERBS = (
    "demo", "gui", "import", "simulate", "train", "finetune", "evaluate", "export", "labels",
    "align", "compare", "relink",
)  # fmt: skip
SITES = ",".join(SENSORS)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "base"
    train = ["train", str(study.path), "--model", "cnn", "--sites", SITES, "--epochs", "3"]
    assert main([*train, "--channels", "acc_gyro", "--split", "subject", "-o", str(out)]) == 0
    return out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line on stderr of a command that fails."""
    assert main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert lines[-1].startswith("harstudio: ")
    assert "Traceback" not in captured.err
    return lines[-1]


# -- the parser --------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: harstudio {verb}")
    assert len(shown.splitlines()) > 5


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {verb} " in shown for verb in VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["simulate"],
        ["simulate", "in", "-o", "out"],
        ["train", "p.harstudio", "--split", "by_luck", "-o", "run"],
        ["train", "p.harstudio", "--epochs", "many", "-o", "run"],
        ["demo", "--headless"],
        ["export", "p.harstudio"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: harstudio" in capsys.readouterr().err


def test_no_verb_shows_the_help_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "verbs" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip() == harstudio.__version__


def test_the_installed_commands_are_functions_of_this_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for group, name in (("scripts", "harstudio"), ("gui-scripts", "harstudio-gui")):
        module, _, function = project[group][name].partition(":")
        assert module == "harstudio.cli"
        assert callable(getattr(cli, function))


# -- no window ---------------------------------------------------------------------------

HEADLESS = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "pyqtgraph", "vispy"):
            raise ImportError(name + " must not be imported here")

sys.meta_path.insert(0, Blocked())
from harstudio import cli
from harstudio.cli import main

for line in sys.stdin.read().splitlines():
    code = main(line.split("|"))
    print(f"exit {code}: {line}", flush=True)
    if line.startswith("import") and "torch" in sys.modules:
        print("torch was loaded by the import")
"""


def test_every_verb_but_gui_works_without_qt_and_without_a_display(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for person in (1, 2, 3):
        for activity in ("waving", "shaking"):
            write_moving(folder / activity / f"{person}_poses.npz", activity, 4.0, seed=person)
    lines = [
        "demo|--headless|demo",
        "import|p.harstudio|in|--labels-from-folders",
        "simulate|in|--sites|left_wrist|-o|out",
        "train|p.harstudio|--model|random_forest|--split|clip|--sites|left_wrist|-o|run",
        "evaluate|run|p.harstudio|-o|report.json",
        "export|p.harstudio|--labels|labels.csv",
        "export|p.harstudio|--amass|motions",
        "export|p.harstudio|--windows|windows.npz",
        "labels|p.harstudio|labels.csv|--tier|second",
        "relink|p.harstudio|in",
        "align|demo/demo.harstudio",
    ]
    unset = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", HEADLESS],
        input="\n".join(lines), cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**env, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = done.stdout.splitlines()
    assert [line for line in shown if line.startswith("exit")] == [f"exit 0: {x}" for x in lines]
    assert "torch was loaded" not in done.stdout
    assert str(tmp_path / "demo" / "demo.harstudio") in shown
    for name in ("out/index.csv", "run/report.json", "report.json", "labels.csv"):
        assert (tmp_path / name).exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display")
@pytest.mark.parametrize("verb", ["gui", "demo"])
def test_the_window_without_a_display_says_so(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    line = refused(capsys, verb)
    assert "there is no display" in line
    assert ("--headless" in line) == (verb == "demo")


def test_a_window_that_cannot_be_loaded_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "harstudio.gui.app", None)
    assert "the window cannot be loaded" in refused(capsys, "gui")


# -- import ------------------------------------------------------------------------------


def test_import_makes_the_project_and_lists_what_it_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_moving(tmp_path / "in/walking/1_poses.npz", "waving", 1.0)
    (tmp_path / "in/broken.npz").write_bytes(b"PK")
    np.savez(tmp_path / "in/shape.npz", betas=np.zeros(10))
    project = tmp_path / "p.harstudio"
    assert main(["import", str(project), str(tmp_path / "in"), "--labels-from-folders"]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == "1 clips imported, 1 refused, 1 skipped"
    assert "refused: broken.npz: " in captured.err
    assert "skipped: shape.npz: " in captured.err
    with ProjectFile.open(project) as file:
        (clip,) = file.project.clips.values()
        assert clip.labels.labels == ("walking",)


def test_importing_twice_adds_nothing_and_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    command = ["import", str(tmp_path / "p.harstudio"), str(tmp_path / "in")]
    assert (main(command), main(command)) == (0, 0)
    assert "0 clips imported, 1 known already" in capsys.readouterr().out
    with ProjectFile.open(tmp_path / "p.harstudio") as file:
        assert len(file.project.clips) == 1
        assert len([e for e in file.journal() if e.what.startswith("Import")]) == 0


def test_an_import_of_nothing_makes_no_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    project = tmp_path / "p.harstudio"
    assert "no such folder" in refused(capsys, "import", project, tmp_path / "absent")
    assert "no motion or recording" in refused(capsys, "import", project, tmp_path / "in")
    assert not project.exists()
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    line = refused(capsys, "import", tmp_path / "no" / "p.harstudio", tmp_path / "in")
    assert "there is no folder" in line


def test_a_project_that_is_open_elsewhere_is_not_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    project = tmp_path / "p.harstudio"
    assert main(["import", str(project), str(tmp_path / "in")]) == 0
    capsys.readouterr()
    with ProjectFile.open(project, author="Anna"):
        line = refused(capsys, "import", project, tmp_path / "in")
    assert "Anna" in line


def test_a_file_that_is_no_project_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p.harstudio"
    project.write_text("my diary")
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    assert "p.harstudio" in refused(capsys, "import", project, tmp_path / "in")
    assert "p.harstudio" in refused(capsys, "export", project, "--labels", tmp_path / "l.csv")
    assert project.read_text() == "my diary"


# -- simulate ----------------------------------------------------------------------------


def test_simulate_tells_how_many_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    (tmp_path / "in/2_poses.npz").write_bytes(b"")
    out = tmp_path / "out"
    command = ["simulate", str(tmp_path / "in"), "--sites", "left_wrist, head", "--rate", "30"]
    assert main([*command, "-o", str(out)]) == 0
    assert "1 motions, 60 frames" in capsys.readouterr().out
    with np.load(out / "1_poses.npz", allow_pickle=False) as arrays:
        assert arrays["acc_mps2"].shape == (30, 2, 3)
    with (out / "index.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (["--sites", "left_wrist,tail"], "no site 'tail' (known: "),
        (["--sites", ","], "no sensors to simulate"),
        (["--sites", "head", "--rate", "0"], "rate_hz: got 0"),
        (["--sites", "head", "--rate", "nan"], "rate_hz: got nan"),
        (["--sites", "head", "--body", "absent.npz"], "absent.npz: there is no such file"),
    ],
)
def test_simulate_refuses_what_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], reason: str
) -> None:
    write_moving(tmp_path / "in/1_poses.npz", "waving", 1.0)
    line = refused(capsys, "simulate", tmp_path / "in", *changes, "-o", tmp_path / "out")
    assert reason in line
    assert not (tmp_path / "out").exists()


def test_simulate_fails_where_no_motion_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/2_poses.npz").write_bytes(b"")
    line = refused(capsys, "simulate", tmp_path / "in", "--sites", "head", "-o", tmp_path / "out")
    assert "no motion simulated: 2_poses.npz: " in line
    assert "index.csv" in line


# -- train, fine-tune, evaluate ----------------------------------------------------------


def test_train_leaves_a_run_folder(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.json", "history.csv", "model.safetensors", "probabilities.npz", "report.json",
        "state.json",
    }  # fmt: skip
    report = json.loads((run / "report.json").read_text())
    assert {"labels", "confusion", "accuracy", "macro_f1", "split", "counts"} <= set(report)
    assert sum(map(sum, report["confusion"])) == report["counts"]["test"]


def test_train_shows_the_matrix_and_the_split(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", str(study.path), "--model", "random_forest", "--sites", "head,left_wrist"]
    assert main([*train, "--split", "clip", "-o", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    for words in (
        "rows = actual, columns = predicted",
        "by clip",
        "waving",
        "accuracy",
        "macro F1",
    ):
        assert words in shown
    config = json.loads((tmp_path / "run/config.json").read_text())["config"]
    assert config["sensors"] == ["head", "left_wrist"]


def test_fine_tune_shows_before_and_after(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tuned"
    tune = ["finetune", str(run), str(study.path), "--clip", "p4_long", "--steps", "5"]
    assert main([*tune, "-o", str(out)]) == 0
    shown = capsys.readouterr().out
    before, _, after = shown.partition("after:")
    held = [line for line in before.splitlines() if line.startswith("split: ")]
    assert held
    assert held == [line for line in after.splitlines() if line.startswith("split: ")]
    assert (out / "report.json").exists()


def test_evaluate_writes_the_report(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    evaluate = ["evaluate", str(run), str(study.path), "--signals", "real", "-o", str(path)]
    assert main(evaluate) == 0
    assert "real signals" in capsys.readouterr().out
    assert sum(map(sum, json.loads(path.read_text())["confusion"])) > 0


def test_what_cannot_be_trained_is_one_line(
    study: Study, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def line(*more: object) -> str:
        return refused(capsys, "train", study.path, *more)

    out = ["-o", tmp_path / "run"]
    assert "no model 'transformer'" in line("--model", "transformer", *out)
    assert "no sensor 'tail'" in line("--sites", "tail", *out)
    assert "epochs: got 0" in line("--epochs", "0", *out)
    assert "window" in line("--window", "-1", *out)
    assert "already holds a run" in line("-o", run)
    assert "no such project file" in refused(capsys, "train", tmp_path / "no.harstudio", *out)
    assert not (tmp_path / "run").exists()
    missing = tmp_path / "norun"
    assert "norun" in refused(capsys, "evaluate", missing, study.path)
    assert "norun" in refused(capsys, "finetune", missing, study.path, *out)
    unknown = refused(capsys, "finetune", run, study.path, "--clip", "nobody", *out)
    assert "no clip 'nobody'" in unknown


def test_clips_left_out_of_training_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for person in (1, 2, 3):
        for activity in ("waving", "shaking"):
            write_moving(tmp_path / f"in/{activity}/{person}_poses.npz", activity, 4.0, seed=person)
    project = tmp_path / "p.harstudio"
    assert main(["import", str(project), str(tmp_path / "in"), "--labels-from-folders"]) == 0
    (tmp_path / "in/waving/2_poses.npz").unlink()
    train = ["train", str(project), "--model", "random_forest", "--split", "clip"]
    assert main([*train, "-o", str(tmp_path / "run")]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out")]
    assert len(told) == 1
    assert "2_poses.npz: no such file" in told[0]


# -- the rest ----------------------------------------------------------------------------


def test_export_writes_clip_start_end_label(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    assert main(["export", str(study.path), "--labels", str(path)]) == 0
    rows = path.read_text().splitlines()
    assert rows[0] == "clip,start_s,end_s,label"
    assert "p4_long,12.0,24.0,shaking" in rows
    assert not any(clip.status == EXCLUDED for clip in study.project.clips.values())


def test_align_writes_the_alignment_into_the_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path)
    assert main(["align", str(study.path)]) == 0
    assert capsys.readouterr().out.startswith("p4_long: offset -0.67")
    with ProjectFile.open(study.path) as file:
        (recording,) = file.project.clip(study.clip_id("p4_long")).recordings
        assert recording.alignment.offset_s == pytest.approx(study.hidden.offset_s, abs=1e-3)
        assert file.journal(1)[0].what == "Align recordings"


def test_align_leaves_alone_what_was_aligned_before_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path)
    with ProjectFile.open(study.path) as file:
        clip = file.project.clip(study.clip_id("p4_long"))
        mine = replace(clip.recordings[0], alignment=Alignment(0.25))
        after = file.project.with_clips([replace(clip, recordings=(mine,))])
        file.write(file.project, after, "By hand")
    assert main(["align", str(study.path)]) == 0
    told = capsys.readouterr().out
    assert told == "left as they were aligned before: 1 (--again fits them anew)\n"
    with ProjectFile.open(study.path) as file:
        assert file.project == after
        assert file.journal(1)[0].what == "By hand"
    assert main(["align", str(study.path), "--again"]) == 0
    assert capsys.readouterr().out.startswith("p4_long: offset -0.67")


def test_align_without_anything_to_align_is_one_line(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "needs a motion" in refused(capsys, "align", study.path, "--clip", "p1_waving")


def test_relink_finds_what_was_moved_and_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_moving(tmp_path / f"in/{name}_poses.npz", "waving", 1.0, seed=ord(name))
    project = tmp_path / "p.harstudio"
    assert main(["import", str(project), str(tmp_path / "in")]) == 0
    (tmp_path / "in").rename(tmp_path / "moved")
    (tmp_path / "moved/b_poses.npz").unlink()
    assert main(["relink", str(project), str(tmp_path / "moved")]) == 1
    captured = capsys.readouterr()
    assert "1 files found again, 1 still missing" in captured.out
    assert captured.err.strip() == "missing: in/b_poses.npz"
    with ProjectFile.open(project) as file:
        paths = {clip.motion.path for clip in file.project.clips.values() if clip.motion}
    assert paths == {"moved/a_poses.npz", "in/b_poses.npz"}


def test_a_place_that_cannot_be_written_is_one_line(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "x"
    assert "file" in refused(capsys, "export", study.path, "--labels", below)
    assert "cannot be made" in refused(capsys, "demo", "--headless", below)


def test_an_interrupt_ends_with_130(
    study: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def interrupted(*args: object, **options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "export_labels", interrupted)
    assert main(["export", str(study.path), "--labels", str(tmp_path / "l.csv")]) == 130
    assert capsys.readouterr().err.strip() == "harstudio: interrupted"


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX")
def test_sigterm_is_an_interrupt_only_while_a_verb_works(
    study: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*args: object, **options: object) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("went on after SIGTERM")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(exporting, "export_labels", killed)
    assert main(["export", str(study.path), "--labels", str(tmp_path / "l.csv")]) == 130
    assert capsys.readouterr().err.strip() == "harstudio: interrupted"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_window_and_a_thread_leave_sigterm_alone(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look(*args: object, **options: object) -> int:
        seen.append(signal.getsignal(signal.SIGTERM))
        return 0

    def refuse(*args: object, **options: object) -> int:
        look()
        raise HarstudioError("seen enough")

    monkeypatch.setattr(projects, "gui", look)
    assert main(["gui"]) == 0
    monkeypatch.setattr(exporting, "export_labels", refuse)
    arguments = ["export", str(study.path), "--labels", str(tmp_path / "l.csv")]
    thread = threading.Thread(target=main, args=(arguments,))
    thread.start()
    thread.join()
    assert seen == [before, before]
    main(arguments)
    assert seen[2] is not before


def test_without_a_terminal_progress_comes_as_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def job() -> Job[str]:
        for step in range(30):
            yield Progress(step, 30, f"step {step}")
        return "done"

    clock = iter(range(1000))  # a second per look
    monkeypatch.setattr(common, "monotonic", lambda: float(next(clock)))
    assert common.followed(job(), "Work") == "done"
    lines = capsys.readouterr().err.splitlines()
    assert 3 <= len(lines) <= 6
    assert lines[0].startswith("Work: ")
    assert "%" in lines[0]
    assert "step" in lines[0]
