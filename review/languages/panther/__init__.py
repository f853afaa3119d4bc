"""What Panther's rules are written in: Python with a `rule(event)`, and inline filters in YAML."""
