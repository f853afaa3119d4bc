"""What the events of a YARA-L rule ask of a record."""

import time
from typing import Any

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.expression import compiled, fields_of
from cloudcascade.review.languages.yaral import SPELLING, Judged, read, rules
from cloudcascade.review.languages.yaral.values import FUNCTIONS
from cloudcascade.review.rule import EXPLAINED, Source

RECORD: dict[str, Any] = {
    "eventID": "e-1",
    "eventName": "DeleteLoginProfile",
    "eventSource": "iam.amazonaws.com",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.9",
    "userAgent": "S3 Browser/9.5",
    "recipientAccountId": "111122223333",
    "requestParameters": {"userName": "bob"},
}
CLOUDTRAIL = '$e.metadata.product_name = "AWS CloudTrail"'


def judged(
    events: str, condition: str = "$e", match: str = "", *sources: Source, options: str = ""
) -> Judged:
    text = f'rule r {{\n  meta:\n    severity = "Low"\n  events:\n    {events}\n'
    text += f"  match:\n    {match}\n" if match else ""
    text += f"  condition:\n    {condition}\n"
    text += f"  options:\n    {options}\n" if options else ""
    (rule,) = rules(text + "}\n")
    found = read(rule, 5, sources)
    assert found is not None
    return found


def fires(rule: Judged, record: dict[str, Any] | None = None) -> bool | None:
    names = fields_of(rule.condition)
    row = [SPELLING.value(record or RECORD, name) for name in names]
    answer = compiled(rule.condition, names, FUNCTIONS)(row)
    return answer if isinstance(answer, bool) else None


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ('$e.metadata.product_event_type = "DeleteLoginProfile"', True),
        ('$e.metadata.product_event_type = "deleteloginprofile"', False),
        ('$e.metadata.product_event_type = "deleteloginprofile" nocase', True),
        ('$e.metadata.product_event_type != "DeleteUser"', True),
        ("$e.metadata.product_event_type = /^Delete/", True),
        ("$e.metadata.product_event_type = /profile/", False),
        ("$e.metadata.product_event_type = /profile/ nocase", True),
        ("$e.metadata.product_event_type != /^Create/", True),
        ("$e.network.http.user_agent = /S3 Browser\\/9/", True),
        ("re.regex($e.network.http.user_agent, `Browser/\\d`)", True),
        ('not re.regex($e.network.http.user_agent, "curl")', True),
        ("re.regex($e.network.http.user_agent, `browser`) nocase", True),
        ('strings.to_lower($e.network.http.user_agent) = "s3 browser/9.5"', True),
        ('strings.contains($e.network.http.user_agent, "Browser") = true', True),
        ('strings.concat($e.principal.location.name, "-1") = "us-east-1-1"', True),
        ('re.capture($e.target.application, "^([a-z]+)[.]") = "iam"', True),
        ('net.ip_in_range_cidr($e.principal.ip, "203.0.113.0/24")', True),
        ('not net.ip_in_range_cidr($e.principal.ip, "10.0.0.0/8")', True),
        ('any $e.principal.ip = "203.0.113.9"', True),
        ('all $e.principal.ip != "203.0.113.9"', False),
        ('$e.additional.fields["recipientAccountId"] = "111122223333"', True),
        ('$e.security_result.action = "ALLOW"', True),
        ('$e.metadata.vendor_name = "AMAZON"', True),
        ('$e.metadata.vendor_name = "OTHER" or $e.target.user.userid = "bob"', True),
        ('$e.target.application = "a" or\n    $e.target.application = "iam.amazonaws.com"', True),
        (
            'not ($e.target.application = "iam.amazonaws.com" and $e.principal.location.name = "x")',
            True,
        ),
        # Placeholders stand for what they are equal to.
        ('$e.target.user.userid = $u\n    $u != "bob"', False),
        ('$u = $e.target.user.userid\n    $u = "bob"', True),
    ],
)
def test_predicates_mean_what_google_documents(predicate: str, expected: bool) -> None:
    assert fires(judged(f"{CLOUDTRAIL}\n    {predicate}")) is expected


def test_a_missing_field_is_the_empty_text() -> None:
    bare = {"eventName": "GetUser"}
    assert fires(judged(f'{CLOUDTRAIL} $e.target.user.userid = ""'), bare) is True
    assert fires(judged(f'{CLOUDTRAIL} $e.network.http.user_agent != "x"'), bare) is True
    assert fires(judged(f"{CLOUDTRAIL} $e.network.http.user_agent = /^$/"), bare) is True


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, "ALLOW"),
        ({"errorCode": "AccessDenied"}, "BLOCK"),
        ({"errorMessage": "Failed authentication"}, "BLOCK"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "BLOCK"),
    ],
)
def test_the_action_says_whether_the_call_succeeded(change: dict[str, Any], action: str) -> None:
    assert SPELLING.value({**RECORD, **change}, "security_result.action") == action


def test_an_address_field_holds_no_name_of_a_service() -> None:
    record = {**RECORD, "sourceIPAddress": "cloudformation.amazonaws.com"}
    assert SPELLING.value(record, "principal.ip") == ""


def test_a_match_leaves_out_events_without_the_value_it_groups_by() -> None:
    rule = judged(f"{CLOUDTRAIL} $e.target.user.userid = $u", "$e", "$u over 1h")
    assert fires(rule) is True
    assert fires(rule, {"eventName": "x"}) is False
    assert rule.group_by == ("target.user.userid",)
    zeros = judged(
        f"{CLOUDTRAIL} $e.target.user.userid = $u",
        "$e",
        "$u over 1h",
        options="allow_zero_values = true",
    )
    assert fires(zeros, {"eventName": "x"}) is True


