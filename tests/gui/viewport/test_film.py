"""Pictures and films off the clock: as the window shows it, at the times and sizes asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.exchange.film_run import FilmRun
from harstudio.gui.exchange.filming import captions_for, tier_of
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.theme import DARK, LIGHT, Theme
from harstudio.gui.viewport import ViewportPanel
from harstudio.gui.viewport.captions import Captions, Tier, Writer, frame_bytes
from harstudio.gui.viewport.film import Darkroom, Take, rgba, see_through
from harstudio.gui.viewport.strip import Curve, Strip, strip_of
from harstudio.workflows.films import FilmPlan
from tests.workflows.decoding import decoded

WALKING = "#E69F00"


@pytest.fixture
def walking(
    display: None, qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme
) -> ViewportPanel:
    """The viewport with the first clip open and drawn: walking in its first second of two."""
    panel = ViewportPanel(session, Placing(session), clock, theme)
    qtbot.addWidget(panel)
    panel.resize(480, 400)
    panel.show()
    qtbot.waitExposed(panel)
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    qtbot.waitUntil(lambda: panel.frames_drawn > 0)
    return panel


@pytest.fixture
def tier() -> Tier:
    return Tier("", LabelTrack((Segment(0.0, 1.0, "walking"),)), lambda _label: WALKING, 2.0)


@pytest.fixture
def room(display: None, qapp: object) -> Iterator[Darkroom]:
    result = Darkroom(320, 240, DARK)
    yield result
    result.close()


def rgb(colour: str) -> list[int]:
    return list(QColor(colour).getRgb()[:3])


# -- what is held still ------------------------------------------------------------------


def test_a_picture_in_memory_is_that_of_the_window(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    stage = walking.stage
    before = stage.frames_drawn
    stage.refresh()
    qtbot.waitUntil(lambda: stage.frames_drawn > before)
    seen = rgba(walking.screenshot())[40 : stage.height(), :, :3].astype(int)
    room = Darkroom(stage.width(), stage.height(), DARK)
    drawn = rgba(
        room.draw(Take(walking, session), 0.0, session.project.label_set.colour("walking"))
    )
    room.close()
    away = np.abs(drawn[40:, :, :3].astype(int) - seen).max(axis=-1)
    assert np.median(away) == 0
    assert (away > 60).mean() < 0.02  # edges only, which the window leaves rough while it plays


def test_a_take_follows_the_body_as_the_window_does(
    qtbot: QtBot, walking: ViewportPanel, session: Session, clock: PlaybackClock
) -> None:
    clock.seek(0.3)
    take = Take(walking, session)
    before = walking.frames_drawn
    clock.seek(1.5)
    qtbot.waitUntil(lambda: walking.frames_drawn > before)
    np.testing.assert_allclose(take.camera(1.5).target, walking.camera.target, atol=1e-9)
    assert take.camera(0.0).target != take.camera(1.5).target


def test_a_take_of_a_camera_that_stands_still_stands_still(
    walking: ViewportPanel, session: Session
) -> None:
    walking.set_follow(False)
    take = Take(walking, session)
    assert take.camera(0.0) == take.camera(1.5) == walking.camera


def test_nothing_that_is_done_later_changes_a_take(
    qtbot: QtBot, walking: ViewportPanel, session: Session, room: Darkroom
) -> None:
    take = Take(walking, session)
    before = rgba(room.draw(take, 0.7, WALKING))
    walking.set_mode("skeleton")
    walking.set_view("top")
    walking.showing.choose(tint="nothing" if walking.showing.options.tint == "floor" else "floor")
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("second")
    np.testing.assert_array_equal(rgba(room.draw(take, 0.7, WALKING)), before)


def test_drawing_leaves_the_window_as_it_was(
    qtbot: QtBot, walking: ViewportPanel, session: Session, room: Darkroom
) -> None:
    def seen() -> np.ndarray:
        before = walking.frames_drawn
        walking.stage.refresh()
        qtbot.waitUntil(lambda: walking.frames_drawn > before)
        return rgba(walking.screenshot())

    before = seen()
    room.draw(Take(walking, session), 1.0, WALKING)
    np.testing.assert_array_equal(seen(), before)


def test_without_a_body_there_is_nothing_to_take(
    qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme
) -> None:
    panel = ViewportPanel(session, Placing(session), clock, theme)
    qtbot.addWidget(panel)
    with pytest.raises(HarstudioError, match=r"no body|display"):
        Take(panel, session)


def test_in_light_colours_the_sky_is_light(walking: ViewportPanel, session: Session) -> None:
    light = Darkroom(320, 240, LIGHT)
    picture = rgba(light.draw(Take(walking, session), 0.0))
    light.close()
    np.testing.assert_allclose(picture[2, 2, :3], rgb(LIGHT.sky), atol=2)
    assert (picture[..., 3] == 255).all()


# -- see-through -------------------------------------------------------------------------


def test_see_through_pictures_give_back_what_was_drawn() -> None:
    rng = np.random.default_rng(0)
    opacity = np.array([0, 255, 255, 128, 64])[rng.integers(0, 5, (12, 16))]
    colour = rng.integers(0, 256, (12, 16, 3))
    share = opacity[..., None] / 255.0

    def before(grey: float) -> QImage:
        mixed = np.full((12, 16, 4), 255, np.uint8)
        mixed[..., :3] = np.round(colour * share + grey * (1.0 - share))
        return QImage(mixed.tobytes(), 16, 12, 64, QImage.Format.Format_RGBA8888).copy()

    result = rgba(see_through(before(0.0), before(255.0)))
    np.testing.assert_allclose(result[..., 3], opacity, atol=1)
    np.testing.assert_allclose(result[..., :3], colour * share, atol=1)


def test_a_see_through_picture_shows_only_the_body(
    walking: ViewportPanel, session: Session
) -> None:
    room = Darkroom(320, 240, DARK, clear=True)
    picture = rgba(room.draw(Take(walking, session), 0.0, WALKING))
    room.close()
    assert (picture[:10, :, 3] == 0).all()
    assert (picture[110:125, 155:165, 3] == 255).all()  # the pelvis, in the middle
    assert 0.02 < (picture[..., 3] > 0).mean() < 0.5


# -- captions ----------------------------------------------------------------------------


def blank(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(DARK.sky))
    return image


def inside(frame: QImage, place: QRectF) -> np.ndarray:
    """Pixels of a place's left edge, where no letter is."""
    left, middle = round(place.left()) + 3, round(place.center().y())
    return rgba(frame)[middle - 3 : middle + 3, left : left + 4, :3]


