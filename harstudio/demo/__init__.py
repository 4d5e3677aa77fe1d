"""Made-up people doing everyday activities: a model, not a recording, and honest about it."""
