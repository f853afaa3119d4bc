"""The platforms whose tables can be filled, a file each that ends with `FEED = Feed(...)`."""
