"""The Train form: what it says is the configuration, and it tells what that comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QCheckBox, QComboBox
from pytestqt.qtbot import QtBot

from harstudio.body.sites import layout_of
from harstudio.core.jobs import Progress
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project
from harstudio.gui.panels.train.form import TrainForm
from harstudio.gui.panels.train.form_parts import choose
from harstudio.gui.panels.train.panel import TrainPanel
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.models import known_models
from harstudio.learn.runs.folder import RunFolder, list_runs
from harstudio.learn.runs.state import FAILED
from harstudio.workflows import training

USED = TrainingConfig(
    model="deepconvlstm",
    sensors=("right_wrist",),
    channels="acc_gyro",
    window_s=2.0,
    overlap=0.25,
    min_share=0.8,
    soft_edges=False,
    label_map=LabelMap((("walking", "moving"), ("jumping", "jumping"))),
    split="folds",
    folds=3,
    fold_unit="clip",
    validation_share=0.2,
    seed=7,
    epochs=11,
    batch=64,
    patience=0,
    learning_rate=0.005,
    weight_decay=0.0,
    schedule="cosine",
    clip_norm=0.0,
    mix_channels=True,
    class_weights=False,
    upsample=True,
    people=2,
)


@pytest.fixture
def project(labelled_clip: Clip, project: Project) -> Project:
    """Nine clips of three people, the first with a recording."""
    clips = [
        replace(
            labelled_clip,
            id=f"p{person}-{number}",
            name=f"p{person}-{number}",
            subject=f"p{person}",
            recordings=labelled_clip.recordings if number == person == 0 else (),
        ).with_track(LabelTrack((Segment(0, 2, label), Segment(2, 4, "sitting"))))
        for person in range(3)
        for number, label in enumerate(("walking", "jumping", "walking"))
    ]
    return replace(project, clips={}, layout=layout_of(["right_wrist", "head"])).with_clips(clips)


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobCentre]:
    centre = JobCentre()
    yield centre
    centre.cancel_all()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def train(
    qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme, settings: Settings
) -> TrainPanel:
    panel = TrainPanel(session, jobs, theme, settings)
    qtbot.addWidget(panel)
    panel.resize(470, 600)
    panel.show()
    return panel


@pytest.fixture
def form(train: TrainPanel) -> TrainForm:
    return train.form


def told(qtbot: QtBot, form: TrainForm, words: str) -> str:
    """What the plan says, once it says these words."""
    qtbot.waitUntil(lambda: words in form.plan.text.text())
    return form.plan.text.text()


def test_a_form_at_rest_says_the_defaults(form: TrainForm) -> None:
    assert form.config() == TrainingConfig(sensors=("right_wrist", "head"))


def test_the_form_gives_back_every_entry_that_it_was_filled_with(form: TrainForm) -> None:
    form.show_config(USED)
    assert form.config() == USED


def test_settings_come_back_with_the_project(
    qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme, settings: Settings,
    train: TrainPanel,
) -> None:  # fmt: skip
    train.form.show_config(USED)
    train._remember()
    again = TrainPanel(session, jobs, theme, settings)
    qtbot.addWidget(again)
    assert again.form.config() == USED


def test_settings_that_cannot_be_read_give_way_to_the_defaults(form: TrainForm) -> None:
    for text in ("", "{", '{"config": {"model": 3}}', '{"config": {"no_such": 1}}', "[]"):
        form.restore(text)
        assert form.config().epochs == 30


def test_every_model_is_offered_in_groups_and_shows_its_own_options_only(form: TrainForm) -> None:
    box = form.model_section.model
    offered = [box.itemData(i) for i in range(box.count()) if box.itemData(i)]
    assert sorted(offered) == sorted(known_models())
    assert box.itemText(0) == "Networks"
    for spec in known_models().values():
        choose(box, spec.id)
        shown = {name for name, field in form.model_section.fields.items() if field.isVisible()}
        assert shown == set(spec.options)
        assert form.model_section.source.whole == spec.source


def test_a_slow_model_says_so_until_its_channels_are_mixed(form: TrainForm) -> None:
    choose(form.model_section.model, "deepconvlstm")
    assert "5 min an epoch" in form.model_section.slow.text()
    mixed = form.model_section.fields["mix_channels"]
    assert isinstance(mixed, QCheckBox)
    mixed.setChecked(True)
    assert not form.model_section.slow.isVisible()


def test_every_field_has_a_help_and_no_wheel_changes_it_in_passing(form: TrainForm) -> None:
    kinds = (QComboBox, QAbstractSpinBox, QCheckBox)
    for section in (form.model_section, form.data, form.split_section, form.balance,
                    form.more_section):  # fmt: skip
        for kind in kinds:
            for field in section.findChildren(kind):
                if field not in form.data.sensors.values():
                    assert field.toolTip(), field
                    assert field.whatsThis(), field
    field = form.split_section.test
    before = field.value()
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field, turn)
    assert field.value() == before


def test_the_form_is_no_wider_than_its_dock(train: TrainPanel) -> None:
    train.form.balance_fold.unfold()
    train.form.more.unfold()
    assert train.form.minimumSizeHint().width() <= 470 - 16 - 20


def test_the_plan_names_units_and_counts_leaks_in_red(qtbot: QtBot, form: TrainForm) -> None:
    text = told(qtbot, form, "1 subject in test")
    assert "leak" not in text
    choose(form.split_section.split, "random_windows")
    text = told(qtbot, form, "leaks: figures will be too good")
    leaks = form.preview.leaks
    assert f"{len(leaks)} leaks" in text
    assert any(leak.kind == "clip" and str(leak.count) in leak.text for leak in leaks)
    assert Theme("light").colours.harm in text


def test_the_plan_of_folds_tells_the_range_over_them(qtbot: QtBot, form: TrainForm) -> None:
    choose(form.split_section.split, "leave_one_subject_out")
    assert "3 trainings" in told(qtbot, form, "leave one subject out")


def test_a_list_of_a_file_splits(qtbot: QtBot, form: TrainForm, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("subject,part\np0,train\np1,train\np2,test\n")
    form.split_section.take_list(path)
    assert form.config().split_list == str(path)
    told(qtbot, form, "by the list")
    assert form.preview.plan.splits[0].units["test"] == ("p2",)


def test_bars_count_labels_and_subjects_in_seconds_or_windows(
    qtbot: QtBot, form: TrainForm
) -> None:
    told(qtbot, form, "in test")
    amounts = form.amounts
    assert dict(amounts.labels.rows) == {"walking": 12.0, "jumping": 6.0, "sitting": 18.0}
    assert dict(amounts.subjects.rows) == {"p0": 12.0, "p1": 12.0, "p2": 12.0}
    amounts.unit.setCurrentIndex(1)
    windows = form.preview.plan.windows
    assert dict(amounts.labels.rows) == windows.counts()
    assert sum(amount for _, amount in amounts.subjects.rows) == len(windows)


def test_a_label_map_changes_the_bars_and_what_it_omits_stops_the_training(
    qtbot: QtBot, train: TrainPanel
) -> None:
    data = train.form.data
    data.set_label_map(LabelMap((("walking", "moving"), ("jumping", "moving"))))
    text = told(qtbot, train.form, "sitting")
    assert "9 segments, 18.0 s" in text
    assert not train.start.isEnabled()
    data.set_label_map(LabelMap((("walking", "moving"), ("jumping", "moving")), "keep"))
    qtbot.waitUntil(train.start.isEnabled)
    assert dict(train.form.amounts.labels.rows) == {"moving": 18.0, "sitting": 18.0}


def test_without_a_sensor_there_is_nothing_to_train_on(qtbot: QtBot, train: TrainPanel) -> None:
    for box in train.form.data.sensors.values():
        box.setChecked(False)
    told(qtbot, train.form, "no sensor is chosen")
    assert not train.start.isEnabled()


def test_real_signals_offer_the_sensors_that_were_worn(qtbot: QtBot, form: TrainForm) -> None:
    choose(form.data.signals, "real")
    assert list(form.data.sensors) == ["right_wrist"]
    qtbot.waitUntil(lambda: form.preview is not None and form.preview.clips == 1)
    assert "2 subjects" in told(qtbot, form, "a split by subject needs")
    choose(form.data.signals, "virtual")
    assert list(form.data.sensors) == ["right_wrist", "head"]


def test_a_job_that_dies_is_a_failed_run_with_its_reason(
    session: Session, train: TrainPanel
) -> None:
    folder = training.runs_folder(session.file.path)
    train._on_failed(folder / "gone", USED, "Training cnn failed: ended with code -9", None)
    (run,) = list_runs(folder)
    assert run.state.state == FAILED
    assert "code -9" in run.state.reason
    assert run.config() == USED
    assert "code -9" in train.progress.state.text()
    assert train.progress.state.property("harm")


def test_a_failed_run_that_says_why_keeps_its_own_words(
    session: Session, train: TrainPanel
) -> None:
    folder = training.runs_folder(session.file.path)
    train._on_failed(folder / "gone", USED, "first", None)
    train._on_failed(folder / "gone", USED, "second", None)
    assert RunFolder(folder / "gone").state.reason == "first"


def test_progress_tells_the_best_so_far_and_the_time_left(train: TrainPanel) -> None:
    train.progress.begin("Training", Path("nowhere"), stop=lambda: None, cancel=lambda: None)
    row = {"epoch": 1, "epochs": 9, "epoch_done": True, "train_loss": 1.0, "best": True,
           "validation_macro_f1": 0.5, "best_epoch": 1, "eta_s": 75.0}  # fmt: skip
    train.progress.show_progress(Progress(1, 9, "epoch 1 of 9", row))
    assert train.progress.state.text() == (
        "epoch 1 of 9 · best so far: epoch 1 (0.500) · 01:15 left"
    )
    note = {"notes": ("9 epochs take about 20 min",)}
    train.progress.show_progress(Progress(1, 9, "epoch 1 of 9", note))
    assert "20 min" in train.progress.note.text()


def test_lines_that_grow_hold_every_epoch_and_the_best(qtbot: QtBot, train: TrainPanel) -> None:
    curves = train.curves
    for epoch in range(1, 9):
        curves.add({"epoch": epoch, "train_loss": 1.0 / epoch, "validation_loss": 2.0 / epoch,
                    "best": epoch in (2, 7)})  # fmt: skip
        curves._extend()
        assert {key: list(line.getData()[0]) for (_, key), line in curves._lines.items()} == {
            key: list(range(1, epoch + 1)) for key in ("train_loss", "validation_loss")
        }
    assert [mark.value() for mark in curves._best] == [7, 7]
    assert "best: epoch 7" in curves._legend.text()
    curves.begin("fold 2")
    curves.add({"epoch": 1, "train_loss": 0.5})
    curves._extend()
    assert (1, "train_loss") in curves._lines
    assert not curves._best


def test_a_loss_is_written_without_a_factor_of_its_own(train: TrainPanel) -> None:
    assert not train.curves._plots["loss"].getAxis("left").autoSIPrefix


def test_a_training_asks_for_no_more_height_and_width_than_the_form(train: TrainPanel) -> None:
    train.show()
    before = train.minimumSizeHint()
    train.progress.begin(
        "Resuming 20261120-110040-deepconvlstm of a long name", Path("nowhere"),
        stop=lambda: None, cancel=lambda: None, keeps=True,
    )  # fmt: skip
    QApplication.processEvents()
    assert train.minimumSizeHint().height() == before.height() <= 160
    assert train.minimumSizeHint().width() <= 440


def test_labels_are_counted_once_per_state_of_the_project(
    train: TrainPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any job's progress asks what keeps a training from beginning."""
    counted: list[Project] = []
    count = training.data_summary
    monkeypatch.setattr(training, "data_summary", lambda p: counted.append(p) or count(p))
    train._counted = None
    for _ in range(5):
        train._on_jobs()
    assert len(counted) == 1


