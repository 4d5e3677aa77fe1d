"""Windows, splits, models, training, fine-tuning and what came of it.

Importing this package costs nothing: torch and scikit-learn are loaded when a job starts.
"""
