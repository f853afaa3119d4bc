"""Splunk: detections of a contentctl project such as security_content, and the searches of savedsearches.conf."""

from ...format import Format
from .exclusions import exclude
from .labels import label
from .rules import CONF, NAME, claims, read

FORMAT = Format(
    name=NAME,
    title="Splunk",
    suffixes=(".yml", ".yaml", CONF),
    claims=claims,
    read=read,
    exclude=exclude,
    label=label,
    not_modelled=(
        "Fields are those of the Splunk Add-on for AWS; a rule that asks for one which the add-on derives by the "
        "event's name, such as user, status or action, is not judged.",
        "A field that stats groups by and that cannot be derived is taken to be there; the rule says so.",
        "A member that is null in JSON is taken to be missing.",
        "index, source and host are taken to be where CloudTrail is.",
        "Subsearches, data models, joins and Security Lake are not executed, nor lookups other than that of "
        "explained events.",
        "Behind stats, a filter on what was counted is told and not executed; dedup and head keep everything.",
        "A label is a second search, of lower risk and without a finding; a hunting search has nothing to lower.",
        "A name with a dot that is not quoted in eval joins two fields, as in Splunk.",
    ),
)
