"""Agreement over a project's clips: pooled, told, and written down."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.cli import main
from harstudio.core.agreement import BOTH
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, MINE, Clip, Project
from harstudio.core.source import Source
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.agreement import (
    agreement_json,
    agreement_text,
    compare_clip,
    compare_clips,
    compare_tiers,
    tiers_of,
    write_agreement,
)

PAIR = (MINE, "ann")


def clip(name: str, mine: tuple[float, ...], ann: tuple[float, ...]) -> Clip:
    """Ten seconds; each tier walks between its two times, and runs between later ones."""

    def track(times: tuple[float, ...]) -> LabelTrack:
        spans = zip(times[::2], times[1::2], strict=True)
        labelled = zip(spans, ("walk", "run"), strict=False)
        return LabelTrack(tuple(Segment(a, b, label) for (a, b), label in labelled))

    tracks = ((MINE, track(mine)), ("ann", track(ann)))
    return Clip(name, name, 10.0, 50.0, motion=Source(f"{name}.npz", "amass"), tracks=tracks)


@pytest.fixture
def project() -> Project:
    clips = [
        clip("a", (0, 4, 4, 8), (0, 5, 5, 8)),
        clip("b", (2, 6), (2, 6)),
        clip("c", (0, 1), ()),
        replace(clip("d", (0, 9), (0, 1)), status=EXCLUDED),
    ]
    return Project("study", SensorLayout("none", ())).with_clips(clips)


def test_clips_with_labels_in_both_tiers_are_pooled(project: Project) -> None:
    result = finished(compare_clips(project, PAIR))
    assert result.clip_names == ("a", "b")
    assert result.left_out == 1
    assert result.found.compared_s == pytest.approx(12)
    assert result.found.observed == pytest.approx(11 / 12)
    (only,) = result.found.disagreements
    assert (result.clip_ids[only.part], only.start_s, only.end_s) == ("a", 4.0, 5.0)
    assert result.kappas[1] is None


def test_an_excluded_clip_counts_only_when_asked_for(project: Project) -> None:
    result = finished(compare_clips(project, PAIR, excluded=True))
    assert result.clip_names == ("a", "b", "d")
    assert tiers_of(project) == {MINE: 3, "ann": 2}
    assert tiers_of(project, excluded=True) == {MINE: 4, "ann": 3}


def test_tiers_that_no_clip_has_both_of_are_refused_with_those_there_are(
    project: Project,
) -> None:
    with pytest.raises(HarstudioError, match=r"tiers with labels: labels \(3 clips\), ann"):
        finished(compare_clips(project, (MINE, "bob")))


@pytest.mark.parametrize("tiers", [(), (MINE,), (MINE, MINE)])
def test_fewer_than_two_tiers_are_refused(project: Project, tiers: tuple[str, ...]) -> None:
    with pytest.raises(HarstudioError, match="expected two tiers"):
        finished(compare_tiers(project, tiers))


def test_three_tiers_are_compared_in_pairs(project: Project) -> None:
    third = project.clip("a").with_tier("bob", LabelTrack((Segment(0, 8, "walk"),)))
    results = finished(compare_tiers(project.with_clips([third]), (MINE, "ann", "bob")))
    assert [result.tiers for result in results] == [PAIR, (MINE, "bob"), ("ann", "bob")]


def test_the_table_says_what_was_compared_and_how(project: Project) -> None:
    text = agreement_text(finished(compare_clips(project, PAIR)))
    assert "labels beside ann: 2 clips, 00:12.00 compared where at least one tier" in text
    assert "Cohen's kappa     0.8" in text
    assert "agreement         91.7% (by chance" in text
    assert "segment F1        1.000 / 1.000 / 1.000 at IoU 0.1 / 0.25 / 0.5" in text
    assert "ann later than labels: median +0.000 s" in text
    assert "note: 1 clips with labels in one tier only were left out" in text
    row = next(line for line in text.splitlines() if line.startswith(" 2 walk"))
    assert row.split()[2:] == ["0.00", "8.00"]


def test_undefined_figures_are_said_not_written_as_numbers(project: Project) -> None:
    result = compare_clip(project.clip("b"), PAIR, BOTH)
    assert "undefined (both say 'walk' throughout)" in agreement_text(result)
    data = json.loads(json.dumps(agreement_json(result), allow_nan=False))
    assert data["kappa"] is None
    assert data["kappa_undefined"] == "both say 'walk' throughout"


def test_json_holds_every_figure(project: Project, tmp_path: Path) -> None:
    result = finished(compare_clips(project, PAIR))
    path = tmp_path / "agreement.json"
    write_agreement(path, [result])
    (data,) = json.loads(path.read_text(encoding="utf-8"))
    assert data["kappa"] == pytest.approx(result.found.kappa)
    assert data["segment_f1"] == {"0.1": 1.0, "0.25": 1.0, "0.5": 1.0}
    assert data["labels"] == ["run", "walk", "(no label)"]
    assert data["boundary_offsets"]["starts"]["count"] == 2
    assert [each["clip"] for each in data["clips"]] == ["a", "b"]


def test_csv_lists_the_disagreements(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "agreement.csv"
    write_agreement(path, [finished(compare_clips(project, PAIR))])
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["clip"], row["start_s"], row["label"], row["other_label"]) == (
        "a", "4.000000", "run", "walk",
    )  # fmt: skip


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"neither \.json nor \.csv"):
        write_agreement(tmp_path / "agreement.xlsx", [])


def test_the_verb_prints_the_table_and_writes_the_file(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.harstudio"
    ProjectFile.create(path, project).close()
    out = tmp_path / "agreement.json"
    assert main(["agree", str(path), "--tiers", "labels", "ann", "-o", str(out)]) == 0
    assert "Cohen's kappa" in capsys.readouterr().out
    assert json.loads(out.read_text(encoding="utf-8"))[0]["over"] == "either"
    assert main(["agree", str(path), "--tiers", "labels", "bob"]) == 1
    assert "no clip has labels in both 'labels' and 'bob'" in capsys.readouterr().err
