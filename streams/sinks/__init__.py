"""Where verdicts go, a file each."""
