"""The smaller docks: labels, sensors, training, results, history."""
