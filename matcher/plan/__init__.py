"""The catalogue compiled to a plan: what is read of each event, and how events hang together."""
