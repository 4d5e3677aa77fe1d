"""The Runs dock."""
