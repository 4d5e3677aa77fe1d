"""harstudio: relabel, compare and learn from wearable activity data."""

__version__ = "0.1.0"
