"""How each platform's language writes values and names: encoders, never templates over raw values.

A platform that takes several languages or kinds of document has a folder.
"""
