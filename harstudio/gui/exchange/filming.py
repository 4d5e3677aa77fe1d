"""Commands that take films, pictures and meshes of what the viewport shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from harstudio.core.errors import HarstudioError
from harstudio.core.project import MINE
from harstudio.gui.commands.action_row import ActionRow, line
from harstudio.gui.exchange.film_dialogs import FilmDialog, MeshDialog, PictureDialog, Stretch
from harstudio.gui.exchange.film_run import FilmRun
from harstudio.gui.placing import spoken
from harstudio.gui.session import Session
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.captions import Captions, Tier, Writer
from harstudio.gui.viewport.film import Darkroom, Take
from harstudio.gui.viewport.strip import strip_of
from harstudio.io.files import write_atomically
from harstudio.workflows import meshes
from harstudio.workflows.exchange.file_names import safe_name
from harstudio.workflows.films import FilmPlan

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_LEAST_S = 0.02


# -- films -------------------------------------------------------------------------------


def make_film(window: MainWindow) -> None:
    """Ask for a stretch and a form, then film it beside the window."""
    session, clip = window.session, window.session.clip
    if clip is None or not _can_draw(window, "Film"):
        return
    strip = strip_of(session, 0.0, clip.duration_s, ())
    dialog = FilmDialog(
        stretches(session, window.clock.loop),
        [name for name in clip.tiers if name != session.tier and len(clip.track(name))],
        spoken(session.sensor) if strip is not None else "",
        window.theme.colours,
        follows=window.viewport.rig.follow,
        settings=window.settings,
        parent=window,
    )
    if not dialog.asked():
        return
    plan = dialog.plan
    path = _ask_path(window, "Film", clip.name, plan.suffix)
    if path is not None:
        captions = captions_for(
            session,
            plan,
            labels=dialog.labels.isChecked(),
            words=dialog.words.isChecked(),
            second=dialog.second.currentData(),
            strip=dialog.strip.isChecked() and dialog.strip.isEnabled(),
        )
        start_film(window, path, plan, captions, dialog.theme.currentData())


def start_film(
    window: MainWindow, path: Path, plan: FilmPlan, captions: Captions, colours: Colours
) -> FilmRun:
    """Film what the viewport shows now; the window's list of jobs tells how far it is."""
    session = window.session
    run = FilmRun(
        path, plan, Take(window.viewport, session), captions, colours,
        tier_of(session, session.tier), window,
    )  # fmt: skip
    run.succeeded.connect(lambda made: window.tell(f"Film written: {made}"))
    window.jobs.adopt(run)
    return run


def stretches(session: Session, loop: tuple[float, float] | None) -> list[Stretch]:
    """What of the open clip can be filmed: what is selected, the loop, all of it."""
    clip = session.clip
    if clip is None:
        return []
    found = []
    if session.selection is not None:
        index = session.segment_index
        name = "In to out"
        if index is not None:
            name = f"The segment “{session.track.segments[index].label}”"
        found.append(Stretch(name, *session.selection))
    if loop is not None:
        found.append(Stretch("The loop", *loop))
    found.append(Stretch("The whole clip", 0.0, clip.duration_s))
    cut = [Stretch(s.name, max(s.start_s, 0.0), min(s.end_s, clip.duration_s)) for s in found]
    return [s for s in cut if s.end_s - s.start_s >= _LEAST_S] or cut[-1:]


def tier_of(session: Session, name: str, said: str = "") -> Tier:
    """A tier of the open clip as it is now; `said` is written before its labels."""
    clip, project = session.clip, session.project
    if clip is None or project is None:
        raise HarstudioError("no clip is open")
    return Tier(said, clip.track(name), project.label_set.colour, clip.duration_s)


def captions_for(
    session: Session,
    plan: FilmPlan,
    *,
    labels: bool = True,
    words: bool = True,
    second: str = "",
    strip: bool = False,
) -> Captions:
    """What is to be written on a film of the open clip.

    Parameters
    ----------
    labels, words : bool
        The active tier's label; the clip's name and time.
    second : str
        Name of another tier whose labels are written too; empty for none.
    strip : bool
        The acceleration at the chosen sensor, below the picture.
    """
    clip = session.clip
    active = tier_of(session, session.tier)
    tiers = [active] if labels else []
    if second:
        tiers.append(tier_of(session, second, "mine" if second == MINE else second))
    bands = tuple((segment, active.colour_of(segment.label)) for segment in active.track.segments)
    return Captions(
        tuple(tiers),
        clip.name if words else "",
        words,
        strip_of(session, plan.start_s, plan.end_s, bands) if strip else None,
    )


# -- pictures ----------------------------------------------------------------------------


