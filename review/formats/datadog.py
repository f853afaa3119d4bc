"""Datadog's security monitoring rules, as its API takes and gives them: JSON, one rule, a list, or `{"rules": [...]}`.

https://docs.datadoghq.com/api/latest/security-monitoring/
"""

from collections.abc import Iterator

from ..format import Format, Repository
from ..languages.datadog.json_text import parse
from ..languages.datadog.rules import NAME, rule_of, rules_in
from ..languages.datadog.writing import exclude, label
from ..languages.installed import require
from ..rule import Rule, Source

_KEYS = ('"queries"', '"cases"', '"query"')


def _claims(source: Source) -> bool:
    text = source.text
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") and all(key in text for key in _KEYS)


def _read(source: Source, repository: Repository) -> Iterator[Rule]:
    require("Datadog's rules", "lark")
    for node in rules_in(parse(source.path, source.text)):
        yield rule_of(source, node)


FORMAT = Format(
    name=NAME,
    title="Datadog Cloud SIEM",
    suffixes=(".json",),
    claims=_claims,
    read=_read,
    exclude=exclude,
    label=label,
    not_modelled=(
        "A log is what Datadog's own CloudTrail pipeline makes of a record; attributes that it derives are not known.",
        "Suppressions, and security filters, which stand beside rules, are not read.",
        "What a rule counts within its window is not run: the queries that can make a signal are the filter.",
        "`filters` and exclusions in queries are; JSON holds no comments, so the reason for one stands nowhere.",
        "Terms in the message and `*:` are not looked for, since Datadog's pipeline decides what a message is.",
        "A label is a second rule in a new file; whoever is notified by the first is by the second, too.",
        "Logs without a group's attribute are passed over, as Datadog does without hasOptionalGroupByFields.",
    ),
)
