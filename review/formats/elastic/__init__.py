"""Elastic Security's rules: TOML of a rules repository, and Kibana's export as NDJSON."""

from ...format import Format
from .exclusions import exclude
from .labels import label
from .rules import claims, read

FORMAT = Format(
    name="elastic",
    title="Elastic Security (TOML of a rules repository, Kibana's NDJSON)",
    suffixes=(".toml", ".ndjson"),
    claims=claims,
    read=read,
    exclude=exclude,
    label=label,
    not_modelled=(
        "What a database adds to an event (source.geo, source.as, user_agent.name and the like), related.* and the "
        "ids of entities are not told from a record: a rule that reads them is not judged.",
        "Records are taken as the AWS integration stores them, request parameters as a text in the order of a Java "
        "HashMap; Filebeat's own module spells some fields otherwise.",
        "KQL: words of a `text` field, a search without a field, nested queries, dates, and a wildcard in a member of "
        "a flattened field (but for a prefix) are not executed; a wildcard with a blank in it is one pattern.",
        "EQL: a sequence is taken as the union of its steps; head and tail keep all; until is left out.",
        "ES|QL: STATS and what follows are told and not executed; ENRICH, LOOKUP JOIN, MV_EXPAND, QSTR and functions "
        "of time are not executed; of INLINE STATS the filters on single events are.",
        "A regular expression is not executed if it repeats what repeats itself or has more than three unbounded "
        "repetitions; of a text that is too long for it nothing can be told.",
        "Exceptions are left out whose list is not in the same export, or that ask a value list other than "
        "cascade-explained; an exception counts until it expires.",
        "A label is a second rule, a building block; what it would be of a sequence is not written.",
        "Indicator match, saved queries, machine learning and Lucene's syntax are not executed; suppression of alerts "
        "is left out.",
    ),
)
