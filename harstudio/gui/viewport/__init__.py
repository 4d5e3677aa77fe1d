"""The viewport: the body, its sensors and its label in three dimensions, at the clock's time."""

from harstudio.gui.viewport.panel import ViewportPanel

__all__ = ["ViewportPanel"]
