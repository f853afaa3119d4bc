"""Who acted, as SQL: by session, or followed through the log's AssumeRole events to the initial principal."""

from sqlglot import exp

from .dialect import Expression, number, text
from .fields import Fields, is_null, not_null
from .steps import Steps

# The calls that hand out credentials (docs/semantics.md, Actor).
CREDENTIAL_CALLS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
# How many times one set of credentials may have been used to get the next. A longer chain is unknown.
CHAIN_LENGTH = 3


def session_actor(fields: Fields) -> Expression:
    """principalId, and accessKeyId but for IAM users and root: a session's name is free for all to choose."""
    known = fields.principal()
    lasting = _or_null(fields.member("userIdentity.type")).isin(text("IAMUser"), text("Root"))
    access_key = _or_null(fields.member("userIdentity.accessKeyId"))
    session = exp.DPipe(
        this=exp.DPipe(this=known.copy(), expression=text("|"), safe=True),
        expression=access_key,
        safe=True,
    )
    return exp.case().when(lasting, known).else_(session)


def add_actor_steps(unresolved: str, calls: str, name: str, steps: Steps) -> None:
    """Add the steps from the step `unresolved` to the one called `name`, which has a column `actor`.

    `calls` is the step that holds the calls that hand out credentials, copies and all.
    """
    handed = (
        exp.select("handed_out", "principal", "access_key")
        .distinct()
        .from_(calls)
        .where(
            not_null(_column("handed_out")),
            exp.not_(_column("failed")),
            _column("event_source").eq(text("sts.amazonaws.com")),
            exp.NEQ(
                this=exp.func("COALESCE", _column("identity_type"), text("")),
                expression=text("AWSService"),
            ),
        )
    )
    steps.add("credentials", handed, "who was handed which access key")
    known = "credentials"
    for length in range(1, CHAIN_LENGTH + 1):
        # Of credentials got with other credentials nothing is known before their turn has come.
        caller = _column("actor", "earlier") if length > 1 else exp.null()
        callers = (
            exp.select(
                _column("handed_out", "given"),
                _column("access_key", "given"),
                exp.alias_(_resolved("given", caller), "caller"),
            )
            .from_(exp.alias_(exp.to_table("credentials"), "given", table=True))
            .join(
                exp.select(*(["handed_out", "actor"] if length > 1 else ["handed_out"]))
                .distinct()
                .from_(known)
                .subquery("earlier"),
                on=_column("handed_out", "earlier").eq(_column("access_key", "given")),
                join_type="left",
            )
        )
        steps.add(f"callers_{length}", callers, f"who asked for them, {_links(length)} back")
        known = f"holders_{length}"
        steps.add(
            known, _holders(f"callers_{length}"), "who alone can be behind an access key, or nobody"
        )
    events = (
        exp.select("own.*", exp.alias_(_resolved("own", _column("actor", "earlier")), "actor"))
        .from_(exp.alias_(exp.to_table(unresolved), "own", table=True))
        .join(
            exp.alias_(exp.to_table(known), "earlier", table=True),
            on=_column("handed_out", "earlier").eq(_column("access_key", "own")),
            join_type="left",
        )
    )
    steps.add(name, events, "all, with the initial principal as actor")


def _links(length: int) -> str:
    return "one link" if length == 1 else f"{length} links"


def _resolved(own: str, earlier: Expression) -> Expression:
    """The actor behind the credentials that `own` used, or its own principal where none handed them out."""
    return (
        exp.case()
        .when(is_null(_column("handed_out", "earlier")), _column("principal", own))
        .else_(earlier)
    )


def _holders(callers: str) -> exp.Query:
    """The actor behind each access key: its only caller, or the only one with an access key of its own."""
    caller = _column("caller")
    keyed = exp.case().when(not_null(_column("access_key")), caller.copy())
    unknown = _any(is_null(caller.copy()))
    unknown_keyed = _any(exp.and_(not_null(_column("access_key")), is_null(caller.copy())))
    alone = exp.EQ(this=_plus(_count(caller.copy()), unknown), expression=number(1))
    keyed_alone = exp.EQ(this=_plus(_count(keyed), unknown_keyed), expression=number(1))
    actor = (
        exp.case()
        .when(alone, exp.Max(this=caller.copy()))
        .when(keyed_alone, exp.Max(this=keyed.copy()))
    )
    return (
        exp.select("handed_out", exp.alias_(actor, "actor")).from_(callers).group_by("handed_out")
    )


def _count(value: Expression) -> Expression:
    return exp.Count(this=exp.Distinct(expressions=[value]))


def _any(condition: Expression) -> Expression:
    return exp.Max(this=exp.case().when(condition, number(1)).else_(number(0)))


def _plus(one: Expression, other: Expression) -> Expression:
    return exp.Add(this=one, expression=other)


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table)


def _or_null(value: Expression | None) -> Expression:
    return value if value is not None else exp.null()
