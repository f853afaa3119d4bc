"""A query in Kusto: from the unspoiled origins by way of hops to the effects, then what none explains."""

from collections.abc import Sequence

from ....catalog.terms import format_duration
from ...field_maps import FieldMap
from ...query import Query
from .kusto import table_name, text_list, timespan_literal
from .kusto_fields import Fields
from .kusto_joins import action_test
from .kusto_steps import Steps, add_steps

_ACTOR = (
    'case(isempty(UserIdentityPrincipalid) or UserIdentityPrincipalid == "Anonymous", "",\n'
    '        UserIdentityType in ("IAMUser", "Root"), UserIdentityPrincipalid,\n'
    '        isempty(UserIdentityAccessKeyId), "",\n'
    '        strcat(UserIdentityPrincipalid, "|", UserIdentityAccessKeyId))'
)
_ROLE = (
    'iff(UserIdentityType == "AssumedRole", tostring(split(UserIdentityPrincipalid, ":")[0]), "")'
)
# A record without an id is named by its content.
_EVENT_ID = (
    'iff(isnotempty(AwsEventId), AwsEventId, strcat("no id ", hash_sha256(strcat_delim("|",\n'
    "        TimeGenerated, EventSource, EventName, UserIdentityPrincipalid, UserIdentityAccessKeyId,\n"
    "        RecipientAccountId, ErrorCode, RequestParameters, ResponseElements))))"
)
_SHOWN = ("UserIdentityArn", "SourceIpAddress", "AWSRegion", "ErrorCode", "RequestParameters")


def alert_query(query: Query, fields: FieldMap, table: str, every: int) -> str:
    """What nothing explains, of the slice of `every` seconds whose windows have passed."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        every,
        (
            "| join kind=leftanti Explained on EventId",
            "| summarize arg_min(TimeGenerated, *) by EventId",
            f"| project TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}",
        ),
        "// What none of it explains.",
    )


def silenced_query(query: Query, fields: FieldMap, table: str, every: int) -> str:
    """How many events the alert stays silent on, by action, actor and day."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        every,
        (
            "| where EventId in (Explained)",
            "| summarize arg_min(TimeGenerated, *) by EventId",
            "| summarize Silenced = count(), First = min(TimeGenerated), Last = max(TimeGenerated)",
            "    by Day = startofday(TimeGenerated), Action, Account, Actor",
            "| order by Silenced desc",
        ),
        "// What the alert stays silent on.",
    )


def label_query(
    query: Query, fields: FieldMap, table: str, every: int, *, unexplained: bool = False
) -> str:
    """The explained events with cascade, relation and origin; with `unexplained` all, told apart."""
    built = _Built(query, fields, table, labelled=True)
    shown = f"TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}"
    lines = [
        "| summarize arg_min(TimeGenerated, *) by EventId",
        f"| join kind={'leftouter' if unexplained else 'inner'} Nearest on EventId",
    ]
    if unexplained:
        lines.append('| extend CascadeExplained = iff(isnotempty(Cascade), "true", "false")')
        shown = f"CascadeExplained, {shown}"
    lines.append(f"| project {shown}, Cascade, Relation, OriginId")
    return built.text(every, lines, "// Every event in question, with what explains it.")


class _Built:
    """One query in the making. Columns are noted as expressions ask for them, the head is written last."""

    def __init__(self, query: Query, fields: FieldMap, table: str, *, labelled: bool) -> None:
        self.query = query
        self.table = table
        self.labelled = labelled
        self.fields = Fields(fields)
        parts = (query, *query.rivals)
        self.failures = any(
            pattern.may_fail for part in parts for pattern in part.patterns()
        ) or bool(query.may_fail)
        self.steps = Steps(self.fields, labelled=labelled, failures=self.failures)
        for part in parts:
            add_steps(part, self.steps)

    def text(self, every: int, tail: Sequence[str], comment: str) -> str:
        judged = self._judged()
        lines = [*self.fields.functions(), *self._times(every), *self._events()]
        for step in self.steps.done:
            lines += [f"// {step.comment}", f"let {step.name} = {step.lines[0]}"]
            lines += [f"    {line}" for line in step.lines[1:]]
            lines[-1] += ";"
        lines += self._answer()
        lines += [comment, "Events", *judged, *tail]
        return "\n".join(lines) + "\n"

    def _times(self, every: int) -> list[str]:
        hold = timespan_literal(self.query.hold)
        return [
            f"// Judged once the windows ({format_duration(self.query.reach_after)}) and late events "
            f"({format_duration(self.query.lateness)}) are in.",
            f"let Until = ago({hold});",
            f"let Since = Until - {timespan_literal(every)};",
        ]

    def _events(self) -> list[str]:
        actions = [*self.steps.read, *self.query.actions]
        sources = dict.fromkeys(action.partition(":")[0] + ".amazonaws.com" for action in actions)
        names = dict.fromkeys(action.partition(":")[2] for action in actions)
        back = self.query.reach_before
        since = f"Since - {timespan_literal(back)}" if back else "Since"
        lines = [
            "let Events = materialize(",
            f"    {table_name(self.table)}",
            f"    | where TimeGenerated >= {since}",
            f"    | where EventSource in {text_list(sources)}",
            f"    | where EventName in {text_list(names)}",
        ]
        if not self.failures:
            lines.append("    | where isempty(ErrorCode)")
        extended = [f"EventId = {_EVENT_ID}"]
        extended.append(
            'Action = strcat(replace_string(EventSource, ".amazonaws.com", ""), ":", EventName)'
        )
        extended.append(
            "Account = iff(isnotempty(RecipientAccountId), RecipientAccountId, UserIdentityAccountId)"
        )
        extended.append(f"Actor = {_ACTOR}")
        if self.fields.roles:
            extended.append(f"Role = {_ROLE}")
        parsed = self.fields.parsed
        extended += [f"{name} = parse_json({column})" for column, name in parsed.items()]
        lines.append("    | extend " + ",\n      ".join(extended))
        keys = self.fields.key_texts
        if keys:
            lines.append(
                "    | extend "
                + ",\n      ".join(f"{name} = {text}" for name, text in keys.items())
            )
        kept = ["EventId", "TimeGenerated", "Action", "Account", "Actor"]
        kept += ["Role"] if self.fields.roles else []
        kept += [*keys, *self.fields.columns, *_SHOWN]
        lines.append(f"    | project {', '.join(dict.fromkeys(kept))}")
        lines.append(");")
        return lines

    def _answer(self) -> list[str]:
        tables = ", ".join(self.steps.explained)
        union = f"union {tables}" if len(self.steps.explained) > 1 else tables
        if not self.labelled:
            return [f"let Explained = {union};"]
        return [
            "// Of several explanations the nearest origin counts.",
            f"let Nearest = {union}",
            "    | summarize arg_min(Distance, Cascade, Relation, OriginId) by EventId;",
        ]

    def _judged(self) -> list[str]:
        query = self.query
        lines = ["| where TimeGenerated >= Since and TimeGenerated < Until"]
        lines.append(f"| where {action_test(query.actions)}")
        if self.failures:
            if not query.may_fail:
                lines.append("| where isempty(ErrorCode)")
            elif query.may_fail != set(query.actions):
                failing = action_test(sorted(query.may_fail))
                lines.append(f"| where isempty(ErrorCode) or {failing}")
        return lines