def test_each_fold_gets_curves_of_its_own(train: TrainPanel) -> None:
    train.progress.begin("Training", Path("nowhere"), stop=None, cancel=lambda: None)
    for fold in (1, 2):
        for epoch in (1, 2, 3):
            values = {"fold": fold, "folds": 2, "epoch": epoch, "train_loss": 1.0 / epoch}
            train.progress.show_progress(Progress(0, 2, "", values))
    assert [(s.name, len(s.rows)) for s in train.curves.series] == [("fold 1", 3), ("fold 2", 3)]


def test_every_entry_of_a_configuration_is_in_the_form_or_known_not_to_be() -> None:
    """A new entry must not be forgotten by "use its settings"."""
    asked = {"signals", "channels", "sensors", "window_s", "overlap", "min_share", "rate_hz",
             "label_map", "split", "split_list", "folds", "fold_unit", "test_share",
             "validation_share", "model", "class_weights", "upsample", "soft_edges", "people",
             "calibrate", "epochs", "patience", "batch", "learning_rate", "weight_decay",
             "schedule", "clip_norm", "device", "seed"}  # fmt: skip
    options = {name for spec in known_models().values() for name in spec.options}
    assert {f.name for f in fields(TrainingConfig)} == asked | options | {"preset"}


def test_a_training_that_was_stopped_is_taken_up_again(
    qtbot: QtBot, session: Session, train: TrainPanel, jobs: JobCentre
) -> None:
    choose(train.form.model_section.model, "cnn")
    choose(train.form.split_section.split, "clip")
    train.form.more_section.epochs.setValue(25)
    train.form.more_section.patience.setValue(0)
    train.start.click()
    assert train.progress.isVisible()
    assert not train.start.isVisible()
    job = jobs.running[0]
    qtbot.waitUntil(lambda: bool(job.progress.values.get("best_epoch")), timeout=120_000)
    with qtbot.waitSignal(train.run_finished, timeout=120_000) as finished:
        train.progress.stop.click()
    run = RunFolder(finished.args[0])
    assert run.state.state == "stopped"
    assert "stopped early" in train.progress.state.text()
    before = len(run.history())
    qtbot.waitUntil(lambda: train.book.of(run.path) is not None)
    assert train.book.of(run.path).resumable
    train.resume(run.path)
    assert sorted(train.curves.series[0].rows) == list(range(1, before + 1))
    with qtbot.waitSignal(train.run_finished, timeout=120_000):
        pass
    assert run.state.state == "finished"
    assert len(run.history()) == 25
    assert train.start.isVisible()
    assert train.curves.series[0].rows