def test_a_label_is_written_on_its_colour_while_it_lasts(qapp: object, tier: Tier) -> None:
    writer = Writer(Captions((tier,), "", clock=False), 640, 360, DARK)
    place = writer.label_place("walking")
    for time_s, colour in ((0.0, WALKING), (0.999, WALKING), (1.0, DARK.sky), (1.9, DARK.sky)):
        frame = writer.frame(blank(640, 360), time_s)
        assert (inside(frame, place) == rgb(colour)).all(), time_s


def test_at_the_end_of_the_clip_the_last_label_is_written(tier: Tier) -> None:
    whole = Tier("", LabelTrack((Segment(0.0, 2.0, "walking"),)), tier.colour_of, 2.0)
    assert whole.at(2.0) == ("walking", WALKING)
    assert tier.at(2.0) == ("", "")


def test_a_second_tier_is_written_below_the_first_even_where_that_has_no_label(
    qapp: object, tier: Tier
) -> None:
    other = Tier("bob", LabelTrack((Segment(0.0, 2.0, "x"),)), lambda _label: "#00FF00", 2.0)
    writer = Writer(Captions((tier, other), "", clock=False), 640, 360, DARK)
    rows = []
    for time_s in (0.5, 1.5):
        green = (rgba(writer.frame(blank(640, 360), time_s))[..., :3] == (0, 255, 0)).all(axis=-1)
        rows.append(np.flatnonzero(green.any(axis=1))[0])
    assert rows[0] == rows[1] > writer.label_place("walking").bottom()


