"""The engine for a finished log, read by one process or by several."""
