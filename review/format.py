"""What a rule format is: the contract between review and the files in `formats/`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .rule import Exclusion, Patch, Rule, Source


@dataclass(frozen=True, slots=True)
class Repository:
    """All files of the rules that are reviewed, so that a rule finds its macros and modules beside it.

    `root` is the folder on the disk, None where there is none.
    """

    root: str | None
    sources: Sequence[Source]


Claims = Callable[[Source], bool]
Read = Callable[[Source, Repository], Iterable[Rule]]
Exclude = Callable[[Rule, Sequence[Exclusion]], Patch]
Label = Callable[[Rule, Sequence[Exclusion]], Patch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of rules.

    `suffixes` end the names of its files. `claims` looks at a file quickly and says whether it is of this format;
    `read` gives its rules, and raises `Unreadable` where the file breaks the format. `exclude` writes a rule's file
    anew so that the rule no longer fires where one of the exclusions holds, touching nothing else of it; `label`
    so that it fires with lower severity there. Both raise `NoFix` where the language or the layout cannot.
    `not_modelled` are sentences for docs: what executing such a rule here does not model.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    claims: Claims
    read: Read
    exclude: Exclude
    label: Label | None = None
    not_modelled: tuple[str, ...] = ()
