"""A body at one moment, read again from the file it was written to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.sites import layout_of, sensor_paths
from harstudio.cli import main
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.meshes import SENSOR_M, BodyMesh, body_mesh, export_mesh, mesh_of
from tests.workflows.making import Study, moving

WORLD_FROM_GLTF = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
LAYOUT = layout_of(("left_wrist", "head"))


@pytest.fixture(scope="module")
def mesh() -> BodyMesh:
    motion = moving("waving", 2.0)
    shaped = open_body().shaped(motion.betas)
    return body_mesh("wave", shaped, motion, LAYOUT, 25.0 / motion.rate_hz)


def loaded(path: Path, *, split: bool = False) -> dict[str, trimesh.Trimesh]:
    """Meshes of a file by name, z up; of an OBJ all as the body unless they are to be split."""
    form = {"split_objects": True, "group_material": False} if split else {"maintain_order": True}
    found = trimesh.load(path, process=False, **form)
    parts = found.geometry if isinstance(found, trimesh.Scene) else {"body": found}
    if path.suffix == ".glb":
        for part in parts.values():
            part.vertices = part.vertices @ WORLD_FROM_GLTF.T
    return dict(parts)


def test_vertices_are_those_of_the_kinematics_and_sensors_sit_on_them() -> None:
    motion = moving("waving", 2.0)
    shaped = open_body().shaped(motion.betas)
    frame = 25
    mesh = body_mesh("wave", shaped, motion, LAYOUT, frame / motion.rate_hz)
    expected = Skin(shaped).vertices(joint_frames(shaped, motion, slice(frame, frame + 1)))[0]
    np.testing.assert_allclose(mesh.vertices, expected, atol=1e-6)
    paths = sensor_paths(shaped, motion, LAYOUT)
    np.testing.assert_allclose(mesh.places, paths.positions[frame], atol=1e-9)
    np.testing.assert_allclose(mesh.turns, paths.rotations[frame], atol=1e-9)


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".ply"])
def test_a_file_holds_every_vertex_in_order_in_metres(
    mesh: BodyMesh, tmp_path: Path, suffix: str
) -> None:
    path = finished(export_mesh(mesh, tmp_path / f"body{suffix}"))
    body = loaded(path)["body"]
    assert np.abs(body.vertices - mesh.vertices).max() < 1e-5
    np.testing.assert_array_equal(body.faces, mesh.faces)


def test_an_stl_holds_every_triangle(mesh: BodyMesh, tmp_path: Path) -> None:
    path = finished(export_mesh(mesh, tmp_path / "body.STL"))
    triangles = trimesh.load(path, file_type="stl", process=False).triangles
    assert np.abs(triangles - mesh.vertices[mesh.faces]).max() < 1e-5


@pytest.mark.parametrize(("suffix", "up"), [(".obj", 2), (".ply", 2), (".glb", 1)])
def test_up_is_z_but_y_in_gltf(mesh: BodyMesh, tmp_path: Path, suffix: str, up: int) -> None:
    path = finished(export_mesh(mesh, tmp_path / f"body{suffix}"))
    found = trimesh.load(path, process=False)
    extent = found.extents
    assert int(np.argmax(extent)) == up
    assert 1.4 < extent[up] < 2.3


def test_normals_point_out_of_the_skin_in_gltf_and_obj(mesh: BodyMesh, tmp_path: Path) -> None:
    for suffix in (".glb", ".obj"):
        path = finished(export_mesh(mesh, tmp_path / f"body{suffix}"))
        found = trimesh.load(path, process=False, maintain_order=True)
        body = found.geometry["body"] if isinstance(found, trimesh.Scene) else found
        assert "vertex_normals" in body._cache.cache
        outward = np.einsum("ij,ij->i", body.vertex_normals, body.vertices - body.centroid)
        assert outward.mean() > 0.02


@pytest.mark.parametrize("suffix", [".glb", ".obj"])
def test_sensors_are_boxes_of_their_names_where_they_are_worn(
    mesh: BodyMesh, tmp_path: Path, suffix: str
) -> None:
    parts = loaded(finished(export_mesh(mesh, tmp_path / f"body{suffix}", True)), split=True)
    assert sorted(parts) == ["body", "head", "left_wrist"]
    for name, place, turn in zip(mesh.sensors, mesh.places, mesh.turns, strict=True):
        used = np.unique(parts[name].faces)
        own = (parts[name].vertices[used] - place) @ turn
        np.testing.assert_allclose(np.ptp(own, axis=0), SENSOR_M, atol=1e-5)
        np.testing.assert_allclose(own.mean(axis=0), 0.0, atol=1e-5)


def test_a_name_with_a_line_break_stays_in_the_comment(mesh: BodyMesh, tmp_path: Path) -> None:
    path = finished(export_mesh(replace(mesh, clip="a\nv 1 2 3"), tmp_path / "body.obj"))
    assert path.read_text().splitlines()[0].startswith("# a v 1 2 3, ")
    assert len(loaded(path)["body"].vertices) == len(mesh.vertices)


def test_another_suffix_is_refused(mesh: BodyMesh, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"expected \.glb, \.obj, \.ply, \.stl"):
        finished(export_mesh(mesh, tmp_path / "body.fbx"))
    assert list(tmp_path.iterdir()) == []


def test_a_time_outside_the_clip_and_a_clip_without_motion_are_refused(study: Study) -> None:
    clip = next(iter(study.project.clips.values()))
    for time_s in (-0.1, 1e6, float("nan")):
        with pytest.raises(HarstudioError, match="expected 0 to"):
            mesh_of(study.project, clip, study.folder, time_s)
    worn = next(c for c in study.project.clips.values() if c.recordings)
    with pytest.raises(HarstudioError, match="has no motion"):
        mesh_of(study.project, replace(worn, motion=None), study.folder, 0.0)


def test_the_verb_writes_a_mesh(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, out = tmp_path / "p.harstudio", tmp_path / "body.glb"
    clip = next(iter(study.project.clips.values()))
    moved = replace(clip, motion=replace(clip.motion, path=str(study.folder / clip.motion.path)))
    ProjectFile.create(project, study.project.with_clips([moved])).close()
    words = ["mesh", str(project), "--clip", clip.name, "--time", "0.5", "-o", str(out)]
    assert main(words) == 0
    assert f"written to {out}" in capsys.readouterr().out
    expected = mesh_of(study.project, clip, study.folder, 0.5)
    assert np.abs(loaded(out)["body"].vertices - expected.vertices).max() < 1e-5
    assert main([*words[:3], "nosuch", "-o", str(out)]) == 1


def test_the_verb_needs_neither_qt_nor_an_encoder(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "body.obj"
    name = next(iter(study.project.clips.values())).name
    words = ["mesh", str(study.path), "--clip", name, "-o", str(out)]
    code = (
        "import sys\n"
        "for name in ('PySide6', 'vispy', 'imageio_ffmpeg'): sys.modules[name] = None\n"
        f"from harstudio.cli import main\nsys.exit(main({words!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert out.stat().st_size > 100_000
