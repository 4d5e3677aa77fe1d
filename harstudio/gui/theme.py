"""Colours of the window, light and dark: designed once, asked for by meaning."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Colours:
    """``#RRGGBB`` by meaning.

    Virtual is blue, real is orange, residual is grey, generated is teal, everywhere.
    """

    dark: bool
    window: str
    panel: str
    raised: str
    line: str
    text: str
    faint: str
    accent: str
    on_accent: str
    harm: str
    good: str
    warning: str
    virtual: str
    real: str
    residual: str
    generated: str
    playhead: str
    selection: str
    plot: str
    plot_grid: str
    body: str
    floor: str
    floor_line: str
    sky: str


LIGHT = Colours(
    dark=False,
    window="#F3F4F6",
    panel="#FFFFFF",
    raised="#E9EBEF",
    line="#D3D7DE",
    text="#1C2128",
    faint="#5A6472",
    accent="#1F6FB5",
    on_accent="#FFFFFF",
    harm="#C0262D",
    good="#1D7F4E",
    warning="#8A5A00",
    virtual="#1F6FB5",
    real="#B04F00",
    residual="#7A828E",
    generated="#00796B",
    playhead="#C2185B",
    selection="#1F6FB5",
    plot="#FFFFFF",
    plot_grid="#E3E6EB",
    body="#DCE2EA",
    floor="#EEF0F3",
    floor_line="#CBD1DA",
    sky="#F8F9FB",
)

DARK = Colours(
    dark=True,
    window="#1B1E23",
    panel="#22262C",
    raised="#2D323A",
    line="#3A404A",
    text="#E4E7EB",
    faint="#9AA4B2",
    accent="#4C9BE0",
    on_accent="#0D1117",
    harm="#FF6B6B",
    good="#5CC48D",
    warning="#E0B050",
    virtual="#56A8F0",
    real="#F29A4A",
    residual="#8F98A5",
    generated="#3CC9B4",
    playhead="#FF5C93",
    selection="#4C9BE0",
    plot="#1E2227",
    plot_grid="#2C3138",
    body="#9FACBD",
    floor="#23272D",
    floor_line="#3A414B",
    sky="#191C20",
)


class Theme(QObject):
    """The colours in force; `changed` tells views to repaint."""

    changed = Signal()

    def __init__(self, name: str = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name if name in THEMES else "system"

    @property
    def name(self) -> str:
        return self._name

    @property
    def colours(self) -> Colours:
        if self._name == "system":
            hints = QApplication.styleHints()
            return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._name == "dark" else LIGHT

    def choose(self, name: str) -> None:
        """Switch to ``system``, ``light`` or ``dark``."""
        self._name = name if name in THEMES else "system"
        self.apply()

    def apply(self) -> None:
        """Give the application this theme's palette, font and style sheet."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setStyle("Fusion")
            app.setPalette(palette(self.colours))
            app.setStyleSheet(style_sheet(self.colours))
        self.changed.emit()


def small_font(font: QFont) -> QFont:
    """One of the three sizes: captions and axis labels."""
    smaller = QFont(font)
    smaller.setPointSizeF(max(7.0, font.pointSizeF() * 0.88))
    return smaller


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG relative luminance)."""
    channels = QColor(colour).getRgbF()[:3]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#111111" if luminance > 0.179 else "#FFFFFF"


def palette(c: Colours) -> QPalette:
    """A Qt palette for a set of colours."""
    role = QPalette.ColorRole
    pairs = {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.panel,
        role.AlternateBase: c.window,
        role.ToolTipBase: c.raised,
        role.ToolTipText: c.text,
        role.Text: c.text,
        role.Button: c.raised,
        role.ButtonText: c.text,
        role.BrightText: c.harm,
        role.Link: c.accent,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.PlaceholderText: c.faint,
        role.Light: c.raised,
        role.Midlight: c.raised,
        role.Mid: c.line,
        role.Dark: c.line,
        role.Shadow: c.window,
    }
    result = QPalette()
    for each, colour in pairs.items():
        result.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, each, QColor(c.faint))
    return result


def style_sheet(c: Colours) -> str:
    """What the palette cannot say: thin lines, quiet docks, an 8 px grid."""
    return f"""
    QToolTip {{ border: 1px solid {c.line}; padding: 4px; color: {c.text};
        background: {c.raised}; }}
    QMainWindow::separator {{ background: {c.line}; width: 1px; height: 1px; }}
    QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
    QDockWidget::title {{ background: {c.window}; padding: 4px 8px; text-align: left; }}
    QHeaderView::section {{ background: {c.window}; color: {c.faint}; border: none;
        border-bottom: 1px solid {c.line}; padding: 4px; }}
    QTableView {{ border: none; gridline-color: {c.line}; background: {c.panel};
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QToolBar {{ border: none; border-bottom: 1px solid {c.line}; spacing: 4px; padding: 2px 4px; }}
    QStatusBar {{ border-top: 1px solid {c.line}; }}
    QStatusBar::item {{ border: none; }}
    QMenuBar {{ border-bottom: 1px solid {c.line}; }}
    QCommandLinkButton {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px;
        padding: 12px 16px; text-align: left; color: {c.text}; }}
    QCommandLinkButton:hover, QCommandLinkButton:focus {{ border-color: {c.accent}; }}
    *[faint="true"] {{ color: {c.faint}; }}
    *[harm="true"] {{ color: {c.harm}; }}
    *[warning="true"] {{ color: {c.warning}; }}
    """
