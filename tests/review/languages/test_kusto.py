"""Kusto's part that Sentinel's rules are written in, executed on records."""

import time
from typing import Any

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.expression import compiled
from cloudcascade.review.languages.kusto import SPELLING, about, read
from cloudcascade.review.rule import EXPLAINED

RECORD: dict[str, Any] = {
    "eventID": "e-1",
    "eventName": "CreateAccessKey",
    "eventSource": "iam.amazonaws.com",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "10.1.2.3",
    "userAgent": "aws-cli/2.1 md/Bot off command/iam.create-access-key",
    "readOnly": False,
    "recipientAccountId": "111122223333",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/admin/i-0abc",
        "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
    },
    "requestParameters": {
        "userName": "Bob",
        "dry": False,
        "size": 12,
        "x-amz-acl": "public-read",
        "tags": [{"key": "team", "value": "red"}, {"key": "env", "value": "prod"}],
        "none": [],
        "policyDocument": '{"Statement":[{"Effect":"Allow","Action":["iam:*","s3:Get"]}]}',
    },
    "responseElements": None,
}


def fires(query: str, record: dict[str, Any] | None = None) -> bool | None:
    judged = read(query)
    assert judged is not None
    names = sorted(
        {each.name for each in _walk(judged.condition) if type(each).__name__ == "Field"}
    )
    row = [SPELLING.value(record or RECORD, name) for name in names]
    answer = compiled(judged.condition, names, judged.functions)(row)
    return answer if isinstance(answer, bool) else None


