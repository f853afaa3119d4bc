"""What is kept of callers and cut from responses is what reading each of them anew would say."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cloudcascade.events import attested_services, identity_of
from cloudcascade.matcher.actors.callers import caller_of, members
from cloudcascade.matcher.actors.credentials import _issued, _quickly

TEXTS: st.SearchStrategy[Any] = st.sampled_from(
    ["", "AIDABOB", "AROADEPLOY:run", "Anonymous", "AWSService", "AssumedRole", "\u212aim", ":x"]
)
ODD: st.SearchStrategy[Any] = TEXTS | st.sampled_from([None, 7, 1.5, True, [], ["AIDABOB"], {}])
ISSUERS: st.SearchStrategy[Any] = ODD | st.fixed_dictionaries({}, optional={"arn": ODD})
IDENTITIES: st.SearchStrategy[Any] = ODD | st.fixed_dictionaries(
    {},
    optional={
        "type": ODD,
        "principalId": ODD,
        "arn": ODD,
        "accountId": ODD,
        "accessKeyId": ODD,
        "invokedBy": ODD,
        "sessionContext": ODD | st.fixed_dictionaries({}, optional={"sessionIssuer": ISSUERS}),
    },
)


@given(IDENTITIES, st.sampled_from([None, 1]), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_caller_is_what_the_identity_says(
    value: Any, indent: int | None, ascii_only: bool, missing: bool
) -> None:
    raw = Raw() if missing else Raw(json.dumps(value, indent=indent, ensure_ascii=ascii_only))
    identity = identity_of(raw)
    for _ in range(2):  # read, and remembered
        caller = caller_of(raw)
        anonymous = (identity.principalId or "").lower().startswith("anonymous")
        assert caller.is_service == (identity.type == "AWSService")
        assert caller.account == identity.accountId
        assert caller.principal == (None if anonymous else identity.principalId or None)
        assert caller.asker == (identity.principalId or None, identity.accessKeyId or None)
        assert caller.access_key == caller.asker[1]
        assert caller.services == attested_services(identity)
        assert (caller.arn, caller.issuer) == (identity.arn, identity.issuerArn)
        assert members(caller.raw) == (None if missing else value)


KEYS = st.sampled_from(["ASIA1", "ASIA2", "", 'A"B', "A\\B", "\u00e9", "A B", 7, None])
PAIRS = st.lists(
    st.tuples(st.sampled_from(["accessKeyId", "sessionToken", "\u0061ccessKeyId", "x"]), KEYS),
    max_size=3,
)
HEADS = st.sampled_from(
    [
        b'{"credentials":{"accessKeyId":"ASIA1"',
        b'{"credentials":{"accessKeyId":"ASIA\\u0031"',
        b'{"credentials": {"accessKeyId": "ASIA1"',
        b'{"credentials":{"accessKeyId":""',
        b'{"credentials":{"accessKeyId":"AS\\"IA"',
        b'{"credentials":{"accessKeyId":7',
        b'{"x":{"y":1',
    ]
)
TAILS = st.sampled_from(
    [
        b"}}",
        b',"sessionToken":"a/b+c=="},"assumedRoleUser":{"arn":"a"}}',
        b',"accessKeyId":"ASIA2"}}',
        b',"access\\u004beyId":"ASIA2"}}',
        b'},"credentials":{"accessKeyId":"ASIA3"}}',
        b'},"credentials":null}',
        b'},"\\u0063redentials":{"accessKeyId":"ASIA3"}}',
        b'},"inner":{"accessKeyId":"ASIA4","credentials":{}}}',
        b',"nested":{"credentials":{"accessKeyId":"ASIA5"}}}}',
        b'},"text":"\\"accessKeyId\\":\\"ASIA6\\""}',
        b'},"odd":"\xff"}',
    ]
)


@given(HEADS, TAILS, PAIRS)
@settings(max_examples=400, deadline=None)
def test_a_key_cut_from_a_response_is_the_one_that_reading_finds(
    head: bytes, tail: bytes, pairs: list[tuple[str, Any]]
) -> None:
    middle = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs).encode()
    response = head + middle + tail
    assert _quickly(response) in (None, _issued(response))


def test_the_quick_way_is_taken_for_what_aws_writes() -> None:
    response = (
        b'{"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"FwoGZX/+==","expiration":'
        b'"Mar 17, 2026, 1:36:08 AM"},"assumedRoleUser":{"assumedRoleId":"AROAX:run","arn":"arn"}}'
    )
    assert _quickly(response) == _issued(response) == "ASIAEXAMPLE"
