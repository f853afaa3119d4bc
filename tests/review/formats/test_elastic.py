"""Elastic's rules: read out of TOML and NDJSON, and written anew with an exclusion."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.review import (
    EXPLAINED,
    Exclusion,
    NoFix,
    Patch,
    Predicate,
    Repository,
    Rule,
    Source,
    Term,
    Unreadable,
)
from cloudcascade.review.expression import compiled
from cloudcascade.review.formats.elastic import FORMAT
from cloudcascade.review.severity import is_lower

KQL = 'event.action: "DeleteUser" or event.action: DeleteRole'
EQL = 'any where event.action in ("DeleteUser", "DeleteRole") or false'
ESQL = (
    'FROM logs-aws.cloudtrail-*\n| WHERE event.action == "DeleteUser" OR event.action == "DeleteRole"'
    "\n| KEEP event.id"
)
SEQUENCE = (
    'sequence by user.id [any where event.action == "DeleteUser"] '
    '[any where event.action == "DeleteRole"]'
)
QUERIES = {"kuery": KQL, "eql": EQL, "esql": ESQL}


def toml(language: str, query: str, more: str = "", kind: str | None = None) -> str:
    kind = kind or {"kuery": "query"}.get(language, language)
    return (
        '# a comment\n[metadata]\nintegration = ["aws"]\n\n[rule]\nrule_id = "r-1"\n'
        'name = "A rule"  # [rule] query = "no"\nnote = """\nquery = \'no\'\n"""\n'
        f'index = ["logs-aws.cloudtrail-*"]\nlanguage = "{language}"\n{more}'
        f'query = {query}\nseverity = "low"\ntype = "{kind}"\n\n'
        '[[rule.threat]]\nframework = "MITRE ATT&CK"\n'
    )


def exported(query: str, *others: Any, **more: Any) -> str:
    rule = {
        "id": "1", "rule_id": "r-1", "name": "A rule", "type": "query", "language": "kuery",
        "index": ["logs-*"], "query": query, "severity": "high", "exceptions_list": [], **more,
    }  # fmt: skip
    return "".join(json.dumps(each) + "\n" for each in (rule, *others))


def read(text: str, path: str = "rule.toml") -> Rule:
    source = Source(path, text)
    assert FORMAT.claims(source)
    return next(
        each for each in FORMAT.read(source, Repository(None, [source])) if each.id == "r-1"
    )


def fires(rule: Rule, record: Mapping[str, Any]) -> bool:
    assert isinstance(rule.test, Predicate), rule.not_judged
    test = compiled(rule.test.condition, rule.test.fields, rule.test.functions)
    return test([rule.test.spelling.value(record, name) for name in rule.test.fields]) is True


def record(action: str = "DeleteUser", **more: Any) -> dict[str, Any]:
    return {"eventName": action, "eventSource": "iam.amazonaws.com", "eventID": "e-1", **more}


