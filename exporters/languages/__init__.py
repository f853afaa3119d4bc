"""How each platform's language writes values and names: encoders, never templates over raw values."""
