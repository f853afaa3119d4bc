"""One CloudTrail record, decoded as far as every record needs.

Objects inside a record stay undecoded (`msgspec.Raw`, the bytes of the JSON value, empty where the
member is missing), since most records are of no interest: decode them with `msgspec.json.decode`.
A Raw pins the buffer it was cut from; `.copy()` what outlives its batch.

Members: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import msgspec
from msgspec import Raw

MISSING = Raw()

# What stands for errorCode in a record of a call that succeeded: AWS leaves it out or writes null, exports leave it
# empty or write `Success`.
NO_ERROR = (None, "", "Success")


class Brief(msgspec.Struct, gc=False, kw_only=True):
    """The members of a CloudTrail record that most verdicts rest on. Names are AWS's own, and so is their
    order, in which they are found fastest.

    `eventName`, `eventSource` and `eventTime` are text in every record; a record without them is
    not decodable. All other members may be missing.
    """

    userIdentity: Raw = MISSING
    eventTime: str
    eventSource: str
    eventName: str
    awsRegion: str | None = None
    sourceIPAddress: Raw = MISSING
    userAgent: Raw = MISSING
    errorCode: str | None = None
    errorMessage: Raw = MISSING
    requestParameters: Raw = MISSING
    responseElements: Raw = MISSING
    eventID: str | None = None
    recipientAccountId: str | None = None
    eventCategory: Raw = MISSING
    sessionCredentialFromConsole: Raw = MISSING


class Record(Brief, gc=False, kw_only=True):
    """A CloudTrail record.

    Members that tell nothing about side effects (requestID, tlsDetails and the like) are left out: each
    costs time in every record.
    """

    additionalEventData: Raw = MISSING
    eventType: Raw = MISSING
    resources: Raw = MISSING
    serviceEventDetails: Raw = MISSING
    sharedEventID: Raw = MISSING


class Projection(Record, gc=False, kw_only=True):
    """Of a record, the columns that somebody chose, none of which tells of errors: whether the call succeeded is not
    known (`projections`)."""
