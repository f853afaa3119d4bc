"""Sigma rules: YAML with detections, correlations and filters, read with pySigma.

https://sigmahq.io/sigma-specification/
"""

from collections.abc import Iterator
from dataclasses import replace

from ..errors import Unreadable
from ..format import Format, Repository
from ..languages.installed import require
from ..languages.sigma.documents import documents, index, is_sigma
from ..languages.sigma.rules import NAME, rule_of
from ..languages.sigma.writing import exclude, label
from ..rule import Rule, Source


def _read(source: Source, repository: Repository) -> Iterator[Rule]:
    require("Sigma rules", "sigma.rule", "lark")
    found = documents(source)
    held = index(repository, found)
    for document in found:
        kind = document.kind
        if kind == "collection":
            raise Unreadable(
                document.place(),
                "`action` is of Sigma's first specification: write every rule out in a document of its own",
            )
        if kind in ("rule", "correlation"):
            yield replace(rule_of(document, held), source=source)


FORMAT = Format(
    name=NAME,
    title="Sigma",
    suffixes=(".yml", ".yaml"),
    claims=is_sigma,
    read=_read,
    exclude=exclude,
    label=label,
    not_modelled=(
        "Fields have CloudTrail's own names; what a processing pipeline renames or adds is not known.",
        "A member that is null counts as missing, to `exists` too.",
        "A regular expression is looked for anywhere in the text; backends that anchor it find less.",
        "A keyword is looked for in every value of a record, in part of it too; names of members are not values.",
        "Numbers are compared as numbers also where CloudTrail writes texts, and truth values as `true` and `false`.",
        "Objects are compared with no text but a single word within `*`, since every platform writes them otherwise.",
        "Of a correlation its rules together are the filter; what it counts, when and by which group is not run.",
        "An exclusion compares without case, as Sigma does.",
    ),
)
