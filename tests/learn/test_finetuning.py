"""Fine-tuning: four ways are tried, and one held-out part judges all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.adapting import left_out
from harstudio.learn.fit.alternatives import Alternative, Alternatives, load_alternatives
from harstudio.learn.fit.finetuning import among, finetune
from harstudio.learn.fit.networks import restored
from harstudio.learn.fit.prototypes import Prototypes
from harstudio.learn.fit.torch_setup import torch
from harstudio.learn.fit.training import train
from harstudio.learn.judging.evaluation import evaluate_run
from harstudio.learn.models.layers import Network
from harstudio.learn.runs.files import write_json
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.splitting.holdout import hold_out, stretches
from harstudio.learn.splitting.splits import overlaps

MakeConfig = Callable[..., TrainingConfig]
MakeWindows = Callable[..., WindowSet]

QUICK = FinetuneConfig(steps=40)
STEADY = FinetuneConfig(steps=100)


@pytest.fixture(scope="module", params=["cnn", "xiao2020"])
def run(
    request: pytest.FixtureRequest,
    windows: WindowSet,
    make_config: MakeConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp(request.param) / "run"
    finished(train(windows, make_config(model=request.param), path))
    return path


@pytest.fixture(scope="module")
def turned(make_windows: MakeWindows) -> WindowSet:
    """A new person whose sensor sits a quarter turn round: the trained model is lost."""
    return make_windows(subjects=("eve",), clips=2, turn=np.pi / 2, seconds=10.0, seed=77)


def test_the_convolution_stays_bit_for_bit_and_the_head_changes(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    config = replace(QUICK, method="head")
    finished(finetune(run, turned, config, tmp_path / "out"))
    before = RunFolder(run).checkpoint().below("network")
    after = RunFolder(tmp_path / "out").checkpoint().below("network")
    assert before.keys() == after.keys()
    for name in before:
        same = np.array_equal(before[name], after[name])
        assert same != name.startswith("head."), name


def test_another_device_is_learnt_without_forgetting_the_first(
    run: Path, make_windows: MakeWindows, windows: WindowSet, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), clips=2, seconds=10.0, seed=77)
    weaker = 0.5 * target.signals + np.array([1.0, -1.0, 5.5], np.float32)
    target = replace(target, signals=weaker.astype(np.float32))
    summary = finished(finetune(run, target, STEADY, tmp_path / "out"))
    assert summary.after.macro_f1 > max(0.9, summary.before.macro_f1 + 0.1)
    assert evaluate_run(tmp_path / "out", windows, "source").accuracy > 0.9


def test_before_and_after_judge_the_same_held_out_windows(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    summary = finished(finetune(run, turned, QUICK, tmp_path / "out"))
    shown = [[(w.clip_id, w.start_s, w.truth) for w in report.windows]
             for report in (summary.before, summary.after)]  # fmt: skip
    assert shown[0] == shown[1]
    assert summary.before.split == summary.after.split
    assert summary.before.split.startswith("held-out clips: ")
    assert summary.before.labels == summary.after.labels
    direct = evaluate_run(run, turned, "all")
    known = {(w.clip_id, w.start_s): w.prediction for w in direct.windows}
    assert all(known[w.clip_id, w.start_s] == w.prediction for w in summary.before.windows)
    folder = RunFolder(tmp_path / "out")
    assert folder.before().to_json() == summary.before.to_json()
    assert folder.report().to_json() == summary.after.to_json()


def test_a_run_folder_of_its_own_says_where_it_came_from(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    untouched = {path.name: path.read_bytes() for path in run.iterdir()}
    finished(finetune(run, turned, QUICK, tmp_path / "out"))
    folder = RunFolder(tmp_path / "out")
    assert folder.kind == "finetuning"
    assert folder.finetune_config() == QUICK
    assert folder.config() == RunFolder(run).config()
    assert Path(folder.about()["parent"]) == run.resolve()
    assert [row.epoch for row in folder.history()] == list(range(10, 2 * QUICK.steps + 1, 10))
    assert folder.state.state == "finished"
    assert {path.name: path.read_bytes() for path in run.iterdir()} == untouched


def test_the_same_windows_and_seed_adapt_the_same_way(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        finished(finetune(run, turned, QUICK, tmp_path / name))
    texts = [(tmp_path / name / "report.json").read_bytes() for name in ("one", "two")]
    assert texts[0] == texts[1]


def test_a_new_label_gets_a_row_and_is_learnt(
    run: Path, make_windows: MakeWindows, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), labels=("slow", "faster"), clips=3, seed=5)
    summary = finished(finetune(run, target, STEADY, tmp_path / "out"))
    assert summary.new_labels == ("faster",)
    assert summary.after.labels == ("still", "slow", "fast", "faster")
    scores = [{s.label: s.recall for s in report.per_class()}
              for report in (summary.before, summary.after)]  # fmt: skip
    assert scores[0]["faster"] == 0.0
    assert scores[1]["faster"] > 0.7
    assert any("not trained on 'faster'" in warning for warning in summary.before.warnings)
    assert any("lack: still, fast" in warning for warning in summary.after.warnings)
    again = finished(finetune(tmp_path / "out", target, QUICK, tmp_path / "again"))
    assert again.new_labels == ()


def test_rows_of_known_labels_start_as_they_were(run: Path) -> None:
    from harstudio.learn.fit.head_training import add_classes

    network: Network = restored(RunFolder(run).checkpoint())
    signals = torch.randn(4, 24, 3)
    before = network(signals)
    add_classes(network, 2)
    widened = network.eval()(signals)
    assert torch.allclose(widened[:, :3], before, atol=1e-5)
    assert widened.shape == (4, 5)


def test_a_handful_of_windows_of_one_recording_is_enough(
    run: Path, make_windows: MakeWindows, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), labels=("slow", "fast"), seconds=2.0)
    assert target.counts()["slow"] == 3
    summary = finished(finetune(run, target, QUICK, tmp_path / "out"))
    assert summary.before.split.startswith("held-out time: 2 windows in train, 2 windows in test")
    assert any("used for neither" in warning for warning in summary.after.warnings)


def test_clips_and_people_that_the_model_knows_are_told(
    run: Path, windows: WindowSet, tmp_path: Path
) -> None:
    report = finished(finetune(run, windows, QUICK, tmp_path / "out")).after
    told = " / ".join(report.warnings)
    assert "45 windows of 3 clips that the model was trained on" in told
    assert "45 windows of 2 subjects that the model was trained on" in told
    assert "trained on" in report.badge


def test_a_run_that_is_judged_on_the_person_it_was_adapted_to_says_so(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    finished(finetune(run, turned, QUICK, tmp_path / "out"))
    child = RunFolder(tmp_path / "out")
    assert any("the people it is adapted to" in text for text in child.report().warnings)
    assert child.report().badge == ""  # that is what adapting is for
    assert child.before().badge == ""


def test_what_the_parent_was_trained_on_is_told_of_the_child(
    run: Path, turned: WindowSet, windows: WindowSet, tmp_path: Path
) -> None:
    parts = RunFolder(run).report().parts
    trained = np.isin(windows.clip_index, [windows.clip_ids.index(c) for c in clips_of(parts)])
    finished(finetune(run, turned, QUICK, tmp_path / "child"))
    finished(finetune(tmp_path / "child", turned, QUICK, tmp_path / "grandchild"))
    for name in ("child", "grandchild"):
        report = evaluate_run(tmp_path / name, windows.taken(trained), "the first data")
        kinds = {leak.kind: leak.windows for leak in report.leaks}
        assert kinds == {"clip": int(trained.sum()), "subject": int(trained.sum())}
        assert report.badge


def test_a_child_that_does_not_say_what_its_parent_saw_is_not_trusted(
    run: Path, turned: WindowSet, windows: WindowSet, tmp_path: Path
) -> None:
    path = tmp_path / "child"
    finished(finetune(run, turned, QUICK, path))
    about = RunFolder(path).about()
    for seen in (None, {"clips": [], "subjects": [], "known": False}, [1]):
        write_json(path / "config.json", {**about, "seen_before": seen})
        (leak,) = evaluate_run(path, windows, "the first data").leaks
        assert leak.kind == "unknown_training"


def clips_of(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [*parts["train"]["clips"], *parts["validation"]["clips"]]


def test_closing_the_job_leaves_no_run(run: Path, turned: WindowSet, tmp_path: Path) -> None:
    job = finetune(run, turned, FinetuneConfig(steps=100_000), tmp_path / "out")
    next(p for p in job if "train_loss" in p.values)
    job.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_stop_keeps_the_head_so_far(run: Path, turned: WindowSet, tmp_path: Path) -> None:
    job = finetune(run, turned, FinetuneConfig(steps=100_000), tmp_path / "out")
    next(p for p in job if "train_loss" in p.values)
    RunFolder(tmp_path / "out").ask_to_stop()
    summary = finished(job)
    assert RunFolder(tmp_path / "out").finished
    assert RunFolder(tmp_path / "out").history()[-1].epoch < 100_000
    assert summary.after.total > 0


def test_four_ways_are_judged_on_the_same_windows(
    run: Path, make_windows: MakeWindows, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), clips=3, turn=np.pi / 2, seconds=5.0, seed=77)
    summary = finished(finetune(run, target, STEADY, tmp_path / "out"))
    stored = load_alternatives(tmp_path / "out")
    assert stored.to_json() == summary.alternatives.to_json()
    assert [bar.name for bar in stored.bars] == ["zero_shot", "scratch", "head", "full"]
    assert {tuple(bar.confusion.sum(axis=1)) for bar in stored.bars} == {
        tuple(summary.after.confusion.sum(axis=1))
    }
    scores = {bar.name: bar.macro_f1 for bar in stored.bars}
    assert scores["zero_shot"] == summary.before.macro_f1
    assert scores[stored.chosen] == summary.after.macro_f1
    assert stored.chosen in ("head", "full")
    assert stored.reason.startswith("macro F1 on a left-out segment of each class: head ")
    assert min(scores["head"], scores["full"]) > 0.9
    assert any("adapted to one person" in warning for warning in summary.after.warnings)


def test_training_all_layers_leaves_batch_normalisation_as_it_was(
    run: Path, turned: WindowSet, tmp_path: Path
) -> None:
    config = replace(QUICK, method="full")
    summary = finished(finetune(run, turned, config, tmp_path / "out"))
    assert summary.alternatives.reason == "as asked for"
    before = RunFolder(run).checkpoint().below("network")
    after = RunFolder(tmp_path / "out").checkpoint().below("network")
    assert not np.array_equal(before["encoder.steps.0.weight"], after["encoder.steps.0.weight"])
    frozen = [name for name in before if name.startswith(("encoder.steps.1.", "scale."))]
    assert len(frozen) == 7
    assert all(np.array_equal(before[name], after[name]) for name in frozen)


def test_few_windows_of_a_class_adapt_the_dense_layers_only(
    run: Path, make_windows: MakeWindows, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), labels=("slow", "fast"), seconds=2.0)
    summary = finished(finetune(run, target, QUICK, tmp_path / "out"))
    assert summary.alternatives.chosen == "head"
    assert "a class has 1 windows only" in summary.alternatives.reason
    assert [bar.name for bar in summary.alternatives.bars][-1] == "full", "but it is shown"


def test_labels_that_the_recording_lacks_take_no_part_in_judging(
    run: Path, make_windows: MakeWindows, tmp_path: Path
) -> None:
    target = make_windows(subjects=("eve",), labels=("slow", "fast"), clips=2, turn=1.5, seed=3)
    summary = finished(finetune(run, target, QUICK, tmp_path / "out"))
    for bar in summary.alternatives.bars:
        assert bar.confusion[:, 0].sum() == 0, "nothing is predicted as still"
    assert any("judged without them" in warning for warning in summary.after.warnings)


@pytest.mark.parametrize("model", ["lstm", "deepconvlstm"])
def test_recurrent_networks_are_adapted_too(
    model: str, windows: WindowSet, turned: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model=model, mix_channels=True, epochs=12)
    finished(train(windows, config, tmp_path / "run"))
    summary = finished(finetune(tmp_path / "run", turned, QUICK, tmp_path / "out"))
    assert len(summary.alternatives.bars) == 4
    assert summary.after.macro_f1 > 0.5
    before = RunFolder(tmp_path / "run").checkpoint().below("network")
    after = RunFolder(tmp_path / "out").checkpoint().below("network")
    assert before.keys() == after.keys()


def test_the_left_out_segments_share_no_time_with_the_others(turned: WindowSet) -> None:
    found = left_out(turned, np.arange(len(turned)))
    assert found is not None
    train, judge = found
    assert not np.intersect1d(train, judge).size
    assert not overlaps(turned, train, judge).any()
    assert set(turned.codes[train]) == set(turned.codes[judge]) == {0, 1, 2}
    lone = turned.taken(turned.clip_index != 1)
    assert left_out(lone, np.arange(len(lone))) is None


@pytest.mark.parametrize(
    "damage",
    [{}, {"labels": 3}, {"alternatives": [{"name": "head"}]}, {"labels": ["a"]}],
)
def test_damaged_alternatives_are_refused(damage: dict[str, object], tmp_path: Path) -> None:
    whole = Alternatives(("a", "b"), "head", "", (Alternative("head", np.eye(2, dtype=int)),))
    assert Alternatives.from_json(whole.to_json()).to_json() == whole.to_json()
    data = {**whole.to_json(), **damage} if damage else {}
    with pytest.raises(HarstudioError, match=r"alternatives\.json"):
        Alternatives.from_json(data)
    with pytest.raises(HarstudioError, match="cannot be read"):
        load_alternatives(tmp_path)


def test_predictions_among_some_labels_keep_their_proportions() -> None:
    shares = np.array([[0.2, 0.2, 0.6], [0.0, 0.0, 1.0]])
    found = among(shares, np.array([True, True, False]))
    assert found.tolist() == [[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]]


def test_prototypes_recognise_directions_not_lengths() -> None:
    features = np.array([[1.0, 0.1], [5.0, 0.0], [0.0, 2.0], [0.1, 9.0]])
    known = Prototypes.of(features, np.array([0, 0, 2, 2]), 3)
    shares = known.probabilities(np.array([[100.0, 1.0], [0.01, 0.5]]))
    assert shares.argmax(axis=1).tolist() == [0, 2]
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert (shares[:, 1] == 0).all(), "a class without windows is never predicted"
    with pytest.raises(HarstudioError, match="0 features for 0 labels"):
        Prototypes.of(features[:0], np.zeros(0, int), 3)


def test_a_forest_has_no_dense_layers(
    windows: WindowSet, turned: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    finished(train(windows, make_config(model="random_forest"), tmp_path / "run"))
    with pytest.raises(HarstudioError, match="no dense layers") as caught:
        finished(finetune(tmp_path / "run", turned, QUICK, tmp_path / "out"))
    assert "network" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_is_refused(run: Path, turned: WindowSet, tmp_path: Path) -> None:
    cases = {
        "other channels": (replace(turned, channels=("a", "b", "c")), "trained on wrist acc_x"),
        "other rate": (replace(turned, rate_hz=60.0), "60 Hz"),
        "one label": (turned.taken(turned.codes == 1), "two labels or more, got slow"),
        "nothing": (turned.taken(turned.codes > 9), "no labelled windows"),
    }
    for target, words in cases.values():
        with pytest.raises(HarstudioError, match=words):
            finished(finetune(run, target, QUICK, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    with pytest.raises(HarstudioError, match="no such file"):
        finished(finetune(tmp_path, turned, QUICK, tmp_path / "out"))


def one_recording(codes: list[int]) -> WindowSet:
    """Windows of one clip, half-overlapping, with those labels in turn."""
    start = 0.5 * np.arange(len(codes))
    none = np.zeros(len(codes), np.int64)
    return WindowSet(
        signals=np.zeros((len(codes), 60, 1), np.float32), codes=np.array(codes, np.int64),
        labels=("a", "b", "c"), channels=("x",), rate_hz=60.0, clip_ids=("clip",), clip_index=none,
        subjects=("eve",), subject_index=none, start_s=start, end_s=start + 1.0,
        real=np.ones(len(codes), bool),
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=2, max_size=12))
@settings(deadline=None, max_examples=100)
def test_held_out_time_never_touches_training_time(runs: list[tuple[int, int]]) -> None:
    windows = one_recording([code for code, length in runs for _ in range(length)])
    try:
        split = hold_out(windows, FinetuneConfig(hold_out="time"))
    except HarstudioError as error:
        text = str(error)
        assert "two labels" in text or "too few" in text
        return
    assert not overlaps(windows, split.train, split.test).any()
    assert not np.intersect1d(split.train, split.test).size
    assert set(windows.codes[split.train]) == set(windows.codes), "a label lost its training"
    assert len(split.test) > 0


def test_a_lone_stretch_gives_up_its_end() -> None:
    windows = one_recording([0] * 10 + [1] * 10)
    split = hold_out(windows, FinetuneConfig(hold_out="time", test_share=0.3))
    assert split.test.tolist() == [7, 8, 9, 17, 18, 19]
    assert split.train.tolist() == [0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15]
    assert split.notes[0] == "3 windows that touch both parts were used for neither"


def test_stretches_break_at_labels_gaps_and_clips() -> None:
    windows = one_recording([0, 0, 1, 1, 1, 0])
    late = windows.start_s + 5.0 * (np.arange(6) >= 4)
    windows = replace(windows, start_s=late, end_s=late + 1.0)
    assert stretches(windows).tolist() == [0, 0, 1, 1, 2, 3]


def test_clips_can_only_be_held_out_where_there_are_two() -> None:
    with pytest.raises(HarstudioError, match="only one"):
        hold_out(one_recording([0] * 5 + [1] * 5), FinetuneConfig(hold_out="clip"))
