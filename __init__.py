"""The catalogue of cloud control-plane cascades, as a knowledge graph that works for a living.

Import the rooms: ``from cloudcascade.catalog import load_catalog``. docs/architecture.md is the map.
"""
