"""The only place where bodies, sensors, files, stores and networks meet: one module per job."""