def take_picture(window: MainWindow) -> None:
    """Ask for a form, then save or copy a picture of the playhead's moment."""
    if not _can_draw(window, "Picture"):
        return
    dialog = _picture_dialog(window)
    pressed = dialog.asked()
    if pressed == dialog.COPY:
        _copy(window, dialog)
    elif pressed == dialog.SAVE:
        path = _ask_path(window, "Picture", window.session.clip.name, ".png")
        if path is not None:
            _save(window, picture(window, dialog), path)


def copy_picture(window: MainWindow) -> None:
    """Copy a picture as the last one was."""
    if _can_draw(window, "Picture"):
        _copy(window, _picture_dialog(window))


def picture(window: MainWindow, choice: PictureDialog) -> QImage:
    """What the viewport shows, in the size and the colours that were chosen."""
    session, time_s = window.session, window.clock.time_s
    colours, tier = choice.theme.currentData(), tier_of(session, session.tier)
    room = Darkroom(*choice.size_px, colours, clear=choice.ground.currentData())
    try:
        drawn = room.draw(Take(window.viewport, session), time_s, tier.at(time_s)[1])
    finally:
        room.close()
    words = choice.words.isChecked()
    captions = Captions(
        (tier,) if choice.labels.isChecked() else (), session.clip.name if words else "", words
    )
    return Writer(captions, *choice.size_px, colours).frame(drawn, time_s)


def _picture_dialog(window: MainWindow) -> PictureDialog:
    stage = window.viewport.stage
    ratio = stage.devicePixelRatioF()
    size_px = max(2, round(stage.width() * ratio)), max(2, round(stage.height() * ratio))
    return PictureDialog(size_px, window.theme.colours, window.settings, window)


def _copy(window: MainWindow, choice: PictureDialog) -> None:
    image = picture(window, choice)
    QGuiApplication.clipboard().setImage(image)
    window.tell(f"Picture copied: {image.width():,} × {image.height():,} pixels")


def _save(window: MainWindow, image: QImage, path: Path) -> None:
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    write_atomically(path, held.data())
    window.tell(f"Picture written: {path}")


# -- meshes ------------------------------------------------------------------------------


def export_mesh(window: MainWindow) -> None:
    """Ask for a format and a place, then write the body at the playhead; needs no OpenGL."""
    clip, loaded, time_s = window.session.clip, window.session.loaded, window.clock.time_s
    if clip is None or loaded is None:
        return
    person = window.what_if.person
    shown = loaded if person is None or window.what_if.beside else person
    if shown.motion is None or shown.shaped is None:
        window.tell(f"{clip.name} has no motion, so there is no body to export")
        return
    dialog = MeshDialog(time_s, window.settings, window)
    if not dialog.asked():
        return
    path = _ask_path(window, "Export mesh", clip.name, dialog.format.currentData())
    if path is None:
        return
    mesh = meshes.body_mesh(clip.name, shown.shaped, shown.motion, window.placing.layout, time_s)
    window.jobs.start(
        f"Writing {path.name}", meshes.export_mesh, mesh, path, dialog.sensors.isChecked(),
        on_done=lambda made: window.tell(f"Mesh written: {made}"),
    )  # fmt: skip


# -- both --------------------------------------------------------------------------------


def _can_draw(window: MainWindow, what: str) -> bool:
    """Whether the viewport shows a body; says why where it does not."""
    viewport = window.viewport
    if viewport.problem:
        window.tell(f"{what}: not without OpenGL, as a mesh is. {viewport.problem}")
        return False
    if window.session.loaded is None:  # another clip's body is still in the picture
        window.tell(f"{what}: the clip is still being read")
        return False
    if viewport.subject.figure is None:
        window.tell(f"{what}: the open clip has no body to show")
        return False
    return True


def _ask_path(window: MainWindow, title: str, stem: str, suffix: str) -> Path | None:
    name, _ = QFileDialog.getSaveFileName(
        window, title, safe_name(stem) + suffix, f"{suffix[1:].upper()} (*{suffix})"
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)


def _has_motion(window: MainWindow) -> bool:
    clip = window.session.clip
    return clip is not None and clip.motion is not None


FILM_ROWS: tuple[ActionRow, ...] = (
    line("View", "film"),
    ActionRow("film", "View", "Make a &film …", ("Ctrl+Shift+M",), make_film, _has_motion),
    ActionRow("picture", "View", "Take a &picture …", ("Ctrl+P",), take_picture, _has_motion),
    ActionRow(
        "picture_copy", "View", "Copy the picture", ("Ctrl+Shift+C",), copy_picture, _has_motion
    ),
    ActionRow("mesh", "File/Export", "Mesh of the body …", (), export_mesh, _has_motion),
)
