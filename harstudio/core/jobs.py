"""Long work as generators: yield `Progress`, return the result.

The same generator feeds the command line's progress bar and the window's child process.
Closing it cancels the job.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a job has come.

    Attributes
    ----------
    done, total : float
        In units of the job; total 0 if unknown.
    message : str
        What is being done, for a person.
    values : mapping
        Live results worth drawing, e.g. the losses of an epoch; picklable.
    """

    done: float
    total: float
    message: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


#: A job: yields Progress at least every 100 ms where it can, receives nothing, returns T.
Job = Generator[Progress, None, T]


def finished(job: Job[T], on_progress: Callable[[Progress], None] | None = None) -> T:
    """Run a job to its end in this thread and return its result."""
    while True:
        try:
            progress = next(job)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if on_progress is not None:
            on_progress(progress)
