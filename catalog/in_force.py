"""Which overlay a catalogue was opened with: what every output says of it."""

from dataclasses import dataclass
from typing import Literal

Unsafe = Literal["annotate", "refuse", "allow", "check"]
"""What becomes of an overlay that breaks a rule of safety; to check it is to leave its documents to the checks."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The files and folders of an overlay, and the ids of the cascades that it adds, overrides and disables.

    `unsafe` are those that it makes unsafe to silence: they annotate, or, with `allowed`, silence all the same.
    False when there is no overlay.
    """

    files: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    disables: tuple[str, ...] = ()
    controllers: int = 0
    unsafe: tuple[str, ...] = ()
    allowed: bool = False

    def __bool__(self) -> bool:
        return bool(self.files)

    def __str__(self) -> str:
        """One line.

        >>> print(InForce(files=("team/cascade.toml",), disables=("aws.iam.delete-user",)))
        team/cascade.toml (adds 0 cascades, overrides 0, disables 1)
        """
        if not self.files:
            return "none"
        told = [
            f"adds {len(self.adds)} {'cascade' if len(self.adds) == 1 else 'cascades'}",
            f"overrides {len(self.overrides)}",
            f"disables {len(self.disables)}",
        ]
        if self.controllers:
            told.append(f"controllers {self.controllers}")
        if self.unsafe:
            does = "silenced all the same" if self.allowed else "so annotated"
            told.append(f"{len(self.unsafe)} not safe to silence, {does}")
        return f"{', '.join(self.files)} ({', '.join(told)})"
