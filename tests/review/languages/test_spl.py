"""What SPL asks of a record, by the rules of Splunk's reference."""

from typing import Any

import pytest

from cloudcascade.review import EXPLAINED, NotJudged
from cloudcascade.review.expression import Field, compiled, fields_of, literals_of, walk
from cloudcascade.review.languages.spl.fields import SPELLING
from cloudcascade.review.languages.spl.functions import FUNCTIONS
from cloudcascade.review.languages.spl.macros import CONVENTIONAL, Macro, Macros, expanded
from cloudcascade.review.languages.spl.pipeline import read
from cloudcascade.review.languages.spl.state import Search
from cloudcascade.review.languages.spl.text import Text

RECORD: dict[str, Any] = {
    "eventName": "DeactivateMFADevice",
    "eventSource": "iam.amazonaws.com",
    "eventID": "e-1",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.7",
    "userAgent": "aws-cli/2.1 [x]",
    "recipientAccountId": "111122223333",
    "userIdentity": {
        "type": "IAMUser",
        "arn": "arn:aws:iam::111122223333:user/Ann",
        "accountId": "111122223333",
        "userName": "Ann",
    },
    "requestParameters": {
        "userName": "Bob",
        "port": 443,
        "public": False,
        "items": [{"group": "all"}, {"group": "some"}],
        "one": [{"group": "all"}],
    },
    "responseElements": None,
}


def search(text: str, macros: Macros = CONVENTIONAL) -> Search:
    lines = [1 + text[:at].count("\n") for at in range(len(text))]
    return read(expanded(Text(text, lines), macros))


def fires(text: str, record: dict[str, Any] | None = None) -> bool:
    condition = search(text).condition
    names = fields_of(condition)
    row = [SPELLING.value(RECORD if record is None else record, name) for name in names]
    return compiled(condition, names, FUNCTIONS)(row) is True


SEARCH = [
    ("eventName=deactivatemfadevice", True, "case does not matter"),
    ("eventName=Deactivate*", True, "an asterisk stands for any letters"),
    ('eventName="*mfa*"', True, "between quotation marks, too"),
    ("eventName=Deactivate", False, "a value is meant whole"),
    ("eventName = DeactivateMFADevice", True, "blanks around the sign"),
    ("userAgent !=console.amazonaws.com", True, "unequal"),
    ("errorMessage!=x", False, "unequal needs the field"),
    ("NOT errorMessage=x", True, "NOT does not"),
    ("errorMessage=*", False, "any value needs the field"),
    ("awsRegion=*", True, "any value"),
    ("errorCode=success", True, "the add-on fills in success"),
    ("src=203.0.113.7 region=us-east-1 aws_account_id=111122223333", True, "the add-on's aliases"),
    ("src_ip=203.0.113.0/24", True, "a network"),
    ("src_ip!=203.0.113.0/24", False, "not in a network"),
    ("eventName IN (A, deactivate*)", True, "one of a list"),
    ('eventName IN ("A","B")', False, "none of a list"),
    ("eventName=A OR eventName=Deactivate* awsRegion=eu-west-1", False, "OR comes before AND"),
    ("awsRegion=eu-west-1 eventName=A OR eventName=Deactivate*", False, "wherever it stands"),
    ("(awsRegion=eu-west-1 eventName=A) OR eventName=Deactivate*", True, "parentheses first"),
    ("NOT eventName=A OR awsRegion=x", True, "NOT comes first"),
    ("requestParameters.port>=443", True, "numbers by size"),
    ("requestParameters.port>=1000", False, "not by letters"),
    ("requestParameters.public=false", True, "truth is spelt small"),
    ("requestParameters.items{}.group=some", True, "one value of a list"),
    ("requestParameters.items.group=some", False, "a list has braces in its name"),
    ('"requestParameters.userName"=Bob', True, "a name between quotation marks"),
    ("sourcetype=aws:cloudtrail index=any", True, "where CloudTrail is"),
    ("sourcetype=linux_secure", False, "another source type"),
    ("earliest=-1d eventName=*", True, "a time is no filter"),
    ("bob", True, "a word of the raw text"),
    ("bo", False, "a word is meant whole"),
    ("bo*", True, "a word with an asterisk"),
    ("NOT bob", False, "no such word"),
    ("`cloudtrail` eventName=*", True, "the macro that everybody has"),
    ("eventName=* ```eventName=A```", True, "a comment"),
]


