"""What a model got right and wrong, and how sure that is."""
