"""The formats of rules, a module each with a `FORMAT`; found by looking into this folder."""