@pytest.mark.parametrize(("text", "expected", "why"), SEARCH, ids=[each[2] for each in SEARCH])
def test_search_command(text: str, expected: bool, why: str) -> None:
    assert fires(text) is expected


WHERE = [
    ("eventName==\"DeactivateMFADevice\"", True, "equal"),
    ("eventName=\"deactivatemfadevice\"", False, "with case"),
    ("eventName=\"Deactivate*\"", False, "an asterisk is a letter"),
    ("NOT errorMessage=\"x\"", False, "not null is null"),
    ("isnull(errorMessage) AND isnotnull(eventName)", True, "null"),
    ("eventName=\"A\" OR eventName=\"B\" AND true() OR true()", True, "AND comes before OR"),
    ("true() OR true() AND false()", True, "AND comes before OR, again"),
    ("'requestParameters.userName'=\"Bob\"", True, "a name with a dot in quotation marks"),
    ("requestParameters.userName=\"Bob\"", False, "without them two fields are joined"),
    ("awsRegion . \"-\" . eventSource = \"us-east-1-iam.amazonaws.com\"", True, "texts joined"),
    ("'requestParameters.port' > 80", True, "numbers"),
    ("'requestParameters.port' - 3 = 440", True, "arithmetic"),
    ("'requestParameters.items{}.group'=\"some\"", True, "one of several values"),
    ("mvcount('requestParameters.items{}.group')=2", True, "how many values"),
    ("mvindex('requestParameters.items{}.group', -1)=\"some\"", True, "the last value"),
    ("mvindex(split('userIdentity.arn', \"/\"), 1)=\"Ann\"", True, "a text split"),
    ("match(userAgent, \"^aws-cli/\\d\")", True, "a regular expression"),
    ("match(userAgent, \"^cli\")", False, "one that does not fit"),
    ("like(eventName, \"Deactivate%\") AND eventName LIKE \"%M_ADevice\"", True, "like"),
    ("like(eventName, \"deactivate%\")", False, "like with case"),
    ("cidrmatch(\"203.0.113.0/24\", src_ip)", True, "a network"),
    ("in(eventName, \"A\", \"DeactivateMFADevice\") AND eventName IN (\"DeactivateMFADevice\")", True, "in"),
    ("if(errorMessage=\"x\", 1, 0)=0", True, "null is not true"),
    ("case(eventName=\"A\", 1, true(), 2)=2", True, "case"),
    ("coalesce(errorMessage, eventName)=\"DeactivateMFADevice\"", True, "the first that is there"),
    ("lower(eventName)=\"deactivatemfadevice\" AND len(awsRegion)=9", True, "texts"),
    ("replace(awsRegion, \"-\\d$\", \"\")=\"us-east\"", True, "replaced"),
    ("searchmatch(\"eventName=deact*\")", True, "a search inside"),
    ("json_extract(_raw, \"userIdentity.userName\")=\"Ann\"", True, "out of the raw text"),
    ("isnull(userIdentity)", True, "an object is no field"),
    ("isnull(responseElements)", True, "null in JSON"),
    ("tonumber(\"12\")=12 AND tostring('requestParameters.port')=\"443\"", True, "conversions"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "why"), WHERE, ids=[each[2] for each in WHERE])
def test_where_command(text: str, expected: bool, why: str) -> None:
    assert fires(f"sourcetype=aws:cloudtrail | where {text}") is expected


