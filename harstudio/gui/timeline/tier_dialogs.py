"""What is asked about a tier: a name for it, and whether it may go with its labels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)


class TierDialog(QDialog):
    """A tier's name, and if asked for whether its segments may overlap.

    Parameters
    ----------
    taken : tuple of str
        Names of other tiers.
    use : callable
        Gets the name, and whether segments may overlap.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        name: str,
        taken: tuple[str, ...],
        use: Callable[[str, bool], None],
        *,
        asks_kind: bool,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._taken = taken
        self.name = QLineEdit(name, placeholderText="an annotator, a level of detail")
        self.name.setMinimumWidth(280)
        self.name.selectAll()
        self.overlapping = QCheckBox("Segments may overlap")
        self.overlapping.setVisible(asks_kind)
        self._why = QLabel()
        self._why.setProperty("harm", "true")
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        label = QLabel("&Name of the tier")
        label.setBuddy(self.name)
        for widget in (label, self.name, self.overlapping, self._why, self._buttons):
            layout.addWidget(widget)
        self.name.textChanged.connect(self._check)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: use(self.name.text().strip(), self.overlapping.isChecked()))
        self._check()

    def _check(self, *_: object) -> None:
        name = self.name.text().strip()
        self._why.setText(f"There is a tier {name} already" if name in self._taken else " ")
        usable = bool(name) and name not in self._taken
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(usable)


def ask_delete(
    parent: QWidget, tier: str, count: int, use: Callable[[], None], *, own: bool
) -> QMessageBox:
    """Ask before labels go with their tier."""
    labels = f"{count} label{'' if count == 1 else 's'}"
    what = f"Delete all {labels} of this clip?" if own else f"Delete {tier} with its {labels}?"
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Delete labels" if own else "Delete tier")
    box.setText(what)
    box.setInformativeText("Undo brings them back.")
    delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    delete.clicked.connect(use)
    box.open()
    return box
