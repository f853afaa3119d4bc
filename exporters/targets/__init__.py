"""The export targets, a file each. `registry` finds a new one by itself."""
