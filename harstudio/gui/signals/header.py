"""What is shown of the signals: sensor, quantity, view, kinds of curves, axes; remembered."""

from __future__ import annotations

import json
from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from harstudio.gui.layout import GRID
from harstudio.gui.settings import Settings
from harstudio.gui.signals.channels import QUANTITIES, ROWS, Quantity
from harstudio.gui.theme import Colours

TRACES, SPECTRUM, SPECTROGRAM = "traces", "spectrum", "spectrogram"
MODES = (TRACES, SPECTRUM, SPECTROGRAM)

_KEY = "signals"
_NARROW_WIDTH = 84 * GRID
_COMBO_WIDTH = 24 * GRID
_ALL = tuple(range(len(ROWS)))
_FIRST_ROWS = {TRACES: _ALL, SPECTRUM: _ALL, SPECTROGRAM: (len(ROWS) - 1,)}
_FIRST_KINDS = ("virtual", "real", "generated")
_LATER = "generated"
"""A kind that there is only where somebody has asked for it."""


class SignalsHeader(QWidget):
    """The controls above the rows, in one line or two. `changed` after any but the sensor."""

    changed = Signal()

    def __init__(self, settings: Settings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._rows: dict[str, list[int]] = {mode: list(_FIRST_ROWS[mode]) for mode in MODES}
        self._colours: Colours | None = None
        self.sensors = _combo("Sensor whose signals are shown", 8)
        self.quantities = _combo("What is shown", 8)
        for quantity in QUANTITIES:
            self.quantities.addItem(quantity.title, quantity)
        self.modes = _combo("Signals over time, power over frequency, or over both", 9)
        for mode in MODES:
            self.modes.addItem(mode, mode)
        self.kinds = {
            "virtual": _chip("virtual", "Simulated from the motion"),
            "real": _chip("real", "Recorded by the sensor"),
            "generated": _chip("generated", "Made from the motion by a trained model"),
            "residual": _chip("residual", "Real minus virtual"),
        }
        self.rows = [_chip(name, f"Show {name}") for name in ROWS]
        self._arrange()
        self._recall()
        self._connect()
        self._name_norm()

    # -- what is chosen ------------------------------------------------------------------

    @property
    def quantity(self) -> Quantity:
        quantity: Quantity = self.quantities.currentData()
        return quantity

    @property
    def mode(self) -> str:
        return str(self.modes.currentData())

    @property
    def shown_kinds(self) -> tuple[str, ...]:
        """Kinds that are wanted and exist."""
        return tuple(k for k, chip in self.kinds.items() if chip.isChecked() and chip.isEnabled())

    @property
    def shown_rows(self) -> tuple[int, ...]:
        return tuple(self._rows[self.mode])

    def offer(self, kinds: Iterable[str]) -> None:
        """Which kinds exist for this sensor; the others cannot be chosen."""
        existing = set(kinds)
        for kind, chip in self.kinds.items():
            chip.setEnabled(kind in existing)
        self.kinds[_LATER].setVisible(_LATER in existing)
        for chip in self.rows:
            chip.setEnabled(bool(existing))
        self.kinds["real"].setToolTip(
            "Recorded by the sensor"
            if "real" in existing
            else "No recording of this sensor and quantity in this clip"
        )

    def name_generated(self, run: str) -> None:
        """Say which run has made the generated signals, and show them."""
        chip = self.kinds[_LATER]
        chip.setToolTip(f"generated ({run}): made from the motion by this run")
        with QSignalBlocker(chip):
            chip.setChecked(True)

    # -- parts ---------------------------------------------------------------------------

    def _arrange(self) -> None:
        self._lines = combos, chips = QHBoxLayout(), QHBoxLayout()
        for row in self._lines:
            row.setSpacing(GRID // 2)
        for combo, share in ((self.sensors, 5), (self.quantities, 5), (self.modes, 4)):
            combos.addWidget(combo, share)
        for chip in self.kinds.values():
            chips.addWidget(chip)
        chips.addSpacing(GRID)
        for chip in self.rows:
            chips.addWidget(chip)
        chips.addStretch(1)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(GRID, GRID // 2, GRID, 0)
        self._layout.setSpacing(GRID // 2)
        self._layout.addLayout(combos, 1)
        self._layout.addLayout(chips, 1)

    def _connect(self) -> None:
        self.quantities.currentIndexChanged.connect(self._on_changed)
        self.modes.currentIndexChanged.connect(self._on_mode)
        for chip in self.kinds.values():
            chip.toggled.connect(self._on_changed)
        for i, chip in enumerate(self.rows):
            chip.toggled.connect(lambda on, i=i: self._on_row(i, on))

    def _on_mode(self) -> None:
        self._check_rows()
        self._on_changed()

    def _on_row(self, row: int, on: bool) -> None:
        rows = set(self._rows[self.mode])
        (rows.add if on else rows.discard)(row)
        if not rows:  # an empty view would only puzzle
            self._check_rows()
            return
        self._rows[self.mode] = sorted(rows)
        self._on_changed()

    def _on_changed(self) -> None:
        self._name_norm()
        self._keep()
        self.changed.emit()

    def _check_rows(self) -> None:
        for i, chip in enumerate(self.rows):
            with QSignalBlocker(chip):
                chip.setChecked(i in self._rows[self.mode])

    def _name_norm(self) -> None:
        self.rows[-1].setText(self.quantity.row_title(len(ROWS) - 1))
        self.rows[-1].setToolTip("Show the magnitude")

    # -- remembering ---------------------------------------------------------------------

    def _keep(self) -> None:
        if self._settings is None:
            return
        state = {
            "mode": self.mode,
            "quantity": self.quantity.title,
            "kinds": [kind for kind, chip in self.kinds.items() if chip.isChecked()],
            "rows": self._rows,
        }
        self._settings.keep_choice(_KEY, json.dumps(state))

    def _recall(self) -> None:
        """As it was left; what cannot be read counts as never stored."""
        state: object = None
        if self._settings is not None:
            try:
                state = json.loads(self._settings.choice(_KEY) or "null")
            except json.JSONDecodeError:
                state = None
        state = state if isinstance(state, dict) else {}
        kinds, rows = state.get("kinds"), state.get("rows")
        wanted = kinds if isinstance(kinds, list) else _FIRST_KINDS
        for kind, chip in self.kinds.items():
            chip.setChecked(kind in wanted)
        self.kinds[_LATER].setVisible(False)
        for mode in MODES:
            stored = rows.get(mode) if isinstance(rows, dict) else None
            known = [i for i in _ALL if i in stored] if isinstance(stored, list) else []
            self._rows[mode] = known or list(_FIRST_ROWS[mode])
        titles = [quantity.title for quantity in QUANTITIES]
        for combo, value, values in (
            (self.quantities, state.get("quantity"), titles),
            (self.modes, state.get("mode"), list(MODES)),
        ):
            combo.setCurrentIndex(values.index(value) if value in values else 0)
        self._check_rows()

    # -- looks ---------------------------------------------------------------------------

    def recolour(self, colours: Colours) -> None:
        """Other colours."""
        words = {
            **{chip: getattr(colours, kind) for kind, chip in self.kinds.items()},
            **dict.fromkeys(self.rows, colours.text),
        }
        for chip, colour in words.items():
            chip.setStyleSheet(
                f"QToolButton {{ border: none; border-bottom: 2px solid transparent;"
                f" padding: 2px 4px; color: {colours.faint}; background: transparent; }}"
                f"QToolButton:checked {{ color: {colour}; border-bottom-color: {colour}; }}"
                f"QToolButton:hover {{ background: {colours.raised}; }}"
                f"QToolButton:disabled {{ color: {colours.line};"
                f" border-bottom-color: transparent; }}"
            )

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        # In one line it may still become narrower: it then turns into two.
        width = max(line.minimumSize().width() for line in self._lines) + 2 * GRID
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_WIDTH
        direction = QBoxLayout.Direction
        self._layout.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)


def _combo(tip: str, least: int) -> QComboBox:
    combo = QComboBox(toolTip=tip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(least)
    combo.setMaximumWidth(_COMBO_WIDTH)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return combo


def _chip(text: str, tip: str) -> QToolButton:
    return QToolButton(text=text, toolTip=tip, checkable=True, focusPolicy=Qt.FocusPolicy.TabFocus)