# How a query may stand in TOML.
QUOTED: Mapping[str, Callable[[str], str]] = {
    "literal lines": lambda text: f"'''\n{text}\n'''",
    "lines": lambda text: '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '\n"""',
    "one line": json.dumps,
}


@pytest.mark.parametrize("language", QUERIES)
@pytest.mark.parametrize("quoting", QUOTED)
def test_a_rule_of_a_repository_is_read(language: str, quoting: str) -> None:
    rule = read(toml(language, QUOTED[quoting](QUERIES[language])))
    assert (rule.title, rule.severity, rule.about_cloudtrail) == ("A rule", "low", True)
    assert fires(rule, record("DeleteRole"))
    assert not fires(rule, record("CreateRole"))


def test_the_line_of_a_query_is_that_of_its_text() -> None:
    text = toml("kuery", "'''\n" + KQL + "\n'''")
    number = text.splitlines().index(KQL) + 1
    rule = read(text)
    assert rule.place.line == number
    assert isinstance(rule.test, Predicate)
    assert rule.test.condition.line == number


@pytest.mark.parametrize(
    ("more", "kind", "counts", "group_by"),
    [
        (
            '[rule.threshold]\nfield = ["user.id"]\nvalue = 5\n'
            '[[rule.threshold.cardinality]]\nfield = "event.id"\nvalue = 3\n',
            "threshold",
            "at least 5 events with the same user.id, of at least 3 different event.id",
            ("user.id",),
        ),
        (
            '[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["user.id"]\n'
            '[[rule.new_terms.history_window_start]]\nfield = "x"\nvalue = "now-7d"\n',
            "new_terms",
            "the first time of user.id since now-7d",
            ("user.id",),
        ),
    ],
)
def test_what_is_counted_is_told(
    more: str, kind: str, counts: str, group_by: Sequence[str]
) -> None:
    rule = read(toml("kuery", json.dumps(KQL), kind=kind) + more)
    assert (rule.counts, rule.group_by) == (counts, group_by)
    assert fires(rule, record())


@pytest.mark.parametrize(
    ("before", "after", "about"),
    [
        ("logs-aws.cloudtrail-*", "logs-okta.system-*", False),
        ("logs-aws.cloudtrail-*", "logs-*", False),
        ("event.action", "event.dataset: aws.cloudtrail and event.action", True),
    ],
)
def test_a_rule_says_by_its_index_and_query_whether_it_reads_cloudtrail(
    before: str, after: str, about: bool
) -> None:
    rule = read(toml("kuery", json.dumps(KQL)).replace(before, after, 1))
    assert rule.about_cloudtrail is about


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (toml("lucene", '"a"', kind="query"), "lucene"),
        (toml("kuery", '"a"', kind="threat_match"), "threat_match"),
        (toml("kuery", '"event.action: ("'), "cannot be read"),
        (toml("kuery", "'host.name: x'"), "host.name"),
    ],
)
def test_a_rule_that_cannot_be_executed_says_why(text: str, reason: str) -> None:
    rule = read(text)
    assert rule.test is None
    assert reason in str(rule.not_judged)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.toml", "[rule]\nname = \n"),
        ("a.toml", "[rule]\nname = " + "[" * 5_000 + "\n"),
        ("a.ndjson", '{"rule_id": "x", "type": "query"}\n{"rule_id": \n'),
        ("a.ndjson", '{"rule_id": "x", "type": "query", "a": ' + "[" * 100_000 + "\n"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(path: str, text: str) -> None:
    source = Source(path, text)
    assert FORMAT.claims(source)
    with pytest.raises(Unreadable) as caught:
        list(FORMAT.read(source, Repository(None, [source])))
    assert caught.value.place.file == path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n'),
        ("a.ndjson", '{"eventName": "x"}\n'),
        ("a.ndjson", '{"list_id": "x", "type": "detection"}\n'),
    ],
)
def test_another_file_is_not_claimed(path: str, text: str) -> None:
    assert not FORMAT.claims(Source(path, text))


def test_exceptions_of_the_same_export_are_applied() -> None:
    item = {
        "list_id": "l-1",
        "entries": [
            {"field": "user_agent.original", "type": "wildcard", "operator": "included", "value": "terra?orm*"},
            {"field": "event.provider", "type": "match_any", "value": ["iam.amazonaws.com", "x"]},
            {"field": "event.id", "type": "exists", "operator": "included"},
            {"field": "cloud.region", "type": "match", "operator": "excluded", "value": "r-1"},
        ],
    }  # fmt: skip
    old = {**item, "entries": item["entries"][1:2], "expire_time": "2020-01-01T00:00:00.000Z"}
    entry = {"field": "event.id", "type": "list", "list": {"id": "other"}}
    listed = {"list_id": "l-1", "entries": [entry]}
    reference = [{"list_id": "l-1"}, {"list_id": "elsewhere"}]
    query = f"event.dataset: aws.cloudtrail and ({KQL})"
    text = exported(query, item, old, listed, exceptions_list=reference)
    rule = read(text, "rules.ndjson")
    assert fires(rule, record(userAgent="console"))
    assert not fires(rule, record(userAgent="terraform/1"))
    assert fires(rule, record(userAgent="terraform/1", awsRegion="r-1"))
    assert len(rule.remarks) == 2


def test_filters_of_a_rule_are_applied() -> None:
    filters = [
        {"meta": {"negate": True}, "query": {"match_phrase": {"cloud.region": "r-1"}}},
        {"meta": {"disabled": True}, "query": {"geo_shape": {}}},
        {"query": {"bool": {"should": [{"term": {"user.id": "a"}}, {"exists": {"field": "event.id"}}]}}},
    ]  # fmt: skip
    rule = read(exported(f"event.dataset: aws.cloudtrail and ({KQL})", filters=filters), "a.ndjson")
    assert fires(rule, record())
    assert not fires(rule, record(awsRegion="r-1"))
    assert not fires(rule, record(eventID=None))


BY_SERVICE = Exclusion(
    "by_service",
    "what a service does",
    (
        Term("eventSource", ("iam.amazonaws.com",)),
        Term("userIdentity.invokedBy", ("a.amazonaws.com", "b.amazonaws.com")),
        Term("errorCode"),
    ),
)
BY_AGENT = Exclusion("by_agent", "a tool", (Term("userAgent", ('a "tool"\\1*',)),))
IS_EXPLAINED = Exclusion("explained", "explained events", explained=True)
RECORDS = [
    record(action, userIdentity={"invokedBy": service}, **more)
    for action in ("DeleteUser", "DeleteRole", "CreateUser")
    for service in ("a.amazonaws.com", "c.amazonaws.com")
    for more in ({}, {"errorCode": "AccessDenied"}, {"userAgent": 'a "tool"\\1*'}, {EXPLAINED: True})
]  # fmt: skip


def holds(exclusion: Exclusion, event: Mapping[str, Any]) -> bool:
    if exclusion.explained:
        return event.get(EXPLAINED) is True
    for term in exclusion.terms:
        value: Any = event
        for name in term.path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None if not term.values else value not in term.values:
            return False
    return True


@pytest.mark.parametrize(
    "chosen",
    [(BY_SERVICE,), (BY_SERVICE, BY_AGENT), (IS_EXPLAINED,), (BY_AGENT, IS_EXPLAINED)],
)
@pytest.mark.parametrize("language", [*QUERIES, "sequence"])
@pytest.mark.parametrize("quoting", [*QUOTED, "json", "crlf"])
def test_an_exclusion_silences_what_it_names_and_nothing_else(
    chosen: Sequence[Exclusion], language: str, quoting: str
) -> None:
    query = QUERIES.get(language, SEQUENCE)
    language = "eql" if language == "sequence" else language
    if quoting == "json":
        path = "a.ndjson"
        kind = {"kuery": "query"}.get(language, language)
        text = exported(query, {"x": 1}, language=language, type=kind, index=["logs-aws.cloudtrail-*"])  # fmt: skip
    else:
        path = "a.toml"
        text = toml(language, QUOTED["literal lines" if quoting == "crlf" else quoting](query))
        text = text.replace("\n", "\r\n") if quoting == "crlf" else text
    before = read(text, path)
    patch = FORMAT.exclude(before, chosen)
    after = read(patch.text, path)
    for event in RECORDS:
        wanted = fires(before, event) and not any(holds(each, event) for each in chosen)
        assert fires(after, event) is wanted, (patch.text, event)
    if quoting != "json":
        added = [row for row in patch.text.splitlines() if row not in text.splitlines()]
        assert all(f"# not {each.why}" in added for each in chosen)
        assert tomllib.loads(patch.text)["rule"]["threat"] == tomllib.loads(text)["rule"]["threat"]
    if quoting == "crlf":
        assert "\n" not in patch.text.replace("\r\n", "")


def test_nothing_but_the_query_changes() -> None:
    text = toml("kuery", "'''\nevent.action: DeleteUser\n'''")
    patched = FORMAT.exclude(read(text), [BY_SERVICE]).text
    head, _, rest = text.partition("query = '''")
    assert patched.startswith(head)
    assert patched.endswith("\n'''" + rest.rpartition("\n'''")[2])


def test_other_rules_of_an_export_stay_as_they_are() -> None:
    other = json.dumps({"rule_id": "r-2", "type": "query", "query": 'a:  "x"'})
    text = other + "\n" + exported(KQL, index=["logs-aws.cloudtrail-*"]) + '{"exported_count": 2}'
    patched = FORMAT.exclude(read(text, "a.ndjson"), [IS_EXPLAINED]).text.splitlines()
    assert patched[0] == other
    assert patched[-1] == '{"exported_count": 2}'
    assert [json.loads(line).get("list_id") for line in patched[2:4]] == ["cloudcascade"] * 2
    again = read("\n".join(patched), "a.ndjson")
    with pytest.raises(NoFix, match="already"):
        FORMAT.exclude(again, [IS_EXPLAINED])


@pytest.mark.parametrize("held", ["[]", '[{ list_id = "x" }]', '[\n  { list_id = "x" }, # y\n]'])
def test_a_list_of_exceptions_grows(held: str) -> None:
    text = toml("kuery", json.dumps(KQL), more=f"exceptions_list = {held}\n")
    rule = read(FORMAT.exclude(read(text), [IS_EXPLAINED]).text)
    assert not fires(rule, {**record(), EXPLAINED: True})
    assert fires(rule, record())


@pytest.mark.parametrize(
    ("language", "term", "reason"),
    [
        ("eql", Term("requestParameters.roleName", ("a",)), "flattened"),
        ("kuery", Term("userIdentity.userName", ("a",)), "user.name"),
        ("kuery", Term("eventName", ("a\x00b",)), "cannot hold"),
        ("kuery", Term("eventName", ("",)), "empty"),
        ("kuery", Term("userAgent", ("x" * 1_025,)), "longer"),
        ("esql", Term("noSuchMember", ("a",)), "noSuchMember"),
    ],
)
def test_what_a_query_cannot_say_is_no_fix(language: str, term: Term, reason: str) -> None:
    rule = read(toml(language, f"'''\n{QUERIES[language]}\n'''"))
    with pytest.raises(NoFix, match=reason):
        FORMAT.exclude(rule, [Exclusion("x", "x", (term,))])


@pytest.mark.parametrize("language", ["kuery", "esql"])
def test_a_member_of_the_request_is_excluded(language: str) -> None:
    rule = read(toml(language, json.dumps(QUERIES[language])))
    gone = Exclusion("x", "x", (Term("requestParameters.roleName", ("a",)),))
    after = read(FORMAT.exclude(rule, [gone]).text)
    assert not fires(after, record(requestParameters={"roleName": "a"}))
    assert fires(after, record(requestParameters={"roleName": "ab"}))


def test_a_separator_of_lines_within_a_string_ends_no_line() -> None:
    text = exported(KQL, index=["logs-aws.cloudtrail-*"]).replace("A rule", "A\u2028rule")
    assert read(text, "a.ndjson").title == "A\u2028rule"


@given(
    value=st.text(min_size=1, max_size=20),
    language=st.sampled_from(sorted(QUERIES)),
    quoting=st.sampled_from([*QUOTED, "json"]),
)
def test_any_value_is_excluded_alone_or_refused(value: str, language: str, quoting: str) -> None:
    query = QUERIES[language]
    kind = {"kuery": "query"}.get(language, language)
    path = "a.ndjson" if quoting == "json" else "a.toml"
    text = (
        exported(query, language=language, type=kind, index=["logs-aws.cloudtrail-*"])
        if quoting == "json"
        else toml(language, QUOTED[quoting](query))
    )
    rule = read(text, path)
    try:
        patch = FORMAT.exclude(rule, [Exclusion("x", "x", (Term("userAgent", (value,)),))])
    except NoFix:
        return
    after = read(patch.text, path)
    assert not fires(after, record(userAgent=value))
    assert fires(after, record(userAgent=value + "x"))
    assert fires(after, record())


def both_rules(patch: Patch, path: str) -> tuple[Rule, Rule]:
    """The rule and the second one, with all new files beside them."""
    sources = [Source(path, patch.text), *(Source(*each) for each in patch.beside.items())]
    found = [
        each
        for source in sources
        if source.path.endswith(".toml") or FORMAT.claims(source)
        for each in FORMAT.read(source, Repository(None, sources))
    ]
    first, second = found
    return first, second


def written(language: str, quoting: str, query: str, **more: Any) -> tuple[str, str]:
    """A rule in a way of quoting, and its file's path."""
    if quoting == "json":
        kind = {"kuery": "query"}.get(language, language)
        text = exported(
            query, {"x": 1}, language=language, type=kind, index=["logs-aws.cloudtrail-*"], risk_score=73, **more
        )  # fmt: skip
        return text, "rules/a.ndjson"
    text = toml(language, QUOTED["literal lines" if quoting == "crlf" else quoting](query))
    text = text.replace('severity = "low"', 'risk_score = 73  # much\nseverity = "high"')
    return text.replace("\n", "\r\n") if quoting == "crlf" else text, "rules/a.toml"


@pytest.mark.parametrize(
    "chosen", [(BY_SERVICE,), (BY_SERVICE, BY_AGENT), (IS_EXPLAINED,)], ids=["one", "two", "lookup"]
)
@pytest.mark.parametrize("language", QUERIES)
@pytest.mark.parametrize("quoting", [*QUOTED, "json", "crlf"])
def test_a_second_rule_takes_what_is_labelled_and_nothing_else(
    chosen: Sequence[Exclusion], language: str, quoting: str
) -> None:
    assert FORMAT.label is not None
    text, path = written(language, quoting, QUERIES[language])
    before = read(text, path)
    patch = FORMAT.label(before, chosen)
    first, second = both_rules(patch, path)
    assert (second.title, second.severity) == (
        "A rule (explained by cloudcascade)",
        "low, building block",
    )
    assert second.own.data["risk_score"] == 21
    assert second.id != first.id == before.id
    assert first.severity == before.severity
    assert is_lower(second.severity, before.severity)
    for event in RECORDS:
        labelled = any(holds(each, event) for each in chosen)
        assert fires(first, event) is (fires(before, event) and not labelled)
        assert fires(second, event) is (fires(before, event) and labelled)
    if quoting == "crlf":
        (beside,) = (each for name, each in patch.beside.items() if name.endswith(".toml"))
        assert "\n" not in beside.replace("\r\n", "")


def test_the_second_file_is_named_after_the_first_and_is_the_same_on_each_run() -> None:
    assert FORMAT.label is not None
    text, path = written("kuery", "lines", KQL)
    patch, again = (FORMAT.label(read(text, path), [BY_SERVICE]) for _ in range(2))
    assert list(patch.beside) == ["a_cascade_labelled.toml"]
    assert patch == again
    data = tomllib.loads(patch.beside["a_cascade_labelled.toml"])
    assert data["rule"]["threat"] == tomllib.loads(text)["rule"]["threat"]
    assert "# what a service does\n" in patch.beside["a_cascade_labelled.toml"]


def test_the_list_of_what_is_not_explained_comes_with_the_second_rule() -> None:
    assert FORMAT.label is not None
    text, path = written("kuery", "lines", KQL)
    patch = FORMAT.label(read(text, path), [IS_EXPLAINED])
    (listed,) = (each for name, each in patch.beside.items() if name.endswith(".ndjson"))
    container, item = map(json.loads, listed.splitlines())
    assert container["list_id"] == item["list_id"] == "cloudcascade-unexplained"
    assert item["entries"][0]["operator"] == "excluded"


@pytest.mark.parametrize(
    ("text", "path", "chosen", "reason"),
    [
        (*written("eql", "lines", SEQUENCE), [BY_SERVICE], "sequence"),
        (*written("kuery", "lines", KQL), [BY_SERVICE, IS_EXPLAINED], "one rule"),
        (*written("kuery", "json", KQL, building_block_type="default", severity="low"), [BY_SERVICE], "already"),
        (*written("kuery", "json", KQL, severity_mapping=[{"field": "x"}]), [BY_SERVICE], "severity_mapping"),
        (*written("kuery", "lines", KQL), [Exclusion("x", "x")], "silence everything"),
    ],
)  # fmt: skip
def test_what_has_no_second_severity_is_no_fix(
    text: str, path: str, chosen: Sequence[Exclusion], reason: str
) -> None:
    assert FORMAT.label is not None
    with pytest.raises(NoFix, match=reason):
        FORMAT.label(read(text, path), chosen)


@given(
    value=st.text(min_size=1, max_size=20),
    name=st.text(max_size=10),
    language=st.sampled_from(sorted(QUERIES)),
    quoting=st.sampled_from([*QUOTED, "json"]),
)
def test_any_value_is_labelled_alone_or_refused(
    value: str, name: str, language: str, quoting: str
) -> None:
    assert FORMAT.label is not None
    text, path = written(language, quoting, QUERIES[language])
    text = text.replace(
        '"A rule"', json.dumps(f"A{name}", ensure_ascii=False).replace("\x7f", "\\u007f")
    )
    before = read(text, path)
    try:
        patch = FORMAT.label(before, [Exclusion("x", "x", (Term("userAgent", (value,)),))])
    except NoFix:
        return
    first, second = both_rules(patch, path)
    assert second.title == f"A{name} (explained by cloudcascade)"
    for agent in (value, value + "x", None):
        event = record(userAgent=agent)
        assert fires(first, event) is (agent != value)
        assert fires(second, event) is (agent == value)
