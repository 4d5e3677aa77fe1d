"""Label files of other tools: one module per format, listed in `registry`."""
