"""Panther: signals in Python, correlation rules on them, and the YAML that holds both."""
