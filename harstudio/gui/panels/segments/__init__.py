"""The Segments dock."""
