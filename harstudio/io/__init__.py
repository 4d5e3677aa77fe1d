"""Files to values and back: a registry of readers and one module per format."""
