"""What lies on the graphics card: skins, solids and lines, sent again only when they change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from harstudio.gui.viewport.lines import Lines, corners_of, line_faces
from harstudio.gui.viewport.picture import Skinned


class SkinBuffers:
    """Vertices, normals and triangles of one body."""

    def __init__(self) -> None:
        self._positions, self._normals = gloo.VertexBuffer(), gloo.VertexBuffer()
        self._faces: gloo.IndexBuffer | None = None
        self._sent: Skinned | None = None
        self._sent_faces: NDArray[np.uint32] | None = None

    def set_faces(self, faces: NDArray[np.uint32] | None) -> None:
        """Triangles from now on; None for no body."""
        if faces is not self._sent_faces:
            self._faces = None if faces is None else gloo.IndexBuffer(faces)
            self._sent_faces = faces

    def show(self, skin: Skinned) -> None:
        """Take over a skin, unless it is the one that is there."""
        if self._sent is not None and self._sent[0] is skin[0]:
            return
        vertices, normals = skin
        self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
        self._normals.set_data(np.ascontiguousarray(normals, np.float32))
        self._sent = skin

    @property
    def ready(self) -> bool:
        """Whether there is something to draw."""
        return self._faces is not None and self._sent is not None

    def draw(self, program: gloo.Program) -> None:
        """Draw with a program that takes positions and normals."""
        program["a_position"], program["a_normal"] = self._positions, self._normals
        program.draw("triangles", self._faces)

    def draw_shadow(self, program: gloo.Program) -> None:
        """Draw with a program that takes positions only."""
        program["a_position"] = self._positions
        program.draw("triangles", self._faces)


class Solids:
    """A changing set of coloured solids drawn by one program."""

    def __init__(self, program: gloo.Program, shadow: gloo.Program | None) -> None:
        self._program, self._shadow = program, shadow
        self._vertices = gloo.VertexBuffer()
        self._faces = gloo.IndexBuffer()
        self._sent = np.zeros((0, 3), np.uint32)
        self._count = 0

    def show(self, vertices: NDArray[np.void], faces: NDArray[np.uint32]) -> None:
        if len(vertices):
            self._vertices.set_data(vertices)
        if len(faces) and not np.array_equal(faces, self._sent):
            self._faces.set_data(faces)
            self._sent = faces
        self._count = len(faces)

    def draw(self) -> None:
        if self._count:
            self._program.bind(self._vertices)
            self._program.draw("triangles", self._faces)

    def draw_shadow(self) -> None:
        if self._count and self._shadow is not None:
            self._shadow["a_position"] = self._vertices["a_position"]
            self._shadow.draw("triangles", self._faces)


class LineBuffers:
    """A changing set of lines."""

    def __init__(self, program: gloo.Program) -> None:
        self._program = program
        self._vertices = gloo.VertexBuffer()
        self._faces = gloo.IndexBuffer()
        self._sent = self._count = 0

    def show(self, lines: Lines) -> None:
        self._count = len(lines)
        if self._count:
            self._vertices.set_data(corners_of(lines))
            if self._sent != self._count:
                self._faces.set_data(line_faces(self._count))
                self._sent = self._count

    def draw(self) -> None:
        if self._count:
            self._program.bind(self._vertices)
            self._program.draw("triangles", self._faces)
