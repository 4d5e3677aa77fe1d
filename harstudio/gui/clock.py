"""The one owner of "now", and of the stretch of time that the views show."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal

SPEEDS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0)
_TICK_MS = 15
_SHORTEST_LOOP_S = 0.02


class PlaybackClock(QObject):
    """Seconds of the open clip: seek, play, pause, speed, loop.

    Time comes from an anchor, ``t0 + (wall - wall0) * speed``: a slow view drops frames and
    nothing drifts.
    """

    time_changed = Signal(float)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal(object)

    def __init__(
        self, parent: QObject | None = None, wall: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(parent)
        self._wall = wall
        self._time = 0.0
        self._anchor = (0.0, 0.0)
        self._duration = 0.0
        self._speed = 1.0
        self._loop: tuple[float, float] | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def time_s(self) -> float:
        return self._time

    @property
    def now_s(self) -> float:
        """What the wall says it is: between two ticks a little more than `time_s`."""
        if not self.playing:
            return self._time
        started, wall = self._anchor
        end_s = self._loop[1] if self._loop is not None else self._duration
        return max(self._time, min(started + (self._wall() - wall) * self._speed, end_s))

    @property
    def duration_s(self) -> float:
        return self._duration

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def loop(self) -> tuple[float, float] | None:
        return self._loop

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def set_duration(self, duration_s: float) -> None:
        """Start over with a clip of another length."""
        self.pause()
        self._duration = max(0.0, duration_s)
        self.set_loop(None)
        self.seek(0.0)

    def seek(self, time_s: float) -> None:
        """Go to a time, kept within the clip."""
        time_s = min(max(0.0, time_s), self._duration)
        self._anchor = (time_s, self._wall())
        if time_s != self._time:
            self._time = time_s
            self.time_changed.emit(time_s)

    def play(self) -> None:
        """Run from here; from the start if at the end."""
        if self.playing or self._duration <= 0:
            return
        if self._time >= self._duration:
            self.seek(0.0)
        self._anchor = (self._time, self._wall())
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stop where it is."""
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """Seconds of the clip per second of the wall."""
        self._anchor = (self._time, self._wall())
        self._speed = speed
        self.speed_changed.emit(speed)

    def change_speed(self, steps: int) -> None:
        """Next faster (1) or slower (-1) of `SPEEDS`."""
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self._speed))
        self.set_speed(SPEEDS[min(max(0, nearest + steps), len(SPEEDS) - 1)])

    def set_loop(self, loop: tuple[float, float] | None) -> None:
        """Play a stretch again and again; None for the whole clip once."""
        if loop is not None:  # an end past the clip's would never be reached
            loop = (max(0.0, loop[0]), min(self._duration, loop[1]))
            if loop[1] - loop[0] < _SHORTEST_LOOP_S:
                loop = None
        self._loop = loop
        self.loop_changed.emit(loop)

    def tick(self) -> None:
        """Move on to what the wall clock says."""
        started, wall = self._anchor
        time_s = started + (self._wall() - wall) * self._speed
        if self._loop is not None and time_s >= self._loop[1]:
            self.seek(self._loop[0])
        elif time_s >= self._duration:
            self._time = self._duration
            self.time_changed.emit(self._time)
            self.pause()
        else:
            self._time = time_s
            self.time_changed.emit(time_s)


class TimeWindow(QObject):
    """The stretch of time that signals and timeline both show."""

    changed = Signal(float, float)
    LEAST_S = 0.05

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._range = (0.0, 1.0)
        self._duration = 1.0

    @property
    def range(self) -> tuple[float, float]:
        return self._range

    @property
    def duration_s(self) -> float:
        return self._duration

    def set_duration(self, duration_s: float) -> None:
        """Show the whole of a clip of another length."""
        self._duration = max(self.LEAST_S, duration_s)
        self.fit()

    def fit(self) -> None:
        """Show everything."""
        self.show_range(0.0, self._duration)

    def show_range(self, start_s: float, end_s: float) -> None:
        """Show [start_s, end_s], shifted and shrunk into the clip."""
        width = min(max(self.LEAST_S, end_s - start_s), self._duration)
        start_s = min(max(0.0, start_s), self._duration - width)
        new = (start_s, start_s + width)
        if new != self._range:
            self._range = new
            self.changed.emit(*new)

    def zoom(self, factor: float, at_s: float) -> None:
        """Show `factor` times as much, with `at_s` staying where it is."""
        start, end = self._range
        factor = min(max(factor, self.LEAST_S / (end - start)), self._duration / (end - start))
        self.show_range(at_s - (at_s - start) * factor, at_s + (end - at_s) * factor)

    def pan(self, by_s: float) -> None:
        """Slide in time."""
        start, end = self._range
        self.show_range(start + by_s, end + by_s)

    def follow(self, time_s: float) -> None:
        """Turn the page when time has run out of sight."""
        start, end = self._range
        if not start <= time_s <= end:
            width = end - start
            self.show_range(time_s - 0.05 * width, time_s + 0.95 * width)