def test_clip_and_time_change_with_the_time(qapp: object) -> None:
    writer = Writer(Captions((), "walk_1"), 640, 360, LIGHT)
    first, again, later = (rgba(writer.frame(blank(640, 360), t)) for t in (0.0, 0.0, 1.0))
    np.testing.assert_array_equal(first, again)
    changed = np.flatnonzero((first != later).any(axis=(1, 2)))
    assert changed.size
    assert changed.min() > 300


def test_a_very_long_label_stays_in_the_picture(qapp: object) -> None:
    text = "walking " * 40
    tier = Tier("", LabelTrack((Segment(0.0, 2.0, text),)), lambda _label: WALKING, 2.0)
    writer = Writer(Captions((tier,), text), 480, 480, DARK)
    assert writer.label_place(text).right() < 480
    frame = rgba(writer.frame(blank(480, 480), 0.5))
    assert (frame[:, -8:, :3] == rgb(DARK.sky)).all()


def test_bytes_are_every_pixel_row_by_row(qapp: object) -> None:
    image = QImage(6, 3, QImage.Format.Format_RGBA8888_Premultiplied)
    for i in range(18):
        image.setPixelColor(i % 6, i // 6, QColor(i, 2 * i, 3 * i))
    pixels = np.frombuffer(frame_bytes(image), np.uint8).reshape(18, 4)
    np.testing.assert_array_equal(pixels[:, 0], np.arange(18))
    np.testing.assert_array_equal(pixels[:, 3], 255)


# -- the strip ---------------------------------------------------------------------------


def strip(end_s: float) -> Strip:
    times = np.arange(0.0, end_s, 0.02)
    return Strip("a", (Curve(times, np.abs(np.sin(times)), "virtual"),), (), 0.0, end_s)


def test_the_cursor_runs_from_edge_to_edge_of_a_short_film() -> None:
    place = QRectF(0, 288, 640, 72)
    xs = [strip(10.0).cursor_x(place, t, 0.5) for t in (0.0, 5.0, 10.0)]
    np.testing.assert_allclose(xs, [12.0, 320.0, 628.0])


def test_the_strip_of_a_long_film_moves_along_and_stays_within_it() -> None:
    windows = [strip(100.0).window(t) for t in (0.0, 3.0, 50.0, 99.0)]
    assert windows == [(0.0, 20.0), (0.0, 20.0), (40.0, 60.0), (80.0, 100.0)]


def test_cursor_and_curve_are_where_the_time_is(qapp: object) -> None:
    captions = Captions((), "", clock=False, strip=strip(10.0))
    writer = Writer(captions, 640, 360, DARK)
    assert writer.picture_size == (640, 288)
    for time_s in (2.5, 7.5):
        frame = rgba(writer.frame(blank(640, 288), time_s))[..., :3].astype(int)
        x = round(captions.strip.cursor_x(QRectF(0, 288, 640, 72), time_s, 0.5))
        assert np.abs(frame[345, x - 1 : x + 2] - rgb(DARK.playhead)).max(axis=-1).min() < 120
    blue = frame[302:, :, 2] - frame[302:, :, 0] > 40
    assert blue.any(axis=0)[20:620].mean() > 0.8
    lowest = [np.flatnonzero(blue[:, column])[-1] for column in (12 + 193, 12 + 387)]
    np.testing.assert_allclose(lowest, 353 - 302, atol=2)  # the sine is 0 at pi and 2 pi


def test_the_strip_shows_the_chosen_sensor_and_none_without_one(
    qtbot: QtBot, session: Session
) -> None:
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    bands = ((Segment(0.0, 1.0, "walking"), WALKING),)
    assert strip_of(session, 0.0, 2.0, bands) is not None
    session.select_sensor("nobody")
    assert strip_of(session, 0.0, 2.0, bands) is None


# -- films -------------------------------------------------------------------------------


def run_of(
    path: Path,
    plan: FilmPlan,
    panel: ViewportPanel,
    session: Session,
    captions: Captions,
    tier: Tier,
) -> FilmRun:
    return FilmRun(path, plan, Take(panel, session), captions, DARK, tier)


def chip_of(frame: np.ndarray, place: QRectF) -> np.ndarray:
    """(3,) colour of a chip beside its words, in a film that was read again."""
    row, column = round(place.center().y()), round(place.left()) + 2
    return frame[row - 1 : row + 2, column : column + 2].reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_film_has_its_frames_and_its_label_while_that_lasts(
    qtbot: QtBot, walking: ViewportPanel, session: Session, tier: Tier, tmp_path: Path, suffix: str
) -> None:
    plan = FilmPlan(0.5, 1.5, 320, 180, 25.0, 2.0, suffix)
    captions = Captions((tier,), "first")
    run = run_of(tmp_path / f"film{suffix}", plan, walking, session, captions, tier)
    with qtbot.waitSignal(run.succeeded, timeout=30_000):
        run.start()
    film = decoded(tmp_path / f"film{suffix}")
    assert film.frames.shape == (plan.frames, 180, 320, 3) == (12, 180, 320, 3)
    assert film.rate_hz == 25.0
    place = Writer(captions, 320, 180, DARK).label_place("walking")
    for frame, time_s in zip(film.frames, plan.times_s, strict=True):
        colour = WALKING if time_s < 1.0 else DARK.sky
        np.testing.assert_allclose(chip_of(frame, place), rgb(colour), atol=14)
    assert list(tmp_path.glob(".*")) == []
    assert (run.progress.done, run.eta_s) == (plan.frames, None)


def test_a_cancelled_film_leaves_nothing(
    qtbot: QtBot, walking: ViewportPanel, session: Session, tier: Tier, tmp_path: Path
) -> None:
    plan = FilmPlan(0.0, 2.0, 320, 180, 60.0, 0.25)
    (tmp_path / "films").mkdir()
    run = run_of(tmp_path / "films/film.mp4", plan, walking, session, Captions(), tier)
    with qtbot.waitSignal(run.progressed, timeout=10_000):
        run.start()
    with (
        qtbot.waitSignals([run.cancelled, run.finished], timeout=10_000),
        qtbot.assertNotEmitted(run.succeeded),
    ):
        run.cancel()
    run.wait(5.0)
    assert list((tmp_path / "films").iterdir()) == []


def test_a_gif_cancelled_while_its_colours_are_chosen_leaves_nothing(
    qtbot: QtBot, walking: ViewportPanel, session: Session, tier: Tier, tmp_path: Path
) -> None:
    plan = FilmPlan(0.0, 1.0, 640, 360, 25.0, 1.0, ".gif")
    (tmp_path / "films").mkdir()
    run = run_of(tmp_path / "films/film.gif", plan, walking, session, Captions(), tier)
    all_drawn = lambda progress: progress.message == "Writing the file"  # noqa: E731
    with qtbot.waitSignal(run.progressed, timeout=20_000, check_params_cb=all_drawn):
        run.start()
    with qtbot.waitSignal(run.cancelled, timeout=10_000):
        run.cancel()
    run.wait(5.0)
    assert list((tmp_path / "films").iterdir()) == []


def test_a_film_that_cannot_be_written_says_so(
    qtbot: QtBot, walking: ViewportPanel, session: Session, tier: Tier, tmp_path: Path
) -> None:
    plan = FilmPlan(0.0, 1.0, 320, 180)
    run = run_of(tmp_path / "nowhere/film.mp4", plan, walking, session, Captions(), tier)
    with qtbot.waitSignal(run.failed, timeout=10_000) as told:
        run.start()
    assert "film.mp4: cannot be written" in told.args[0]


def test_labels_edited_while_a_film_is_made_are_not_in_it(
    qtbot: QtBot, walking: ViewportPanel, session: Session, tmp_path: Path
) -> None:
    plan = FilmPlan(0.0, 0.4, 320, 180)
    captions = captions_for(session, plan, words=False)
    run = run_of(tmp_path / "film.mp4", plan, walking, session, captions, tier_of(session, MINE))
    session.edit_labels("Clear", LabelTrack())
    with qtbot.waitSignal(run.succeeded, timeout=30_000):
        run.start()
    colour = rgb(session.project.label_set.colour("walking"))
    place = Writer(captions, 320, 180, DARK).label_place("walking")
    for frame in decoded(tmp_path / "film.mp4").frames:
        np.testing.assert_allclose(chip_of(frame, place), colour, atol=14)
