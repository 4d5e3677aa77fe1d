"""The correlation over lag, worked out beside the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from harstudio.core.errors import HarstudioError
from harstudio.gui.background import Background
from harstudio.workflows import aligning
from harstudio.workflows.aligning import LagSearch
from harstudio.workflows.loading import LoadedClip, LoadedRecording


class LagSearcher(QObject):
    """One search at a time; the result of one that was replaced is dropped."""

    found = Signal(object)  # LagSearch
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)

    def forget(self) -> None:
        """Whatever is being searched is of no use any more."""
        self._background.drop()

    def start(self, loaded: LoadedClip, item: LoadedRecording, reach_s: float) -> None:
        """Search the lag of a recording of a clip; see `aligning.search_lag`."""
        self._background.run(partial(_searched, loaded, item, reach_s), self._tell, now=False)

    def _tell(self, result: LagSearch | HarstudioError) -> None:
        if isinstance(result, HarstudioError):
            self.failed.emit(str(result))
        else:
            self.found.emit(result)


def _searched(
    loaded: LoadedClip, item: LoadedRecording, reach_s: float
) -> LagSearch | HarstudioError:
    try:
        return aligning.search_lag(loaded, item, reach_s)
    except HarstudioError as error:  # expected, and told in the plot's place
        return error
