"""Plain sensor recordings as CSV: a time column in seconds and accelerations in m/s2.

The header is ``time_s,acc_x,acc_y,acc_z`` with perhaps ``gyro_x,gyro_y,gyro_z`` (rad/s), or the
same with sensor names: ``time_s,left_wrist_acc_x,...``. Other columns are left alone.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.files import concerning, read_text, require_file
from harstudio.io.reader import FileInfo, Reader, pair_key
from harstudio.io.tables import delimiter_of, header_cells, number

FORMAT = "imu_csv"
UNNAMED_SENSOR = "sensor"
"""Name of the only sensor where the header names none."""

_LARGEST_FILE = 1 << 30
_LONGEST_LINE = 1 << 16
_CHUNK = 1 << 20
_PROBED_ROWS = 256
_TIME_NAMES = ("time_s", "time", "t", "seconds")
_COLUMN = re.compile(r"(?:(?P<sensor>.+)_)?(?P<quantity>acc|gyro)_(?P<axis>[xyz])")


@dataclass(frozen=True)
class _Header:
    """Where the columns of a recording are; `gyro` is empty if there is none."""

    delimiter: str
    cells: tuple[str, ...]
    time: int
    sensors: tuple[str, ...]
    acc: tuple[int, ...]
    gyro: tuple[int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        return (self.time, *self.acc, *self.gyro)


def matches(path: Path) -> bool:
    """Whether the first line names a time and accelerations."""
    try:
        _header(_first_line(path))
    except (HarstudioError, OSError):
        return False
    return True


def probe(path: Path) -> FileInfo:
    """Length, rate and sensors from the first rows, the last one, and the number of lines.

    Raises
    ------
    HarstudioError
        Not such a file, no rows, or first rows that do not read.
    """
    with concerning(path):
        header = _header(_first_line(path))
        with path.open("rb") as file:
            file.readline()
            lines = [file.readline(_LONGEST_LINE) for _ in range(_PROBED_ROWS)]
        rows = [(i, line.decode("utf-8", "replace")) for i, line in enumerate(lines, start=2)]
        times_s = [_time_in(line, i, header) for i, line in rows if line.strip()]
        samples, last_s = _count_and_end(path, header)
    steps = np.diff(np.array(times_s))
    if len(steps) and not np.median(steps) > 0:
        raise HarstudioError(f"{path.name}: {header.cells[header.time]} does not increase")
    step_s = float(np.median(steps)) if len(steps) else 0.0
    return FileInfo(
        kind="recording",
        format=FORMAT,
        duration_s=last_s - times_s[0] + step_s,
        rate_hz=1.0 / step_s if step_s else 0.0,
        frames=samples,
        sensors=header.sensors,
        pair_key=pair_key(path),
    )


def read(path: Path) -> ImuRecording:
    """A recording from CSV.

    Samples with an empty or not-a-number cell are kept and marked invalid.

    Raises
    ------
    HarstudioError
        Names the line and the column: a cell that is no number, a row that is too short, times
        that do not increase, columns that are missing.
    """
    text = read_text(path, _LARGEST_FILE)
    with concerning(path):
        first, _, body = text.partition("\n")
        header = _header(first)
        values = _parsed(body, header)
        times_s, rest = values[:, 0], values[:, 1:]
        _require_increasing(times_s, header)
        split = 3 * len(header.sensors)
        shape = (len(times_s), len(header.sensors), 3)
        return ImuRecording(
            times_s=times_s,
            sensors=header.sensors,
            acc_mps2=rest[:, :split].reshape(shape),
            gyro_radps=rest[:, split:].reshape(shape) if header.gyro else None,
            valid=np.asarray(np.isfinite(rest).all(axis=1)),
            source=Source(path.as_posix(), FORMAT, fingerprint_of(path)),
        )


def _first_line(path: Path) -> str:
    require_file(path)
    with path.open("rb") as file:
        line = file.readline(_LONGEST_LINE)
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HarstudioError(f"{path.name}: line 1 is not UTF-8 text") from error


def _header(line: str) -> _Header:
    line = line.rstrip("\r\n")
    delimiter = delimiter_of(line)
    cells = header_cells(line, delimiter)
    time = next((cells.index(name) for name in _TIME_NAMES if name in cells), None)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for index, cell in enumerate(cells):
        match = _COLUMN.fullmatch(cell)
        if match is not None:
            sensor = match["sensor"] or UNNAMED_SENSOR
            found.setdefault((sensor, match["quantity"]), {})[match["axis"]] = index
    sensors = tuple(dict.fromkeys(sensor for sensor, quantity in found if quantity == "acc"))
    if time is None or not sensors:
        raise HarstudioError(
            f"line 1: the header is {line[:80]!r}, expected time_s,acc_x,acc_y,acc_z",
            "with gyro_x,gyro_y,gyro_z if there are any; sensors as left_wrist_acc_x",
        )
    for (sensor, quantity), axes in found.items():
        if len(axes) < 3:
            missing = ", ".join(f"{quantity}_{axis}" for axis in "xyz" if axis not in axes)
            raise HarstudioError(f"line 1: {sensor} has no {missing}")
    with_gyro = [sensor for sensor in sensors if (sensor, "gyro") in found]
    if with_gyro and len(with_gyro) < len(sensors):
        without = next(sensor for sensor in sensors if sensor not in with_gyro)
        raise HarstudioError(f"line 1: {with_gyro[0]} has a gyroscope but {without} has none")

    def indices(quantity: str, names: tuple[str, ...] | list[str]) -> tuple[int, ...]:
        return tuple(found[name, quantity][axis] for name in names for axis in "xyz")

    acc, gyro = indices("acc", sensors), indices("gyro", with_gyro)
    return _Header(delimiter, tuple(cells), time, sensors, acc, gyro)


def _parsed(body: str, header: _Header) -> FloatArray:
    """(T, columns) numbers of the columns in use; NaN where a cell is empty."""
    if not body.strip():
        raise HarstudioError("no rows after the header")
    try:
        # Quick, but knows neither empty cells nor decimal commas.
        return np.loadtxt(
            io.StringIO(body),
            delimiter=header.delimiter,
            usecols=header.columns,
            ndmin=2,
            comments=None,
        )
    except (ValueError, OverflowError):
        return _parsed_by_row(body, header)


def _parsed_by_row(body: str, header: _Header) -> FloatArray:
    lines = [(i, line) for i, line in enumerate(body.split("\n"), start=2) if line.strip()]
    values = np.empty((len(lines), len(header.columns)))
    for row, (line_number, line) in enumerate(lines):
        cells = line.split(header.delimiter)
        if len(cells) <= max(header.columns):
            raise HarstudioError(
                f"line {line_number}: {len(cells)} cells, expected {len(header.cells)}"
            )
        for place, column in enumerate(header.columns):
            values[row, place] = _cell(cells[column], line_number, header.cells[column])
    return values


def _cell(cell: str, line: int, column: str) -> float:
    if cell.strip().lower() in ("", "nan", "na", "null"):
        return float("nan")
    return number(cell, line, column)


def _require_increasing(times_s: FloatArray, header: _Header) -> None:
    bad = np.flatnonzero(~np.isfinite(times_s))
    if len(bad):
        raise HarstudioError(f"row {bad[0] + 1}: {header.cells[header.time]} is {times_s[bad[0]]}")
    backwards = np.flatnonzero(np.diff(times_s) <= 0)
    if len(backwards):
        i = int(backwards[0])
        raise HarstudioError(
            f"row {i + 2}: time {times_s[i + 1]:g} s after {times_s[i]:g} s, "
            "expected increasing times"
        )


def _time_in(line: str, number_of_line: int, header: _Header) -> float:
    cells = line.split(header.delimiter)
    if len(cells) <= header.time:
        raise HarstudioError(f"line {number_of_line}: {len(cells)} cells")
    return number(cells[header.time], number_of_line, header.cells[header.time])


def _count_and_end(path: Path, header: _Header) -> tuple[int, float]:
    """Number of lines after the first, without blank ones at the end, and the last one's time."""
    lines, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n")
            tail = (tail + chunk)[-_LONGEST_LINE:]
    kept = tail.rstrip()
    blank = tail[len(kept) :].count(b"\n")
    rows = lines - blank
    if rows < 1:
        raise HarstudioError("no rows after the header")
    last = kept.rpartition(b"\n")[2].decode("utf-8", "replace")
    return rows, _time_in(last, rows + 1, header)


READER = Reader(FORMAT, "IMU recording (CSV)", "recording", (".csv", ".tsv"), matches, probe, read)