PIPELINES = [
    ("* | eval who='userIdentity.userName' | search who=ann", True, "eval is followed"),
    ("* | eval a=eventName, b=a | where b=\"DeactivateMFADevice\"", True, "from field to field"),
    ("* | rename requestParameters.userName AS u | where u=\"Bob\"", True, "rename"),
    ("* | rename eventName AS n | search eventName=*", False, "the old name is gone"),
    ("* | rename requestParameters.* AS * | search userName=Bob", None, "undecided under it"),
    ("* | rename requestParameters.* AS * | search port=443", True, "rename of many"),
    ("* | table eventName | search awsRegion=*", False, "table drops the others"),
    ("* | fields - awsRegion | search awsRegion=*", False, "fields drops one"),
    ("* | fillnull value=none errorMessage | search errorMessage=none", True, "fillnull"),
    ("* | regex userAgent=\"^aws-\"", True, "regex"),
    ("* | rex field=userAgent \"^(?<tool>[a-z-]+)/\" | search tool=aws-cli", True, "rex"),
    ("* | spath output=w path=userIdentity.userName | search w=Ann", True, "spath"),
    ("* | stats count by eventName awsRegion | search awsRegion=eu*", False, "by stays a filter"),
    ("* | stats count by eventName errorMessage", False, "stats drops what lacks a by"),
    ("* | fillnull | stats count by eventName errorMessage", True, "unless it is filled"),
    ("* | dedup errorMessage", False, "dedup drops what lacks the field"),
    ("* | iplocation src | stats count by Country", True, "enrichment that nothing asks"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected", "why"), PIPELINES, ids=[each[2] for each in PIPELINES]
)
def test_pipeline(text: str, expected: bool | None, why: str) -> None:
    if expected is None:
        with pytest.raises(NotJudged):
            search(text)
    else:
        assert fires(text) is expected


COUNTS = [
    ("eventName=A | stats count by awsRegion", None, ()),
    (
        "eventName=A | stats dc(src) as n by src_ip, _time | where n > 5",
        "counts by src_ip: where n > 5",
        ("src_ip",),
    ),
    (
        "eventName=A | stats count by src | rename src as s | where s=\"x\" AND count > 1",
        "counts by src: where s=\"x\" AND count > 1",
        ("src",),
    ),
    ("eventName=A | transaction eventID", "counts: eventID", ()),
    (
        "eventName=A | eventstats count as n by awsRegion | where n < 3",
        "counts by awsRegion: where n < 3",
        ("awsRegion",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "counts", "group_by"), COUNTS)
def test_what_counts_is_told_apart(
    text: str, counts: str | None, group_by: tuple[str, ...]
) -> None:
    found = search(text)
    assert (found.counts, found.group_by) == (counts, group_by)


REFUSED = [
    ("| tstats count from datamodel=Change", "`tstats`"),
    ("eventName=A [search eventName=B | fields src]", "subsearch"),
    ("eventName=A | join src [search eventName=B]", "another search"),
    ("`my_trail` eventName=A", "`my_trail`"),
    ("eventName=A | `my_macro(x)`", "`my_macro`"),
    ("user=ann", "`user`"),
    ("asset_owner=ann", "`asset_owner`"),
    ("date_hour>20", "`date_hour`"),
    ("NOT index=x", "`index`"),
    ("* | lookup assets ip AS src OUTPUT owner | search owner=x", "`assets`"),
    ("* | iplocation src | search Country=x", "`Country`"),
    ("* | where strptime(eventTime, \"%s\") > 1", "strptime()"),
    ("* | mvexpand resources", "`mvexpand`"),
    ("* | where match(eventName, \"(a+)+$\")", "repeats what repeats"),
    ("* | where match(eventName, \"(a|aa)+$\")", "repeats what repeats"),
    ("* | where match(eventName, \".*.*.*.*x\")", "repeats too often"),
    ("* | where match(eventName, eventSource)", "from a field"),
    ("eventName=(A", "cannot be read"),
    ("eventName=" + "(" * 200 + "A" + ")" * 200, "cannot be read"),
    ("(" * 200 + "eventName=A" + ")" * 200 + " x=1", "`x`"),
    ("NOT " * 500 + "eventName=A", "nested"),
    ("* | where " + "-" * 500 + "1=1", "nested"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[each[0][:40] for each in REFUSED])
def test_what_is_not_modelled_is_named(text: str, reason: str) -> None:
    with pytest.raises(NotJudged) as refused:
        search(text)
    assert reason in str(refused.value)


def test_eval_cannot_grow_without_bound() -> None:
    doubled = " | ".join(f"eval a{n + 1}=a{n} . a{n}" for n in range(40))
    with pytest.raises(NotJudged, match="too long"):
        search(f'* | eval a0=eventName | {doubled} | where a40="x"')


def test_eval_cannot_nest_without_bound() -> None:
    nested = " | ".join("eval a=lower(a)" for _ in range(190))
    with pytest.raises(NotJudged, match="too long"):
        search(f'* | eval a=eventName | {nested} | where a="x"')


def test_macros_take_arguments_and_nest() -> None:
    macros = {
        **CONVENTIONAL,
        ("outer", 2): Macro("eventName=$a$ `inner`", ("a", "b")),
        ("inner", 0): Macro("awsRegion=us*"),
    }
    found = search("`outer(Deactivate*, x)`", macros).condition
    assert literals_of(found) == ("Deactivate*", "us*")


@pytest.mark.parametrize("definition", ["`loop`", "`loop``loop`", "x" * 200_000])
def test_macros_cannot_grow_without_bound(definition: str) -> None:
    with pytest.raises(NotJudged, match="macros"):
        search("`loop`", {("loop", 0): Macro(definition)})


def test_empty_macros_cannot_take_for_ever() -> None:
    macros = {(f"m{n}", 0): Macro(f"`m{n + 1}`" * 10) for n in range(9)}
    with pytest.raises(NotJudged, match="too long"):
        search("`m0`", {**macros, ("m9", 0): Macro("")})


def test_a_filter_macro_that_is_not_there_filters_nothing() -> None:
    assert fires("eventName=* | `my_rule_filter`")


def test_the_lookup_of_explained_events_is_executed() -> None:
    text = "eventName=* | `cascade_explained_filter`"
    assert fires(text)
    assert not fires(text, {**RECORD, EXPLAINED: True})


def test_lines_are_those_of_the_file() -> None:
    found = search('eventName=A\nawsRegion=b\n| where src="c"').condition
    lines = {each.name: each.line for each in walk(found) if isinstance(each, Field)}
    assert lines == {"eventName": 1, "awsRegion": 2, "src": 3}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("src", "sourceIPAddress"),
        ("requestParameters.items{}.group", "requestParameters.items[].group"),
        ("user_arn", None),
        ("sourcetype", None),
    ],
)
def test_fields_lead_back_to_cloudtrail(name: str, path: str | None) -> None:
    assert SPELLING.path(name) == path


def test_a_login_that_failed_has_a_code_of_the_add_on() -> None:
    record = {"responseElements": {"ConsoleLogin": "Failure"}}
    assert SPELLING.value(record, "errorCode") == "failure"


def test_whether_some_values_differ_is_not_told() -> None:
    assert not fires("requestParameters.items{}.group!=all")
    assert not fires("NOT requestParameters.items{}.group!=all")
    assert not fires("requestParameters.one{}.group!=all")


@pytest.mark.parametrize(
    "text",
    [
        "* | eval n=1e99" + "*1000000000000000000000000" * 30 + ' | where mvindex(eventName, n)="x"',
        '* | where replace(eventName, "D", "\\9")="x"',
        '* | rex field=eventName "[(?<x>]" | where x="y"',
        '* | where substr(eventName, 0 - 99999999999999999999)="x"',
        "a*b*c*d*e",
        "* | rename " + "x" * 29_000,
        "* | where like(eventName, \"" + "_" * 5_000 + '")',
        "* | where " + "lower(" * 200 + "eventName" + ")" * 200 + '="x"',
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_hostile_searches_end_without_firing(text: str) -> None:
    try:
        fired = fires(text)
    except NotJudged:
        return
    assert not fired or "rename" in text
