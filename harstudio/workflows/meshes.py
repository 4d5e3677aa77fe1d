"""A body at one moment as a mesh for other programs: OBJ, GLB, PLY or STL."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.model import ShapedBody
from harstudio.body.posing import moment
from harstudio.body.sites import sensor_paths
from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.jobs import Job, Progress
from harstudio.core.motion import Motion
from harstudio.core.project import Clip, Project
from harstudio.io.files import write_atomically
from harstudio.workflows.loading import bodies_of, read_posed

SUFFIXES = (".glb", ".obj", ".ply", ".stl")

SENSOR_M = (0.046, 0.036, 0.016)
"""Size of a sensor's box along its own axes, m."""

_GREY, _BLUE = (176, 186, 200, 255), (31, 111, 181, 255)
_DIGITS = 8
"""Decimals of a metre in text: a float32 keeps fewer."""

_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""World (z up) to glTF (y up): a quarter turn about x."""


@dataclass(frozen=True, eq=False)
class BodyMesh:
    """A posed skin with its sensors; m, world, z up.

    Attributes
    ----------
    clip : str
    time_s : float, s
    vertices : (V, 3) float32 array, m
    faces : (F, 3) array
    sensors : tuple of str
    places, turns : (S, 3) array, m, and (S, 3, 3) array, world from sensor
    """

    clip: str
    time_s: float
    vertices: NDArray[np.float32]
    faces: IntArray
    sensors: tuple[str, ...]
    places: FloatArray
    turns: FloatArray


def body_mesh(
    clip: str, shaped: ShapedBody, motion: Motion, layout: SensorLayout, time_s: float
) -> BodyMesh:
    """A body and its sensors at a time of its motion, between two frames where need be."""
    now = moment(motion, time_s)
    paths = sensor_paths(shaped, now, layout)
    vertices = Skin(shaped).vertices(joint_frames(shaped, now))[0]
    places, turns = paths.positions[0], paths.rotations[0]
    return BodyMesh(clip, time_s, vertices, shaped.body.faces, layout.names, places, turns)


def mesh_of(project: Project, clip: Clip, folder: Path, time_s: float) -> BodyMesh:
    """The body of a project's clip at a time, read from its file.

    Raises
    ------
    HarstudioError
        The clip has no motion, its file cannot be used, or the time is not within it.
    """
    if clip.motion is None:
        raise HarstudioError(f"{clip.name}: has no motion, so there is no body to export")
    posed = read_posed(clip.motion, folder, bodies_of(project, folder))
    duration_s = posed.motion.duration_s
    if not 0.0 <= time_s <= duration_s:
        raise HarstudioError(f"{clip.name}: got {time_s:g} s, expected 0 to {duration_s:g} s")
    return body_mesh(clip.name, posed.shaped, posed.motion, project.layout, time_s)


def export_mesh(mesh: BodyMesh, path: Path, sensors: bool = False) -> Job[Path]:
    """Write a mesh in metres, its vertices in the body model's order.

    Parameters
    ----------
    path : Path
        Its suffix is the format. OBJ, PLY and STL are z up, as all of harstudio; GLB is y up, as
        glTF demands (programs that know it turn it back).
    sensors : bool
        Also a box for each sensor.

    Raises
    ------
    HarstudioError
        Another suffix, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise HarstudioError(f"{path.name}: no mesh format, expected {', '.join(SUFFIXES)}")
    yield Progress(0, 2, f"Writing {path.name}")
    parts = _parts(mesh, sensors)
    yield Progress(1, 2, f"Writing {path.name}")
    write_atomically(path, _content(mesh, parts, suffix))
    return path


def _parts(mesh: BodyMesh, sensors: bool) -> dict[str, Any]:
    """Meshes of trimesh by name, the body first."""
    trimesh = _trimesh()

    def part(vertices: object, faces: object, colour: tuple[int, ...]) -> Any:
        # Nothing is merged or reordered: vertex i is vertex i of the body model.
        made = trimesh.Trimesh(vertices, faces, process=False, validate=False)
        material = trimesh.visual.material.PBRMaterial(
            baseColorFactor=colour, metallicFactor=0.0, roughnessFactor=0.75
        )
        made.visual = trimesh.visual.TextureVisuals(material=material)
        return made

    parts = {"body": part(mesh.vertices.astype(np.float64), mesh.faces, _GREY)}
    box = trimesh.creation.box(SENSOR_M)
    rows = zip(mesh.sensors, mesh.places, mesh.turns, strict=True)
    for name, place, turn in rows if sensors else ():
        parts[name] = part(box.vertices @ turn.T + place, box.faces, _BLUE)
    return parts


def _trimesh() -> Any:
    # Imported late, for it takes longer than the window may need to start; its types are not whole.
    return import_module("trimesh")


def _content(mesh: BodyMesh, parts: dict[str, Any], suffix: str) -> bytes:
    trimesh = _trimesh()
    said = f"{mesh.clip}, {mesh.time_s:.3f} s; metres, z up"
    if suffix == ".obj":
        return _obj(parts, said).encode()
    if suffix == ".glb":
        scene = trimesh.Scene(metadata={"clip": mesh.clip, "time_s": mesh.time_s})
        for name, part in parts.items():
            # Turned vertex by vertex, so that programs which ignore the tree have it right too.
            scene.add_geometry(part.copy().apply_transform(_Y_UP), node_name=name, geom_name=name)
        return bytes(scene.export(file_type="glb", include_normals=True))
    whole = trimesh.util.concatenate(list(parts.values()))
    if suffix == ".ply":
        return bytes(whole.export(file_type="ply", vertex_normal=True))
    return bytes(whole.export(file_type="stl"))


def _obj(parts: dict[str, Any], said: str) -> str:
    """Text of a Wavefront file: an object for each part, with normals; one comment."""
    lines = ["# " + " ".join(said.split())]
    first = 1
    for name, part in parts.items():
        lines.append(f"o {name}")
        lines += [f"v {x:.{_DIGITS}f} {y:.{_DIGITS}f} {z:.{_DIGITS}f}" for x, y, z in part.vertices]
        lines += [f"vn {x:.5f} {y:.5f} {z:.5f}" for x, y, z in part.vertex_normals]
        lines += [f"f {a}//{a} {b}//{b} {c}//{c}" for a, b, c in np.asarray(part.faces) + first]
        first += len(part.vertices)
    return "\n".join(lines) + "\n"
