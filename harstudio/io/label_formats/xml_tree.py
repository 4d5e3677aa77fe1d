"""XML of strangers as a tree: no document types, so no entities; no depths."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning, require_file

_LARGEST_FILE = 256 << 20
_DEEPEST = 64


def read_xml(path: Path) -> Element:
    """The root of an XML file.

    Raises
    ------
    HarstudioError
        Not readable, not well-formed (with line and column), nested too deeply, or with a document
        type: that is where entities are declared, which can name files and grow without bound.
    """
    with concerning(path):
        size = require_file(path)
        if size > _LARGEST_FILE:
            raise HarstudioError(f"{size} bytes, expected at most {_LARGEST_FILE}")
        return _tree(path.read_bytes())


def _tree(data: bytes) -> Element:
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise HarstudioError(f"line {parser.CurrentLineNumber}: nested too deeply")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise HarstudioError(
            f"line {parser.CurrentLineNumber}: a document type, which label files do not have",
            "entities are never expanded",
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise HarstudioError(
            f"line {error.lineno}, column {error.offset + 1}: {reason}",
            "the file is cut short or no XML",
        ) from error
    except (ValueError, LookupError) as error:
        raise HarstudioError(f"not XML that can be read ({error})") from error
    root: Element = builder.close()
    return root
