"""What runs in the process apart: the standard library and nothing else is imported here.

These modules are read by an interpreter that knows no `cloudcascade`; `bootstrap` is its script.
"""