def _walk(expression: Any) -> Any:
    yield expression
    for each in getattr(expression, "arguments", ()):
        yield from _walk(each)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('EventName == "CreateAccessKey"', True),
        ('EventName == "createaccesskey"', False),
        ('EventName =~ "createaccesskey"', True),
        ('EventName != "createaccesskey"', True),
        ('EventName !~ "createaccesskey"', False),
        ('EventName <> "DeleteUser"', True),
        ('EventName in ("DeleteUser", "CreateAccessKey")', True),
        ('EventName in ("createaccesskey")', False),
        ('EventName in~ ("createaccesskey")', True),
        ('EventName !in ("createaccesskey")', True),
        ('EventName in~ (dynamic(["x", "createaccesskey"]))', True),
        # A term is a run of letters and digits.
        ('EventName has "Create"', False),
        ('EventSource has "IAM"', True),
        ('EventSource has "amazonaws.com"', True),
        ('EventSource has_cs "IAM"', False),
        ('EventSource !has "amazon"', True),
        ('EventSource hasprefix "amazon"', True),
        ('EventSource hassuffix "aws"', True),
        ('EventSource has_any ("s3", "iam")', True),
        ('EventSource has_all ("com", "iam")', True),
        ('UserAgent has_any (dynamic(["iam.create"]))', True),
        ('EventName contains "ACCESS"', True),
        ('EventName contains_cs "ACCESS"', False),
        ('EventName startswith "create" and EventName endswith "KEY"', True),
        ('EventName startswith_cs "create"', False),
        ('EventName matches regex "^Create(Access)?Key$"', True),
        ('EventName matches regex "access"', False),
        # What a text column lacks is an empty text.
        ("isempty(ErrorCode) and ErrorMessage == ''", True),
        ('ErrorCode != "AccessDenied"', True),
        ("isnotempty(UserIdentityUserName)", False),
        ('not(ErrorCode has "Denied")', True),
        # Columns of other types.
        ("ReadOnly == false", True),
        ("ReadOnly", False),
        ("SessionMfaAuthenticated != true", True),
        ("isnull(ManagementEvent)", True),
        ("ManagementEvent != true", True),
        ("ManagementEvent == true", False),
        # Parsed values.
        ('parse_json(RequestParameters).userName == "Bob"', True),
        ("parse_json(RequestParameters)['userName'] == \"Bob\"", True),
        ('tostring(parse_json(RequestParameters).["x-amz-acl"]) has "public"', True),
        ('todynamic(RequestParameters).nothing == "x"', False),
        ('todynamic(RequestParameters).nothing != "x"', True),
        ("isempty(tostring(parse_json(RequestParameters).nothing))", True),
        ("isnull(parse_json(ResponseElements).credentials)", True),
        ("parse_json(RequestParameters).dry == false", True),
        ('tostring(parse_json(RequestParameters).dry) == "false"', True),
        ("toint(parse_json(RequestParameters).size) > 10", True),
        ("parse_json(RequestParameters).size - 2 == 10", True),
        # A number and a text: no rule is documented, so that it is not told.
        ('parse_json(RequestParameters).size == "12"', None),
        ('parse_json(RequestParameters).size != "12"', None),
        ('parse_json(RequestParameters).tags[1].value == "prod"', True),
        ('parse_json(RequestParameters).tags[-1].key == "env"', True),
        ("array_length(parse_json(RequestParameters).tags) == 2", True),
        ("array_length(parse_json(RequestParameters).userName) >= 0", None),
        # A value that is parsed already is not parsed again.
        ("isnull(parse_json(parse_json(RequestParameters).policyDocument).Statement)", True),
        (
            "isnotnull(parse_json(tostring(parse_json(RequestParameters).policyDocument)).Statement)",
            True,
        ),
        ("RequestParameters has 'prod'", True),
        ('RequestParameters contains "\\"dry\\":false"', True),
        # Functions.
        ("tostring(split(UserIdentityArn, '/')[-1]) startswith \"i-\"", True),
        ('split(UserIdentityArn, "/", 1)[0] == "admin"', True),
        ('strcat(AWSRegion, "-", tolower(EventName)) == "eu-west-1-createaccesskey"', True),
        ('extract("assumed-role/([^/]+)/", 1, UserIdentityArn) == "admin"', True),
        ('iff(isempty(ErrorCode), "ok", "failed") == "ok"', True),
        ('case(ReadOnly, "r", EventName has "x", "x", "w") == "w"', True),
        ('coalesce(UserIdentityUserName, "nobody") == "nobody"', True),
        ("strlen(EventName) == 15", True),
        ('substring(EventName, 0, 6) == "Create"', True),
        ("ipv4_is_private(SourceIpAddress)", True),
        ('ipv4_is_in_range(SourceIpAddress, "10.0.0.0/8")', True),
        ('ipv4_is_in_range(SourceIpAddress, "192.168.0.0/16")', False),
        ('set_has_element(dynamic(["a", "eu-west-1"]), AWSRegion)', True),
        ('column_ifexists("EventName", "") == "CreateAccessKey"', True),
        ('column_ifexists("NoSuch", "x") == "x"', True),
        # Literals.
        ("EventName == @'CreateAccessKey'", True),
        ('EventName == "Create" "AccessKey"', True),
        ('EventName == "Create\\x41ccessKey"', True),
        # The run's clock.
        ("TimeGenerated > ago(1d)", True),
        ("TimeGenerated between (ago(14d) .. ago(1d)) and EventName == 'x'", False),
        ("not(TimeGenerated < ago(1h))", True),
        ('["EventName"] == "CreateAccessKey"', True),
    ],
)
def test_conditions_mean_what_kusto_documents(condition: str, expected: bool | None) -> None:
    assert fires(f"AWSCloudTrail | where {condition}") is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            'let names = dynamic(["A", "CreateAccessKey"]);\nAWSCloudTrail | where EventName in (names)',
            True,
        ),
        (
            'let one = "CreateAccessKey"; let T = AWSCloudTrail | where EventName == one; T | take 5',
            True,
        ),
        (
            'let Last = (value: string) { tostring(split(value, "/")[-1]) };\n'
            'AWSCloudTrail | where Last(UserIdentityArn) == "i-0abc"',
            True,
        ),
        (
            'AWSCloudTrail | extend EventName = "other" | where EventName == "CreateAccessKey"',
            False,
        ),
        (
            'AWSCloudTrail | project Name = EventName | where Name has "CreateAccessKey" | sort by Name',
            True,
        ),
        ('AWSCloudTrail | project-rename N = EventName | where N == "CreateAccessKey"', True),
        (
            'union (AWSCloudTrail | where EventName == "X"), (AWSCloudTrail | where AWSRegion startswith "eu")',
            True,
        ),
        ('AWSCloudTrail | where EventName == "X" | union (AWSCloudTrail | where ReadOnly)', False),
        # A column that one side of a union lacks is empty there.
        (
            'union (AWSCloudTrail | extend m = "1"), (AWSCloudTrail | where ReadOnly) | where m == "1"',
            True,
        ),
        (
            "AWSCloudTrail | mv-expand t = parse_json(RequestParameters).tags "
            '| where t.key == "env" and t.value == "prod"',
            True,
        ),
        (
            "AWSCloudTrail | mv-expand t = parse_json(RequestParameters).tags "
            '| where t.key == "team" and t.value == "prod"',
            False,
        ),
        # Of a null one row is left, of an empty list none.
        (
            "AWSCloudTrail | mv-expand t = parse_json(RequestParameters).nothing | where isnull(t)",
            True,
        ),
        ("AWSCloudTrail | mv-expand t = parse_json(RequestParameters).none | where true", False),
        (
            "AWSCloudTrail | extend S = parse_json(tostring(parse_json(RequestParameters).policyDocument)).Statement"
            " | mvexpand S | extend Effect = tostring(S.Effect) | mvexpand A = S.Action"
            ' | where Effect =~ "allow" and tostring(A) == "iam:*"',
            True,
        ),
        (
            "AWSCloudTrail | mv-apply t = parse_json(RequestParameters).tags on (where t.key == 'env')"
            ' | where t.value == "red"',
            False,
        ),
        (
            'AWSCloudTrail | parse UserAgent with * "off command/" command | where ReadOnly == false',
            True,
        ),
    ],
)
def test_operators_lead_a_record_to_a_row_or_not(query: str, expected: bool) -> None:
    assert fires(query) is expected


