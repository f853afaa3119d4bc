"""What time it is and how one waits, so that a test can say both."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall` is seconds since 1970, for dates; `steady` never goes back, for durations."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass; none where there are none left."""
        if seconds > 0:
            self.sleep(seconds)


SYSTEM = Clock()
