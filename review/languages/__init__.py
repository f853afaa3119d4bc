"""The languages in which rules say what they look for, a module or a folder each."""