@pytest.mark.parametrize(
    ("query", "counts", "group_by"),
    [
        ("AWSCloudTrail | where ReadOnly | summarize count() by UserIdentityArn", None, True),
        (
            "AWSCloudTrail | where ReadOnly | summarize n = count() by UserIdentityArn | where n > 5",
            "n > 5, where rows are grouped by UserIdentityArn",
            True,
        ),
        (
            "AWSCloudTrail | summarize n = dcount(EventName) by bin(TimeGenerated, 1h), UserIdentityArn | where n >= 5",
            "n >= 5, where rows are grouped by UserIdentityArn",
            True,
        ),
        (
            "AWSCloudTrail | join kind=inner (AWSCloudTrail | where ReadOnly) on UserIdentityArn",
            "join inner on UserIdentityArn",
            True,
        ),
        (
            "AWSCloudTrail | join kind=leftanti (AWSCloudTrail | where ReadOnly) on UserIdentityArn",
            "join leftanti on UserIdentityArn",
            True,
        ),
        (
            "AWSCloudTrail | where EventName in ((AWSCloudTrail | where ReadOnly | project EventName))",
            "EventName in ((AWSCloudTrail | where ReadOnly | project EventName)), "
            "where it is among what another query finds",
            False,
        ),
    ],
)
def test_what_other_records_decide_is_told_beside_the_filter(
    query: str, counts: str | None, group_by: bool
) -> None:
    judged = read(query)
    assert judged is not None
    assert judged.counts == counts
    assert judged.group_by == (("UserIdentityArn",) if group_by else ())


def test_a_filter_of_a_grouped_column_is_a_filter() -> None:
    query = "AWSCloudTrail | summarize count() by EventName | where EventName == 'CreateAccessKey'"
    assert fires(query) is True
    assert fires(query, {**RECORD, "eventName": "DeleteUser"}) is False


@pytest.mark.parametrize(
    "asking",
    [
        "| join kind=leftanti (_GetWatchlist('cascade_explained')\n"
        "  | where isnotempty(AwsEventId) and todatetime(Expires) > now()\n"
        "  | project AwsEventId = tostring(AwsEventId)) on AwsEventId",
        "| where AwsEventId !in ((_GetWatchlist('cascade_explained') | project AwsEventId))",
        "| where not(AwsEventId in ((_GetWatchlist('cascade_explained') | distinct AwsEventId)))",
    ],
)
def test_the_watchlist_of_explained_events_is_a_member_of_the_record(asking: str) -> None:
    query = f"AWSCloudTrail | where EventName == 'CreateAccessKey' {asking}"
    assert fires(query) is True
    assert fires(query, {**RECORD, EXPLAINED: True}) is False


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("AWSCloudTrail | where NoSuch == 'x'", "no column 'NoSuch'"),
        ("AWSCloudTrail | where RequestParameters.userName == 'x'", "not parsed"),
        ("AWSCloudTrail | where CidrIp == 'x'", "CidrIp"),
        ("AWSCloudTrail | where hash_sha256(EventName) == 'x'", "hash_sha256"),
        ("AWSCloudTrail | where ReadOnly == 'false'", "compares a bool with a string"),
        ("AWSCloudTrail | where SessionCreationDate > ago(1h)", "SessionCreationDate"),
        ("AWSCloudTrail | parse UserAgent with * 'x' y | where y == 'z'", "parse"),
        ("AWSCloudTrail | evaluate bag_unpack(todynamic(RequestParameters))", "evaluate"),
        ("AWSCloudTrail | scan with (step s: true;)", "operator 'scan'"),
        ("AWSCloudTrail | where SourceIpAddress in (_GetWatchlist('vips'))", "vips"),
        ("AWSCloudTrail | join kind=inner SigninLogs on SourceIpAddress", "SigninLogs"),
        (
            "AWSCloudTrail | where EventName in ((_GetWatchlist('cascade_explained') | project AwsEventId))",
            "AwsEventId",
        ),
        ("AWSCloudTrail | where AwsEventId in ((_GetWatchlist('cascade_explained')))", "more than"),
        (
            "AWSCloudTrail | join kind=leftanti (_GetWatchlist('cascade_explained')"
            " | where Cascade == 'x' | project AwsEventId) on AwsEventId",
            "Cascade",
        ),
        ("AWSCloudTrail | where EventName == ", "cannot be read"),
        ("AWSCloudTrail; AWSCloudTrail", "more than one table"),
        ("AWSCloudTrail | where UserAgent matches regex strcat(EventName, '.*')", "computed"),
    ],
)
def test_what_cannot_be_executed_is_refused_with_its_name(query: str, reason: str) -> None:
    with pytest.raises(NotJudged, match=reason):
        read(query)


