"""The clip table: find, open, keep or throw out."""
