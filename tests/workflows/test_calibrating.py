"""Calibration as a part of training: fitted to people who train only, kept, used again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import finished
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.imu_npz import write_imu_npz
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.fit.training import planned_split
from harstudio.learn.runs.folder import CALIBRATION, RunFolder
from harstudio.learn.splitting.splits import Split
from harstudio.workflows import training
from harstudio.workflows.aligning import Aligned, align_clips
from harstudio.workflows.calibrating import (
    calibrated_windows,
    calibration_notes,
    calibration_of,
    fit_calibration,
    fit_for_training,
    load_map,
)
from harstudio.workflows.loading import layout_for, load_clip
from harstudio.workflows.training import (
    check_calibratable,
    check_trainable,
    evaluate_project,
    finetune_project,
    train_project,
    training_clips,
)
from harstudio.workflows.windowing import REAL, collect_windows
from tests.workflows.making import SENSORS, Study, moving, worn

FOREST = TrainingConfig(
    model="random_forest", sensors=SENSORS, trees=5, channels="acc_gyro", calibrate=True
)
PLAIN = replace(FOREST, calibrate=False)
OPTIONS = SimulationOptions(rate_hz=60.0)
HIDDEN = Alignment(offset_s=-0.3)
PEOPLE = ("p1", "p2", "p3", "p4")

Recorded = Callable[..., Project]


@pytest.fixture(scope="module")
def recorded(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The study with a recording of everybody's waving, `scale` times as strong as simulated."""
    folder = tmp_path_factory.mktemp("recorded")

    def made(
        scales: dict[str, float] | None = None,
        people: tuple[str, ...] = PEOPLE,
        sensors: tuple[str, ...] = SENSORS,
    ) -> Project:
        clips = [without_recording(clip) for clip in study.project.clips.values()]
        project = study.project.with_clips(clips)
        changed = []
        for person in people:
            scale = (scales or {}).get(person, 1.5)
            clip = project.clip(study.clip_id(f"{person}_waving"))
            path = folder / f"{person}_{scale:g}_{len(sensors)}.npz"
            if not path.exists():
                real = worn(moving("waving", 6.0, 10 * int(person[1:])), HIDDEN)
                write_imu_npz(path, picked(scaled(real, scale), sensors))
            source = Source(str(path), "imu_npz")
            changed.append(
                replace(clip, recordings=(RecordingRef(source, sensors, 5.5, 100.0, HIDDEN),))
            )
        return project.with_clips(changed)

    return made


def without_recording(clip: Clip) -> Clip:
    return replace(clip, recordings=())


def scaled(recording: ImuRecording, scale: float) -> ImuRecording:
    assert recording.gyro_radps is not None
    return replace(
        recording,
        acc_mps2=scale * recording.acc_mps2,
        gyro_radps=scale * recording.gyro_radps,
    )


def picked(recording: ImuRecording, sensors: tuple[str, ...]) -> ImuRecording:
    assert recording.gyro_radps is not None
    index = [recording.sensors.index(name) for name in sensors]
    return replace(
        recording,
        sensors=sensors,
        acc_mps2=recording.acc_mps2[:, index],
        gyro_radps=recording.gyro_radps[:, index],
    )


def planned(study: Study, project: Project, config: TrainingConfig) -> tuple[WindowSet, Split]:
    windows = finished(collect_windows(project, study.folder, config))
    return windows, planned_split(windows, config)