def test_a_grouping_field_that_is_not_documented_is_a_remark() -> None:
    rule = judged(f"{CLOUDTRAIL} $e.principal.user.user_display_name = $u", "$e", "$u over 1h")
    assert fires(rule) is True
    assert "user_display_name" in rule.remarks[0]


@pytest.mark.parametrize(
    ("condition", "counts"),
    [
        ("$e", None),
        ("#e > 0", None),
        ("#e >= 1", None),
        ("#e > 5", "condition #e > 5 over 10m"),
        ("$e and $count > 7", "condition $e and $count > 7 over 10m"),
    ],
)
def test_thresholds_are_told_beside_the_filter(condition: str, counts: str | None) -> None:
    rule = judged(f"{CLOUDTRAIL} $e.principal.location.name = $r", condition, "$r over 10m")
    assert rule.counts == counts


def test_of_several_events_each_is_asked_and_that_they_meet_is_counting() -> None:
    rule = judged(
        f'{CLOUDTRAIL}\n$e.metadata.product_event_type = "DeleteLoginProfile"\n'
        '$o.metadata.product_name = "AWS CloudTrail"\n$o.metadata.product_event_type = "DeleteUser"\n'
        "$e.target.user.userid = $u\n$o.target.user.userid = $u\n"
        "$e.metadata.event_timestamp.seconds < $o.metadata.event_timestamp.seconds",
        "$e and $o",
        "$u over 5m",
    )
    assert rule.counts == "$e, $o meet over 5m"
    assert [fires(rule, {**RECORD, "eventName": name}) for name in ("DeleteUser", "GetUser")] == [
        True,
        False,
    ]


def test_an_event_that_must_not_be_there_fires_nothing() -> None:
    rule = judged(
        f'{CLOUDTRAIL} $e.metadata.product_event_type = "A" $o.metadata.log_type = "AWS_CLOUDTRAIL"'
        ' $o.metadata.product_event_type = "B" $e.target.user.userid = $u $o.target.user.userid = $u',
        "$e and !$o",
        "$u over 5m",
    )
    assert [fires(rule, {**RECORD, "eventName": name}) for name in ("A", "B")] == [True, False]
    assert rule.counts is not None
    assert "without $o" in rule.counts
    assert rule.variables == ("e",)


def test_lists_are_read_where_they_stand_beside_the_rules() -> None:
    text = Source("lists/known_regions.txt", "us-east-1\neu-west-1\n")
    table = Source("lists/people.csv", "name,team\nbob,red\n")
    patterns = Source("lists/agents.txt", "^S3 ")
    held = (text, table, patterns)
    assert (
        fires(judged(f"{CLOUDTRAIL} $e.principal.location.name in %known_regions", "$e", "", *held))
        is True
    )
    assert (
        fires(judged(f"{CLOUDTRAIL} not $e.target.user.userid in %people.name", "$e", "", *held))
        is False
    )
    assert (
        fires(judged(f"{CLOUDTRAIL} $e.network.http.user_agent in regex %agents", "$e", "", *held))
        is True
    )


def test_the_table_of_explained_events_is_a_member_of_the_record() -> None:
    rule = judged(f"{CLOUDTRAIL} not $e.metadata.product_log_id in %cascade_explained.event_id")
    assert fires(rule) is True
    assert fires(rule, {**RECORD, EXPLAINED: True}) is False


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ('$e.metadata.event_type = "USER_LOGIN"', "metadata.event_type"),
        ('$e.principal.user.userid = "x"', "two ways"),
        ('$e.target.resource.attribute.labels["a b"] = "x"', r'labels\["a b"\]'),
        ("$e.principal.location.name in %not_here", "%not_here"),
        ("$e.principal.location.name in %cascade_explained.event_id", "something other"),
        ('hash.sha256($e.target.application) = "x"', "hash.sha256"),
        ("$e.metadata.event_timestamp.seconds > 5", "by >"),
        ('$u = "x"', "names no event"),
        ("$e.target.application = ", "cannot be read"),
        ("$g.graph.entity.ip = $i $e.principal.ip = $i", "not of CloudTrail"),
        ("$e.target.application = /(a+)+/", "too long"),
        ("re.regex($e.target.application, $e.principal.location.name)", "computed"),
        ("(" * 300 + "not " * 300 + '$e.target.application = "x"' + ")" * 300, "levels|deep"),
    ],
)
def test_what_cannot_be_executed_is_refused_with_its_name(events: str, reason: str) -> None:
    with pytest.raises(NotJudged, match=reason):
        judged(f"{CLOUDTRAIL} {events}")


def test_placeholders_that_grow_are_refused_in_time() -> None:
    grown = "\n".join(f"$p{n} = strings.concat($p{n - 1}, $p{n - 1})" for n in range(1, 60))
    started = time.monotonic()
    with pytest.raises(NotJudged):
        judged(f'{CLOUDTRAIL} $p0 = $e.target.application\n{grown}\n$p59 = "x"')
    assert time.monotonic() - started < 10


def test_a_rule_of_another_product_is_of_another_log() -> None:
    (rule,) = rules(
        'rule r { events: $e.metadata.product_name = "AWS GuardDuty" '
        '$e.network.http.user_agent != "AWS CloudTrail" condition: $e }'
    )
    assert read(rule, 1, ()) is None


def test_sections_are_found_whatever_comments_and_texts_say() -> None:
    text = (
        '/* rule no { events: } */\nrule one {\n meta:\n  note = "events: {" // condition: }\n'
        " events:\n  $e.a = /x{2}\\/events:/\n condition:\n  $e\n}\nrule two { events: $e.b = `}` condition: $e }"
    )
    assert [(each.name, sorted(each.sections)) for each in rules(text)] == [
        ("one", ["condition", "events", "meta"]),
        ("two", ["condition", "events"]),
    ]
