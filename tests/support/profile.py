"""How many examples a test on random input tries: with HYPOTHESIS_PROFILE=thorough twice as many."""

import os

from hypothesis import HealthCheck, settings

FACTOR = 2 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def tried(examples: int) -> settings:
    """Settings of a test that needs so many examples in the default profile."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
