"""The timeline: labels over time, made and changed by hand."""
