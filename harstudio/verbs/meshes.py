"""The verb that writes a body at one moment as a mesh."""

from __future__ import annotations

import argparse
from pathlib import Path

from harstudio.verbs.common import clip_ids, followed, opened


def add_mesh(verb: argparse.ArgumentParser) -> None:
    """What `mesh` takes."""
    verb.add_argument("project", type=Path, help="project file (NAME.harstudio)")
    verb.add_argument("--clip", required=True, help="clip by name")
    verb.add_argument("--time", type=float, default=0.0, metavar="S", help="seconds (0)")
    verb.add_argument("--sensors", action="store_true", help="also a box for each sensor")
    verb.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help="FILE.glb (y up), .obj, .ply or .stl (z up); metres",
    )  # fmt: skip


def mesh(options: argparse.Namespace) -> int:
    from harstudio.workflows.meshes import export_mesh, mesh_of

    with opened(options.project) as file:
        (clip_id,) = clip_ids(file.project, [options.clip]) or ("",)
        found = mesh_of(file.project, file.project.clip(clip_id), file.folder, options.time)
    path = followed(export_mesh(found, options.output, options.sensors), "Mesh")
    print(f"{len(found.vertices):,} vertices written to {path}")
    return 0
