"""A query in Kusto: from the unspoiled origins by way of hops to the effects, then what none explains."""

from collections.abc import Sequence

from ....catalog.terms import format_duration
from ...field_maps import FieldMap
from ...query import Query
from .kusto import folded, table_name, text_list, timespan_literal
from .kusto_fields import Fields
from .kusto_joins import action_test
from .kusto_steps import Steps, add_steps, add_vetoes
from .timing import Slice

_ACTOR = (
    'case(isempty(UserIdentityPrincipalid) or UserIdentityPrincipalid startswith "anonymous", "",\n'
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
_FAILED = "isnotempty(ErrorCode) or isnotempty(ErrorMessage)"
# A rule raises no more alerts than these and one that stands for all others.
MOST_ALERTS = 149
_SHOWN = ("UserIdentityArn", "SourceIpAddress", "AWSRegion", "ErrorCode", "RequestParameters")


def alert_query(query: Query, fields: FieldMap, table: str, judged: Slice) -> str:
    """What nothing explains, of the slice, whose windows have passed."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        judged,
        (
            "| join kind=leftanti Explained on EventId",
            "| summarize arg_min(TimeGenerated, *) by EventId",
            f"| project TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}",
        ),
        "// What none of it explains.",
    )


def silenced_query(query: Query, fields: FieldMap, table: str, judged: Slice) -> str:
    """How many events the alert stays silent on, by action, actor and day."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        judged,
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
    query: Query, fields: FieldMap, table: str, judged: Slice, *, unexplained: bool = False
) -> str:
    """The explained events with cascade, relation and origin; with `unexplained` all, told apart."""
    built = _Built(query, fields, table, labelled=True)
    shown = f"TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}"
    lines = [
        "| summarize arg_min(TimeGenerated, *) by EventId",
        f"| join kind={'leftouter' if unexplained else 'inner'} Nearest on EventId",
    ]
    comment = "// Every event in question, with what explains it."
    if not unexplained:
        return built.text(
            judged, (*lines, f"| project {shown}, Cascade, Relation, OriginId"), comment
        )
    lines.append('| extend CascadeExplained = iff(isnotempty(Cascade), "true", "false")')
    lines.append(f"| project CascadeExplained, {shown}, Cascade, Relation, OriginId")
    return built.text(judged, lines, comment, bounded=True)


class _Built:
    """One query in the making. Columns are noted as expressions ask for them, the head is written last."""

    def __init__(self, query: Query, fields: FieldMap, table: str, *, labelled: bool) -> None:
        self.query = query
        self.table = table
        self.labelled = labelled
        self.fields = Fields(fields)
        self.steps = Steps(self.fields, labelled=labelled)
        for part in (query, *query.rivals):
            add_steps(part, self.steps)
        self.explained = tuple(self.steps.explained)
        self.steps.explained, self.steps.labelled = [], False
        add_vetoes(query.vetoes, self.steps)

    def text(
        self, slice_: Slice, tail: Sequence[str], comment: str, *, bounded: bool = False
    ) -> str:
        """The query. `bounded`: with more results than a rule raises alerts for, none is an explained one, so that the
        alert that stands for many stands for none of those."""
        judged = self._judged()
        lines = [*self.fields.functions(), *self._times(slice_), *self._events()]
        for step in self.steps.done:
            lines += [f"// {step.comment}", f"let {step.name} = {step.lines[0]}"]
            lines += [f"    {line}" for line in step.lines[1:]]
            lines[-1] += ";"
        lines += self._answer()
        if not bounded:
            lines += [comment, "Events", *judged, *tail]
            return folded(lines)
        told = ["Events", *judged, *tail]
        lines += [
            comment,
            f"let Told = materialize({told[0]}",
            *(f"    {each}" for each in told[1:]),
        ]
        lines[-1] += ");"
        lines += [
            "let Results = toscalar(Told | count);",
            "// The alert that stands for all beyond the 149th shall never be closed as explained.",
            "Told",
            f'| where CascadeExplained == "false" or Results <= {MOST_ALERTS}',
        ]
        return folded(lines)

    def _times(self, judged: Slice) -> list[str]:
        late = format_duration(judged.hold - self.query.reach_after)
        return [
            f"// Judged once the windows ({format_duration(self.query.reach_after)}) and late events ({late}) are in.",
            *judged.lines(),
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
        extended = [f"EventId = {_EVENT_ID}", f"Failed = {_FAILED}"]
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
        kept = ["EventId", "TimeGenerated", "Action", "Failed", "Account", "Actor"]
        kept += ["Role"] if self.fields.roles else []
        kept += [*keys, *self.fields.columns, *_SHOWN]
        lines.append(f"    | project {', '.join(dict.fromkeys(kept))}")
        lines.append(");")
        if self.query.purpose == "alert":
            lines += [
                "// Events of which copies differ: nothing that rests on one of them is silenced.",
                "let Differing = Events",
                "    | extend Content = tostring(pack_all())",
                "    | summarize Contents = count_distinct(Content) by EventId",
                "    | where Contents > 1",
                "    | project EventId;",
            ]
        return lines

    def _answer(self) -> list[str]:
        lines = []
        union = _union(self.explained)
        if self.steps.explained:
            lines += [
                "// What a stricter cascade explains, too, counts as explained by none.",
                f"let Stricter = {_union(self.steps.explained)};",
            ]
        without = ["    | join kind=leftanti Stricter on EventId"] if self.steps.explained else []
        if self.query.purpose == "alert":
            without.append("    | join kind=leftanti Differing on EventId")
        if not self.labelled:
            lines += [f"let Explained = {union}", *without]
        else:
            lines += [
                "// Of several explanations the best class counts, then the nearest origin.",
                f"let Nearest = {union}",
                *without,
                "    | summarize arg_min(Distance, Cascade, Relation, OriginId) by EventId",
            ]
        lines[-1] += ";"
        return lines

    def _judged(self) -> list[str]:
        """The events in question, failed calls among them."""
        return [
            "| where TimeGenerated >= Since and TimeGenerated < Until",
            f"| where {action_test(self.query.actions)}",
        ]


def _union(tables: Sequence[str]) -> str:
    listed = ", ".join(tables)
    return f"union {listed}" if len(tables) > 1 else listed
