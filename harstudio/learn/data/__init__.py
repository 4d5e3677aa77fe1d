"""Windows and what becomes of labels and signals before a model sees them."""
