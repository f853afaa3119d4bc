"""How Kusto compares an event with its parent: the columns of the join, and what is tested behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...query import Edge, Key, Spoiler
from .kusto import text_list, text_literal, timespan_literal
from .kusto_fields import Fields


@dataclass(frozen=True, slots=True)
class Compared:
    """How an event is compared with its parent: joined columns, tests behind the join, lists to read."""

    joined: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    own_lists: tuple[Key, ...]
    parent_lists: tuple[Key, ...]
    parent_columns: tuple[str, ...]
    guards: tuple[str, ...]


def compared(fields: Fields, edge: Edge) -> Compared:
    """How an effect is compared with its parent along `edge`."""
    joined: list[tuple[str, str]] = []
    tests: list[str] = []
    own_lists: list[Key] = []
    parent_lists: list[Key] = []
    columns: list[str] = []
    guards: list[str] = []
    if edge.same_account:
        joined.append(("Account", "Account"))
        guards.append("Account")
    if edge.actor == "same":
        joined.append(("Actor", "Actor"))
        guards.append("Actor")
    elif edge.actor == "same-role":
        fields.roles = True
        columns += ["ParentActor = Actor", "ParentRole = Role"]
        tests.append(
            "(isnotempty(Actor) and Actor == ParentActor)"
            " or (isnotempty(Role) and Role == ParentRole)"
        )
    for pair in edge.join:
        own, parent = fields.key(pair.own), fields.key(pair.parent)
        if not pair.own.many and not pair.parent.many:
            joined.append((own, parent))
            guards.append(own)
            continue
        columns.append(f"Parent{parent} = {parent}")
        own_lists += [pair.own] if pair.own.many else []
        parent_lists += [pair.parent] if pair.parent.many else []
        guards += [] if pair.own.many else [own]
        mine = f"{own}Set" if pair.own.many else f"pack_array({own})"
        theirs = f"Parent{parent}Set" if pair.parent.many else f"pack_array(Parent{parent})"
        tests.append(f"array_length(set_difference({mine}, {theirs})) == 0")
    for pair in edge.distinct:
        own, parent = fields.key(pair.own), fields.key(pair.parent)
        columns.append(f"Parent{parent} = {parent}")
        tests.append(f"isnotempty({own}) and isnotempty(Parent{parent})")
        tests.append(f"{own} != Parent{parent}")
    columns = [right for _, right in joined] + columns
    if not joined:
        columns.append("All = true")
    return Compared(
        tuple(joined),
        tuple(tests),
        tuple(dict.fromkeys(own_lists)),
        tuple(dict.fromkeys(parent_lists)),
        tuple(columns),
        tuple(dict.fromkeys(guards)),
    )


def list_steps(fields: Fields, keys: Iterable[Key], prefix: str = "") -> list[str]:
    """The steps that read a list's key as a set; an element without a value makes it missing."""
    lines = []
    for key in keys:
        column = prefix + fields.key(key)
        element = fields.element_key(key)
        lines.append(f"| where array_length({column}) between (1 .. 1000)")
        lines.append(
            f"| mv-apply Item = {column} on (summarize {column}Set = make_set({element}), "
            f"{column}Void = countif(isempty({element})))"
        )
        lines.append(f"| where {column}Void == 0")
    return lines


def attested(fields: Fields, service: str) -> str:
    """AWS attests that the caller is `service`: by invokedBy, or by the path of its service-linked role."""
    fields.columns["UserIdentityInvokedBy"] = None
    fields.columns["SessionIssuerArn"] = None
    linked = text_literal(f"role/aws-service-role/{service}/")
    return (
        f"UserIdentityInvokedBy == {text_literal(service)}"
        f' or tostring(split(SessionIssuerArn, ":")[5]) startswith_cs {linked}'
    )


def action_test(actions: Iterable[str]) -> str:
    """The event is of one of `actions`."""
    wanted = list(dict.fromkeys(actions))
    if len(wanted) == 1:
        return f"Action == {text_literal(wanted[0])}"
    return f"Action in {text_list(wanted)}"


def window(edge: Edge) -> str:
    """The event lies in the window around its parent; both ends belong to it."""
    if not edge.before and not edge.after:
        return "TimeGenerated == ParentTime"
    start = f"ParentTime - {timespan_literal(edge.before)}" if edge.before else "ParentTime"
    end = f"ParentTime + {timespan_literal(edge.after)}" if edge.after else "ParentTime"
    return f"TimeGenerated between ({start} .. {end})"


def project_parent(children: Iterable[Compared], origin: str, *, joinless: bool = False) -> str:
    """The columns of a table of parents. `origin` says where the origin's id and time come from.

    `joinless`: something is joined with each of them.
    """
    columns = dict.fromkeys(column for child in children for column in child.parent_columns)
    if joinless:
        columns["All = true"] = None
    kept = ", ".join(("ParentId = EventId", "ParentTime = TimeGenerated", origin, *columns))
    return f"| project {kept}"


def as_edge(spoiler: Spoiler) -> Edge:
    """A spoiler is compared with its root as an effect is, whoever the actor."""
    return Edge(
        join=spoiler.join,
        before=spoiler.before,
        after=spoiler.after,
        actor="any",
        same_account=spoiler.same_account,
    )
