"""The signals view: real beside virtual on one time axis."""
