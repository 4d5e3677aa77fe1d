"""Many small pieces of work on all cores, or on a cluster, through joblib."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any, Generic, TypeVar

import joblib
from threadpoolctl import ThreadpoolController

from harstudio.core.errors import HarstudioError

T = TypeVar("T")
R = TypeVar("R")

ALL_CORES = -1
"""As a number of jobs: every core of this computer, or every worker of a cluster."""

_LARGEST_BATCH = 8
_ROUNDS = 4
"""Batches per worker at least, so that none of them is left idle for long at the end."""


class Batches(Generic[R]):
    """Results of one function on many items, a list of them per batch, as they come.

    joblib's active backend does the work, processes of this computer unless told otherwise with
    ``joblib.parallel_config(backend="dask")`` or another registered one.

    Parameters
    ----------
    function : callable
        Of one item; importable by name, and it raises nothing.
    items : sequence
        Picklable. They are begun in this order.
    jobs : int
        Workers at once, or `ALL_CORES`.
    """

    def __init__(self, function: Callable[[T], R], items: Sequence[T], jobs: int) -> None:
        self._stopped = False
        workers = max(1, joblib.effective_n_jobs(jobs))
        size = min(_LARGEST_BATCH, max(1, len(items) // (workers * _ROUNDS)))
        calls = (joblib.delayed(_all_of)(function, part) for part in _parts(items, size))
        self._results = _streamed(self._until_stopped(calls), jobs, workers)

    def __iter__(self) -> Iterator[list[R]]:
        return self._results

    def stop(self) -> None:
        """Begin no further batch: the iteration ends with those that were begun."""
        self._stopped = True

    def _until_stopped(self, calls: Iterable[Any]) -> Iterator[Any]:
        for call in calls:
            if self._stopped:
                return
            yield call


def _streamed(calls: Iterator[Any], jobs: int, workers: int) -> Iterator[Any]:
    """Results of joblib's calls as they come or, where a backend cannot do that, in rounds."""
    try:
        # What is handed out ahead is also what a stop has to wait for.
        pool = joblib.Parallel(
            jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=workers + 1
        )
    except ValueError:
        return _in_rounds(calls, jobs, workers)
    stream: Iterator[Any] = pool(calls)
    return stream


def _in_rounds(calls: Iterator[Any], jobs: int, workers: int) -> Iterator[Any]:
    with joblib.Parallel(jobs, batch_size=1) as pool:
        while part := list(islice(calls, workers)):
            yield from pool(part)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _all_of(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """One batch, in a worker. Its linear algebra keeps to one thread: the cores are taken."""
    with _threads().limit(limits=1):
        return [function(item) for item in items]


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def dask_cluster(address: str) -> Iterator[None]:
    """Within, `Batches` are worked on by a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, e.g. ``tcp://node7:8786``.

    Raises
    ------
    HarstudioError
        Dask is not installed, or nothing answers there.
    """
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise HarstudioError("Dask is not installed", "pip install distributed") from error
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise HarstudioError(f"no Dask scheduler answers at {address}", str(error)) from error
    with client, joblib.parallel_config(backend="dask"):
        yield
