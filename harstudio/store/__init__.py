"""The project file: one SQLite database that is never behind the last finished edit."""