@pytest.fixture(scope="module")
def run(study: Study, recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forest on calibrated signals of four people, all of them recorded."""
    path = tmp_path_factory.mktemp("runs") / "calibrated"
    finished(train_project(recorded(), study.folder, FOREST, path))
    return path


# -- who it is fitted to -----------------------------------------------------------------


def test_the_map_is_fitted_to_people_who_are_only_trained_on(run: Path) -> None:
    parts = RunFolder(run).report().parts
    fitted = set(load_map(run / CALIBRATION).subjects)
    assert fitted
    assert fitted == set(parts["train"]["subjects"])
    assert fitted.isdisjoint(parts["test"]["subjects"])
    assert fitted.isdisjoint(parts["validation"]["subjects"])


def test_a_map_that_has_seen_the_tested_people_differs_and_is_not_used(
    study: Study, recorded: Recorded, run: Path, tmp_path: Path
) -> None:
    report = RunFolder(run).report()
    held_out = {s for part in ("test", "validation") for s in report.parts[part]["subjects"]}
    planted = recorded(dict.fromkeys(held_out, 6.0))
    finished(train_project(planted, study.folder, FOREST, tmp_path / "planted"))
    used = load_map(tmp_path / "planted" / CALIBRATION)
    leaky = finished(fit_calibration(planted, study.folder, PEOPLE, OPTIONS))
    assert leaky.channels == used.channels
    assert np.abs(leaky.real - used.real).max() > 10.0
    # Whatever the held-out people's sensors say, the run stays as it was, to the bit.
    assert (tmp_path / "planted" / CALIBRATION).read_bytes() == (run / CALIBRATION).read_bytes()
    assert RunFolder(tmp_path / "planted").report().to_json() == report.to_json()
    # What the people who train say does change it: the comparison above can fail.
    told = recorded(dict.fromkeys(report.parts["train"]["subjects"], 6.0))
    finished(train_project(told, study.folder, FOREST, tmp_path / "told"))
    assert (tmp_path / "told" / CALIBRATION).read_bytes() != (run / CALIBRATION).read_bytes()


def test_whoever_is_tested_on_with_another_clip_is_not_calibrated_with(
    study: Study, recorded: Recorded
) -> None:
    windows, _split = planned(study, recorded(), PLAIN)
    waving = [i for i in range(len(windows)) if windows.clip_of(i) == study.clip_id("p1_waving")]
    others = {
        person: [i for i in range(len(windows)) if windows.subject_of(i) == person]
        for person in PEOPLE
    }
    rest = [i for i in others["p1"] if i not in waving]
    split = Split(np.array(waving + others["p2"]), np.array([], int), np.array(rest), "clip", {})
    project = recorded(people=("p1", "p2"))
    found, _notes = finished(fit_for_training(project, study.folder, windows, split, OPTIONS))
    assert found.subjects == ("p2",)
    alone = recorded(people=("p1",))
    with pytest.raises(HarstudioError, match="without being judged on as well"):
        finished(fit_for_training(alone, study.folder, windows, split, OPTIONS))


def test_clips_lent_to_validation_are_not_calibrated_with(study: Study, recorded: Recorded) -> None:
    project = recorded(people=("p1",))
    windows, split = planned(study, project, PLAIN)
    waving = study.clip_id("p1_waving")
    of_p1 = [i for i in range(len(windows)) if windows.subject_of(i) == "p1"]
    others = [i for i in range(len(windows)) if windows.subject_of(i) != "p1"]
    lent = [i for i in of_p1 if windows.clip_of(i) == waving]
    kept = [i for i in of_p1 if windows.clip_of(i) != waving]
    whole, borrowed = (
        replace(split, train=np.array(a), validation=np.array(b), test=np.array(others))
        for a, b in ((of_p1, []), (kept, lent))
    )
    fitted, _notes = finished(fit_for_training(project, study.folder, windows, whole, OPTIONS))
    assert fitted.subjects == ("p1",)
    with pytest.raises(HarstudioError, match=r"p1.*without being judged on as well"):
        finished(fit_for_training(project, study.folder, windows, borrowed, OPTIONS))


def test_people_without_a_name_are_not_calibrated_with(study: Study, recorded: Recorded) -> None:
    project = recorded(people=("p1",))
    nameless = replace(project.clip(study.clip_id("p1_waving")), subject="")
    with pytest.raises(HarstudioError, match="do not say of whom they are"):
        check_calibratable(project.with_clips([nameless]))


# -- what it is applied to ---------------------------------------------------------------


def test_mapping_windows_is_mapping_recordings_before_they_are_cut(
    study: Study, recorded: Recorded, run: Path
) -> None:
    project, found = recorded(), load_map(run / CALIBRATION)
    windows = finished(collect_windows(project, study.folder, PLAIN))
    sets = []
    for clip in project.clips.values():
        loaded = load_clip(
            replace(project, layout=layout_for(project.layout, SENSORS)),
            replace(clip, recordings=()),
            study.folder,
            OPTIONS,
        )
        assert loaded.virtual is not None
        sets.append(
            cut_windows(
                found.applied(loaded.virtual),
                clip.labels,
                windows.labels,
                clip_id=clip.id,
                subject=clip.subject,
                config=PLAIN,
            )
        )
    before_cutting = joined(sets)
    mapped = calibrated_windows(windows, found)
    assert np.allclose(mapped.signals, before_cutting.signals, rtol=0.0, atol=1e-4)
    assert np.abs(mapped.signals - windows.signals).max() > 1.0
    assert mapped.clip_ids == windows.clip_ids
    assert np.array_equal(mapped.codes, windows.codes)


def test_real_windows_are_never_mapped(study: Study, recorded: Recorded, run: Path) -> None:
    project, found = recorded(), load_map(run / CALIBRATION)
    virtual = finished(collect_windows(project, study.folder, PLAIN))
    real = finished(
        collect_windows(project, study.folder, PLAIN, signals=REAL, labels=virtual.labels)
    )
    both = joined([virtual, real])
    mapped = calibrated_windows(both, found)
    assert both.real.any()
    assert np.array_equal(mapped.signals[both.real], both.signals[both.real])
    assert not np.array_equal(mapped.signals[~both.real], both.signals[~both.real])
    assert calibration_notes(found, real) == ()


def test_a_channel_that_no_recording_has_is_named_and_left_as_simulated(
    study: Study, recorded: Recorded, tmp_path: Path
) -> None:
    project = recorded(sensors=("left_wrist",))
    report = finished(train_project(project, study.folder, FOREST, tmp_path / "run")).report
    told = next(text for text in report.warnings if "left as simulated" in text)
    assert "6 channels" in told
    assert "right_thigh gyro_z" in told
    assert "left_wrist" not in told
    config = replace(FOREST, sensors=("right_thigh",))
    with pytest.raises(HarstudioError, match="the recordings have none of the channels right_thi"):
        finished(train_project(project, study.folder, config, tmp_path / "none"))
    assert not (tmp_path / "none").exists()


# -- the run keeps it --------------------------------------------------------------------


def test_the_report_says_whose_distribution_it_is(run: Path) -> None:
    report = RunFolder(run).report()
    people = report.parts["train"]["subjects"]
    assert any(
        text.startswith("virtual signals mapped onto the real distribution of ")
        and text.endswith(", ".join(people))
        for text in report.warnings
    )


def test_evaluation_maps_virtual_signals_as_training_did(
    study: Study, recorded: Recorded, run: Path
) -> None:
    trained = {(w.clip_id, w.start_s): w for w in RunFolder(run).report().windows}
    judged = finished(evaluate_project(recorded(), study.folder, run))
    same = [w for w in judged.windows if (w.clip_id, w.start_s) in trained]
    assert len(same) == len(trained)
    for window in same:
        known = trained[window.clip_id, window.start_s]
        assert (window.prediction, window.probability) == (known.prediction, known.probability)
    assert any("mapped onto" in text for text in judged.warnings)


def test_evaluation_on_real_signals_maps_nothing(
    study: Study, recorded: Recorded, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = finished(evaluate_project(recorded(), study.folder, run, REAL))
    assert not any("mapped onto" in text for text in mapped.warnings)
    monkeypatch.setattr(training, "calibration_of", lambda _run: None)
    plain = finished(evaluate_project(recorded(), study.folder, run, REAL))
    assert mapped.windows == plain.windows


def test_a_run_without_calibration_has_no_map(
    study: Study, recorded: Recorded, tmp_path: Path
) -> None:
    finished(train_project(recorded(), study.folder, PLAIN, tmp_path / "plain"))
    assert not (tmp_path / "plain" / CALIBRATION).exists()
    assert calibration_of(tmp_path / "plain") is None


def test_a_calibrated_run_without_its_map_is_not_used(
    study: Study, recorded: Recorded, run: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in run.iterdir():
        if path.name != CALIBRATION:
            (broken / path.name).write_bytes(path.read_bytes())
    with pytest.raises(HarstudioError, match=r"calibration\.json"):
        finished(evaluate_project(recorded(), study.folder, broken))
    (broken / CALIBRATION).write_text("{}")
    with pytest.raises(HarstudioError, match=r"calibration\.json: quantile map: not one"):
        finished(evaluate_project(recorded(), study.folder, broken))


def test_a_fine_tuned_run_keeps_its_parents_map(
    study: Study, recorded: Recorded, tmp_path: Path
) -> None:
    config = replace(FOREST, model="cnn", epochs=1)
    base, out = tmp_path / "base", tmp_path / "tuned"
    project = recorded()
    finished(train_project(project, study.folder, config, base))
    sessions = study.project  # only p4_long has a recording here, of both activities
    finished(finetune_project(sessions, study.folder, base, None, FinetuneConfig(steps=2), out))
    assert (out / CALIBRATION).read_bytes() == (base / CALIBRATION).read_bytes()
    assert RunFolder(out).config().calibrate
    judged = finished(evaluate_project(project, study.folder, out))
    assert any("mapped onto" in text for text in judged.warnings)


def test_made_up_people_are_mapped_too(
    study: Study, recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[WindowSet] = []
    real = training.calibrated_windows

    def watched(windows: WindowSet, found: object) -> WindowSet:
        seen.append(windows)
        return real(windows, found)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "calibrated_windows", watched)
    config = replace(FOREST, people=1)
    finished(train_project(recorded(), study.folder, config, tmp_path / "run"))
    assert len(seen) == 1
    assert seen[0].variant.any()


def test_cancelling_takes_the_map_away_too(
    study: Study, recorded: Recorded, tmp_path: Path
) -> None:
    job = train_project(recorded(), study.folder, FOREST, tmp_path / "runs" / "r")
    for _step in job:
        if (tmp_path / "runs" / "r" / CALIBRATION).exists():
            break
    else:
        pytest.fail("the map was never written")
    job.close()
    assert not (tmp_path / "runs").exists()


# -- what is missing is said early -------------------------------------------------------


def test_with_only_people_kept_out_of_training_it_says_how_to_take_them_in(
    study: Study, tmp_path: Path
) -> None:
    job = train_project(study.project, study.folder, FOREST, tmp_path / "run")
    with pytest.raises(HarstudioError, match=r"only p4 have both.*--include-recorded"):
        next(job)
    with pytest.raises(HarstudioError, match="kept out of training"):
        check_trainable(study.project, FOREST)
    everyone = training_clips(study.project, include_recorded=True)
    check_trainable(study.project, FOREST, everyone)


def test_without_any_pair_or_with_the_paper_preset_it_is_refused(
    recorded: Recorded,
) -> None:
    with pytest.raises(HarstudioError, match="no clip has both a motion and a recording"):
        check_trainable(recorded(people=()), FOREST)
    with pytest.raises(HarstudioError, match="preset 'paper' is not what"):
        check_trainable(recorded(), replace(FOREST, preset="paper"))
    check_trainable(recorded(), FOREST)


def test_where_all_the_recorded_are_judged_on_it_says_so(
    study: Study, recorded: Recorded, run: Path, tmp_path: Path
) -> None:
    tested = tuple(RunFolder(run).report().parts["test"]["subjects"])
    everyone = tuple(study.project.clips)
    project = recorded(people=tested)
    job = train_project(project, study.folder, FOREST, tmp_path / "run", everyone)
    with pytest.raises(HarstudioError, match="nobody is trained on without being judged"):
        finished(job)
    assert not (tmp_path / "run").exists()


# -- alignments in doubt -----------------------------------------------------------------


def doubted(clip: Clip, why: str) -> Clip:
    refs = (replace(ref, alignment=replace(ref.alignment, doubt=why)) for ref in clip.recordings)
    return replace(clip, recordings=tuple(refs))


def doubting(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    def doubtful(*arguments: object, **options: object):  # type: ignore[no-untyped-def]
        found = yield from align_clips(*arguments, **options)  # type: ignore[arg-type]
        clips = tuple(doubted(clip, why) for clip in found.clips)
        return Aligned(clips, found.fits, found.failures)

    monkeypatch.setattr(training, "align_clips", doubtful)


def test_an_ambiguous_alignment_is_used_and_told(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    config = replace(PLAIN, model="cnn", epochs=1)
    finished(train_project(study.project, study.folder, config, base))
    tune = FinetuneConfig(steps=2)
    sure = finished(
        finetune_project(study.project, study.folder, base, None, tune, tmp_path / "sure")
    )
    doubting(monkeypatch, "periodic motion")
    told: list[str] = []
    tuned = finished(
        finetune_project(study.project, study.folder, base, None, tune, tmp_path / "doubtful"),
        lambda step: told.append(step.message),
    )
    line = "p4_long: its alignment is ambiguous (periodic motion), and was used as it is"
    assert line in told
    assert line in tuned.before.warnings
    assert line in tuned.after.warnings
    assert line in json.loads((tmp_path / "doubtful/report.json").read_text())["warnings"]
    assert not any("ambiguous" in text for text in sure.after.warnings)
    assert [w.start_s for w in tuned.after.windows] == [w.start_s for w in sure.after.windows]
    judged = finished(evaluate_project(study.project, study.folder, base, REAL))
    assert line in judged.warnings
    monkeypatch.undo()
    clip = doubted(study.project.clip(study.clip_id("p4_long")), "stored")
    kept = study.project.with_clips([clip])
    judged = finished(evaluate_project(kept, study.folder, base, REAL))
    assert line.replace("periodic motion", "stored") in judged.warnings


def test_an_ambiguous_alignment_that_it_was_calibrated_with_is_told(
    study: Study, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harstudio.workflows import calibrating

    project = recorded()
    windows, split = planned(study, project, PLAIN)
    paired = calibrating.paired_clip

    def doubtful(*arguments: object):  # type: ignore[no-untyped-def]
        pairs = paired(*arguments)  # type: ignore[arg-type]
        return tuple(replace(pair, ambiguous="one axis") for pair in pairs)

    monkeypatch.setattr(calibrating, "paired_clip", doubtful)
    found, notes = finished(fit_for_training(project, study.folder, windows, split, OPTIONS))
    doubts = [text for text in notes if "is ambiguous (one axis)" in text]
    assert len(doubts) == len(found.subjects)
