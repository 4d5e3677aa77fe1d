"""Which windows train, validate and test, and what the parts share."""