def test_what_is_not_asked_for_may_be_anything() -> None:
    query = "AWSCloudTrail | where ReadOnly == false | extend g = geo_info_from_ip_address(SourceIpAddress)"
    assert fires(query) is True


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("AWSCloudTrail | take 1", True),
        ("// AWSCloudTrail\nSigninLogs", False),
        ('SigninLogs | where x == "AWSCloudTrail"', False),
        ("AWSCloudTrailExtended | take 1", False),
    ],
)
def test_a_query_is_about_cloudtrail_where_it_names_the_table(query: str, expected: bool) -> None:
    assert about(query) is expected


def test_a_query_that_names_the_table_and_yields_no_row_of_it_is_of_another_log() -> None:
    assert read("let T = AWSCloudTrail | where ReadOnly; SigninLogs | take 5") is None


@pytest.mark.parametrize(
    "query",
    [
        "AWSCloudTrail | where " + "not(" * 500 + "ReadOnly" + ")" * 500,
        "let a0 = 'x';"
        + "".join(f"let a{n} = strcat(a{n - 1}, a{n - 1});" for n in range(1, 60))
        + "AWSCloudTrail | where EventName == a59",
        "AWSCloudTrail"
        + "| extend UserAgent = strcat(UserAgent, UserAgent)" * 60
        + "| where UserAgent has 'x'",
        "AWSCloudTrail"
        + "| extend UserAgent = tolower(UserAgent)" * 2_000
        + "| where UserAgent has 'x'",
        "".join(f"let t{n} = {f't{n - 1}' if n else 'AWSCloudTrail'};" for n in range(900))
        + "t899",
        "let t0 = AWSCloudTrail;"
        + "".join(f"let t{n} = union t{n - 1}, t{n - 1};" for n in range(1, 40))
        + "t39",
        "AWSCloudTrail | where EventName matches regex '((a+))*b'",
        "AWSCloudTrail | where EventName matches regex '(a|aa)+$'",
        "AWSCloudTrail | where EventName matches regex '.*.*.*.*x'",
        "AWSCloudTrail | where EventName == 'x'" + " " * 60_000,
    ],
)
def test_a_hostile_query_is_refused_in_time(query: str) -> None:
    started = time.monotonic()
    with pytest.raises(NotJudged):
        read(query)
    assert time.monotonic() - started < 10


def test_parentheses_alone_are_no_depth() -> None:
    assert fires("AWSCloudTrail | where " + "(" * 5_000 + "ReadOnly" + ")" * 5_000) is False


def test_fields_and_lines_point_into_the_file() -> None:
    judged = read("let n = 'A';\nAWSCloudTrail\n| where EventName == n\n    and ReadOnly", line=11)
    assert judged is not None
    found = {
        (getattr(each, "name", getattr(each, "value", None)), each.line)
        for each in _walk(judged.condition)
        if not hasattr(each, "arguments")
    }
    assert found == {("EventName", 13), ("A", 11), ("ReadOnly", 14)}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("EventName", "eventName"),
        ("RequestParameters.userName", "requestParameters.userName"),
        ('RequestParameters["x-y"].z', "requestParameters.x-y.z"),
        ("Resources[0].ARN", None),
        ("SessionMfaAuthenticated", "userIdentity.sessionContext.attributes.mfaAuthenticated"),
    ],
)
def test_columns_are_spelt_as_cloudtrail_spells_them(name: str, path: str | None) -> None:
    assert SPELLING.path(name) == path
