"""The Agreement dock."""
