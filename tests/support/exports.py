"""The same events as every product writes them that people export CloudTrail from, and packed in every way."""

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable

import pytest

from cloudcascade.events import event_time

from .cloudtrail import Event

SESSION = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:a=b,c@d",
    "arn": "arn:aws:sts::111122223333:assumed-role/ops/a=b,c@d",
    "accountId": "111122223333",
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
        "attributes": {"creationDate": "2026-02-03T08:00:00Z", "mfaAuthenticated": "false"},
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLE",
            "arn": "arn:aws:iam::111122223333:role/ops",
            "accountId": "111122223333",
            "userName": "ops",
        },
    },
}


def event(number: int, name: str, parameters: dict[str, object] | None) -> Event:
    return {
        "eventVersion": "1.11",
        "userIdentity": SESSION,
        "eventTime": f"2026-02-03T09:00:{number:02}Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": 'aws-cli/2.15.0 "quoted", \\ ünï',
        "requestParameters": parameters,
        "responseElements": None,
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    }


EVENTS = [
    event(0, "DeactivateMFADevice", {"userName": "kim", "serialNumber": "arn:aws:iam::1:mfa/kim"}),
    event(1, "DeleteUser", {"userName": "kim"}),
    event(2, "ListUsers", None),
]
FAILED = {**event(3, "DeleteUser", {"userName": "lee"}), "errorCode": "AccessDenied"}


def text(each: Event) -> str:
    return json.dumps(each)


def lines(values: Iterable[object]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def base64_of(data: str, *, packed: bool) -> str:
    raw = data.encode()
    return base64.b64encode(gzip.compress(raw) if packed else raw).decode()


def subscription(events: list[Event], kind: str = "DATA_MESSAGE") -> dict[str, object]:
    return {
        "messageType": kind,
        "owner": "111122223333",
        "logGroup": "trail",
        "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [
            {"id": str(number), "timestamp": 1, "message": text(each)}
            for number, each in enumerate(events)
        ],
    }


CONTROL = {
    "messageType": "CONTROL_MESSAGE",
    "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health"}],
}


def table(rows: list[dict[str, object]], delimiter: str = ",") -> str:
    out = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(out, list(columns), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def struct(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{name.lower()}={struct(each)}" for name, each in value.items())
        return f"{{{inside}}}"
    return "null" if value is None else str(value)


def athena(each: Event) -> dict[str, object]:
    row: dict[str, object] = {
        name.lower(): json.dumps(member) if name == "requestParameters" and member else member
        for name, member in [*each.items(), ("errorCode", each.get("errorCode"))]
    }
    return {**row, "useridentity": struct(each["userIdentity"])}


def cells(rows: list[dict[str, object]]) -> list[list[object]]:
    names: list[object] = list(rows[0])
    return [names, *([row[str(name)] for name in names] for row in rows)]


def sentinel(each: Event) -> dict[str, object]:
    who = each["userIdentity"]
    issuer = who["sessionContext"]["sessionIssuer"]
    return {
        "TimeGenerated": each["eventTime"],
        "AwsEventId": each["eventID"],
        "EventSource": each["eventSource"],
        "EventName": each["eventName"],
        "EventTypeName": "AwsApiCall",
        "UserIdentityType": who["type"],
        "UserIdentityPrincipalid": who["principalId"],
        "UserIdentityArn": who["arn"],
        "UserIdentityAccountId": who["accountId"],
        "UserIdentityAccessKeyId": who["accessKeyId"],
        "SessionIssuerArn": issuer["arn"],
        "SessionIssuerUserName": issuer["userName"],
        "SessionCreationDate": who["sessionContext"]["attributes"]["creationDate"],
        "AWSRegion": each["awsRegion"],
        "SourceIpAddress": each["sourceIPAddress"],
        "UserAgent": each["userAgent"],
        "ErrorCode": each.get("errorCode", ""),
        "ErrorMessage": "",
        "RequestParameters": json.dumps(each["requestParameters"])
        if each["requestParameters"]
        else "",
        "RecipientAccountId": each["recipientAccountId"],
        "Type": "AWSCloudTrail",
    }


def elastic(each: Event) -> dict[str, object]:
    who = each["userIdentity"]
    failed = {"error_code": each["errorCode"]} if "errorCode" in each else {}
    return {
        "@timestamp": each["eventTime"],
        "aws": {
            "cloudtrail": {
                **failed,
                "event_type": "AwsApiCall",
                "flattened": {"request_parameters": each["requestParameters"]},
                "recipient_account_id": each["recipientAccountId"],
                "user_identity": {
                    "type": who["type"],
                    "arn": who["arn"],
                    "access_key_id": who["accessKeyId"],
                    "session_context": {
                        "creation_date": who["sessionContext"]["attributes"]["creationDate"],
                        "session_issuer": {
                            "arn": who["sessionContext"]["sessionIssuer"]["arn"],
                        },
                    },
                },
            }
        },
        "cloud": {"account": {"id": who["accountId"]}, "region": each["awsRegion"]},
        "event": {
            "action": each["eventName"],
            "id": each["eventID"],
            "provider": each["eventSource"],
            "outcome": "failure" if failed else "success",
        },
        "source": {"address": each["sourceIPAddress"]},
        "user": {"id": who["principalId"]},
        "user_agent": {"original": each["userAgent"]},
    }


def ocsf(each: Event) -> dict[str, object]:
    who = each["userIdentity"]
    return {
        "class_uid": 6003,
        "metadata": {"uid": each["eventID"], "event_code": "AwsApiCall", "version": "1.1.0"},
        "time": event_time(each["eventTime"]) * 1_000,
        "cloud": {"region": each["awsRegion"], "provider": "AWS"},
        "api": {
            "operation": each["eventName"],
            "service": {"name": each["eventSource"]},
            "response": {"error": each.get("errorCode")},
            "request": {"data": json.dumps(each["requestParameters"])},
        },
        "actor": {
            "user": {
                "type": who["type"],
                "uid": who["principalId"],
                "uid_alt": who["arn"],
                "account": {"uid": who["accountId"]},
                "credential_uid": who["accessKeyId"],
            },
            "session": {"issuer": who["sessionContext"]["sessionIssuer"]["arn"]},
        },
        "http_request": {"user_agent": each["userAgent"]},
        "src_endpoint": {"ip": each["sourceIPAddress"]},
        "unmapped": {"recipientAccountId": each["recipientAccountId"]},
    }


def snake(each: Event) -> dict[str, object]:
    names = {
        "eventTime": "event_time",
        "eventSource": "event_source",
        "eventName": "event_name",
        "eventID": "event_id",
        "awsRegion": "aws_region",
        "sourceIPAddress": "source_ip_address",
        "userAgent": "user_agent",
        "userIdentity": "user_identity",
        "requestParameters": "request_parameters",
        "recipientAccountId": "recipient_account_id",
    }
    return {**{names[name]: each[name] for name in names}, "error_code": each.get("errorCode")}


def dotted(value: object, head: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {head: value}
    return {
        name: each
        for key, member in value.items()
        for name, each in dotted(member, f"{head}.{key}" if head else key).items()
    }


def otlp(value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return {
            "kvlistValue": {
                "values": [{"key": name, "value": otlp(each)} for name, each in value.items()]
            }
        }
    if isinstance(value, bool):
        return {"boolValue": value}
    return {} if value is None else {"stringValue": str(value)}


def logs(bodies: Iterable[object]) -> str:
    records = [{"timeUnixNano": "1", "body": body} for body in bodies]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})


BOTH = [*EVENTS, FAILED]
TEXTS: dict[str, Callable[[], str]] = {
    "a log file": lambda: json.dumps({"Records": BOTH}),
    "lookup-events": lambda: json.dumps(
        {"Events": [{"CloudTrailEvent": text(e)} for e in BOTH]}, indent=4
    ),
    "texts of lookup-events": lambda: json.dumps([text(e) for e in BOTH]),
    "EventBridge": lambda: lines({"detail-type": "x", "detail": e} for e in BOTH),
    "SNS": lambda: lines({"Type": "Notification", "Message": text(e)} for e in BOTH),
    "SNS in Lambda": lambda: json.dumps(
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text(e)}} for e in BOTH]}
    ),
    "SQS in Lambda": lambda: json.dumps(
        {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": text(e)} for e in BOTH]}
    ),
    "SQS": lambda: json.dumps(
        {"Messages": [{"MessageId": "1", "Body": text(e)} for e in BOTH]}, indent=1
    ),
    "SNS in SQS": lambda: json.dumps(
        {
            "Messages": [
                {"Body": json.dumps({"Type": "Notification", "Message": json.dumps({"detail": e})})}
                for e in BOTH
            ]
        }
    ),
    "Kinesis in Lambda": lambda: json.dumps(
        {
            "Records": [
                {
                    "eventSource": "aws:kinesis",
                    "eventName": "aws:kinesis:record",
                    "kinesis": {"data": base64_of(json.dumps(subscription(BOTH)), packed=True)},
                }
            ]
        }
    ),
    "Kinesis": lambda: json.dumps(
        {
            "Records": [
                {"SequenceNumber": "1", "Data": base64_of(text(e), packed=False)} for e in BOTH
            ]
        }
    ),
    "Firehose": lambda: json.dumps(
        {
            "records": [],
            "Records": [{"recordId": "1", "data": base64_of(text(e), packed=False)} for e in BOTH],
        }
    ),
    "Firehose in Lambda": lambda: json.dumps(
        {"records": [{"recordId": "1", "data": base64_of(text(e), packed=True)} for e in BOTH]}
    ),
    "Firehose over HTTP": lambda: json.dumps(
        {"requestId": "1", "records": [{"data": base64_of(text(e), packed=False)} for e in BOTH]}
    ),
    "CloudWatch Logs in Lambda": lambda: json.dumps(
        {"awslogs": {"data": base64_of(json.dumps(subscription(BOTH)), packed=True)}}
    ),
    "a subscription": lambda: json.dumps(subscription(BOTH)),
    "subscriptions without a gap": lambda: (
        json.dumps(subscription(BOTH[:2])) + json.dumps(subscription(BOTH[2:]))
    ),
    "get-log-events": lambda: json.dumps(
        {"events": [{"timestamp": 1, "message": text(e)} for e in BOTH]}, indent=2
    ),
    "Logs Insights": lambda: json.dumps(
        {
            "results": [
                [{"field": "@timestamp", "value": "x"}, {"field": "@message", "value": text(e)}]
                for e in BOTH
            ]
        },
        indent=4,
    ),
    "Logs Insights (CSV)": lambda: table([{"@timestamp": "x", "@message": text(e)} for e in BOTH]),
    "Lake": lambda: json.dumps(
        {
            "QueryResultRows": [
                [
                    {
                        name: struct(c)
                        if name == "userIdentity"
                        else json.dumps(c)
                        if isinstance(c, dict)
                        else c
                    }
                    for name, c in {**e, "errorCode": e.get("errorCode")}.items()
                ]
                for e in BOTH
            ]
        }
    ),
    "put-audit-events": lambda: json.dumps(
        {"auditEvents": [{"id": "1", "eventData": text(e)} for e in BOTH]}
    ),
    "Athena (CSV)": lambda: table([athena(e) for e in BOTH]),
    "Athena (CSV, semicolons)": lambda: table([athena(e) for e in BOTH], ";"),
    "Athena (get-query-results)": lambda: json.dumps(
        {
            "ResultSet": {
                "Rows": [
                    {"Data": [{} if c is None else {"VarCharValue": str(c)} for c in row]}
                    for row in cells([athena(e) for e in BOTH])
                ]
            }
        },
        indent=4,
    ),
    "Elasticsearch": lambda: json.dumps(
        {
            "took": 1,
            "hits": {
                "total": {"value": 4, "relation": "eq"},
                "hits": [{"_source": {"event": {"original": text(e)}}} for e in BOTH],
            },
        }
    ),
    "Elasticsearch (fields)": lambda: json.dumps(
        {"hits": {"hits": [{"_id": "1", "fields": {"event.original": [text(e)]}} for e in BOTH]}}
    ),
    "Elastic without the original": lambda: json.dumps(
        {"hits": {"hits": [{"_source": elastic(e)} for e in BOTH]}}
    ),
    "Elastic without the original, dotted": lambda: lines(dotted(elastic(e)) for e in BOTH),
    "Filebeat": lambda: lines(
        {"@timestamp": "x", "message": text(e), "event": {"dataset": "aws.cloudtrail"}}
        for e in BOTH
    ),
    "Logstash": lambda: lines(
        {**e, "@timestamp": "2020-01-01T00:00:00Z", "@version": "1"} for e in BOTH
    ),
    "Splunk": lambda: lines(
        {"preview": False, "result": {"_raw": text(e), "eventName": "x"}} for e in BOTH
    ),
    "Splunk (CSV)": lambda: table([{"_raw": text(e), "_time": "x", "host": "h"} for e in BOTH]),
    "Splunk (collector)": lambda: lines(
        {"time": 1, "sourcetype": "aws:cloudtrail", "event": e} for e in BOTH
    ),
    "Splunk (json_rows)": lambda: json.dumps(
        {
            "fields": ["_time", "_raw"],
            "columns": [],
            "name": "",
            "rows": [["x", text(e)] for e in BOTH],
        }
    ).replace('"columns": [], ', ""),
    "Sentinel (JSON)": lambda: json.dumps([sentinel(e) for e in BOTH]),
    "Sentinel (CSV)": lambda: table(
        [
            {**sentinel(e), "TimeGenerated": ""}
            | {"TimeGenerated [UTC]": f"2/3/2026, 9:00:0{n}.000 AM"}
            for n, e in enumerate(BOTH)
        ]
    ),
    "Azure Monitor, to an event hub": lambda: json.dumps(
        {"records": [{"category": "AWSCloudTrail", "properties": sentinel(e)} for e in BOTH]}
    ),
    "put-events": lambda: json.dumps(
        [{"Source": "x", "DetailType": "x", "Detail": text(e)} for e in BOTH]
    ),
    "Azure Monitor": lambda: json.dumps(
        {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [{"name": name, "type": "string"} for name in sentinel(BOTH[0])],
                    "rows": [list(sentinel(e).values()) for e in BOTH],
                }
            ]
        }
    ),
    "Security Lake": lambda: lines(ocsf(e) for e in BOTH),
    "Tailpipe": lambda: lines(snake(e) for e in BOTH),
    "Panther": lambda: lines(
        {**e, "p_log_type": "AWS.CloudTrail", "p_any_ip_addresses": ["x"]} for e in BOTH
    ),
    "Datadog": lambda: lines({"_id": "1", "source": "cloudtrail", "attributes": e} for e in BOTH),
    "Sumo Logic": lambda: json.dumps({"messages": [{"map": {"_raw": text(e)}} for e in BOTH]}),
    "Sumo Logic (CSV)": lambda: table([{"_messagetimems": 1, "_raw": text(e)} for e in BOTH]),
    "Wazuh alerts": lambda: lines(
        {"rule": {"id": "80202"}, "data": {"integration": "aws", "aws": {**e, "log_info": {}}}}
        for e in BOTH
    ),
    "Wazuh archives": lambda: lines(
        {"full_log": json.dumps({"integration": "aws", "aws": e})} for e in BOTH
    ),
    "GELF": lambda: lines(
        {"version": "1.1", "host": "h", "short_message": "trail", "full_message": text(e)}
        for e in BOTH
    ),
    "Loki": lambda: json.dumps(
        {
            "status": "success",
            "data": {
                "resultType": "streams",
                "result": [{"stream": {"job": "x"}, "values": [["1", text(e)] for e in BOTH]}],
            },
        }
    ),
    "logcli": lambda: lines({"labels": {}, "line": text(e), "timestamp": "x"} for e in BOTH),
    "OTLP, texts": lambda: logs({"stringValue": text(e)} for e in BOTH),
    "OTLP, values": lambda: logs(otlp(e) for e in BOTH),
    "Fluent Bit": lambda: lines({"date": 1.5, "log": text(e)} for e in BOTH),
    "Fluentd": lambda: lines([1.5, e] for e in BOTH),
    "Kafka Connect": lambda: lines({"schema": None, "payload": e} for e in BOTH),
    "kcat": lambda: lines({"topic": "t", "partition": 0, "payload": text(e)} for e in BOTH),
    "keys of Kafka": lambda: "".join(f"key\t{text(e)}\n" for e in BOTH),
    "Google SecOps": lambda: json.dumps(
        {"batch": {"logs": [{"data": base64_of(text(e), packed=False)} for e in BOTH]}}
    ),
    "syslog": lambda: "".join(f"<134>1 2026-02-03T09:00:00Z h ct - - - {text(e)}\n" for e in BOTH),
    "LEEF": lambda: "".join(
        f"Feb 03 09:00:00 192.0.2.5 LEEF:1.0|Amazon|AWS CloudTrail|1.0|x|cat=x\tpayload={text(e)}\n"
        for e in BOTH
    ),
    "LogScale": lambda: lines({"@rawstring": text(e), "#type": "x"} for e in BOTH),
    "LogScale, members": lambda: lines(
        {"#type": "x", **dotted({"errorCode": None, **e})} for e in BOTH
    ),
    "journald": lambda: lines({"MESSAGE": text(e), "_COMM": "x"} for e in BOTH),
    "Snowflake (CSV)": lambda: table([{"RAW": text(e)} for e in BOTH]),
    "Datadog (CSV)": lambda: table([{"Date": "x", "Content": text(e)} for e in BOTH]),
    "Lake, whole events (CSV)": lambda: table(
        [{"eventID": e["eventID"], "eventJson": text(e)} for e in BOTH]
    ),
    "Steampipe (CSV)": lambda: table(
        [{"event_name": "x", "event_source": "x", "cloud_trail_event": text(e)} for e in BOTH]
    ),
    "RFC 7464": lambda: "".join(f"\x1e{text(e)}\n" for e in BOTH),
    "lines with commas": lambda: "[\n" + ",\n".join(text(e) for e in BOTH) + "\n]\n",
    "a byte-order mark": lambda: "\ufeff" + lines(BOTH),
}


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._log.json", b"junk")
        archive.writestr("a/first.json", data)
        archive.writestr("a/second.json.gz", gzip.compress(b'{"Records": []}'))
    return out.getvalue()


def tarred(data: bytes, mode: str, name: str = "a/first.json") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    zstandard = pytest.importorskip("zstandard", reason="no zstandard: cloudcascade[containers]")
    compressed: bytes = zstandard.compress(data)
    return compressed


def lz4(data: bytes) -> bytes:
    frame = pytest.importorskip("lz4.frame", reason="no lz4: cloudcascade[containers]")
    compressed: bytes = frame.compress(data)
    return compressed


def snappy(data: bytes) -> bytes:
    package = pytest.importorskip("snappy", reason="no snappy: cloudcascade[containers]")
    compressed: bytes = package.StreamCompressor().add_chunk(data)
    return compressed


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
    "gzip members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "bzip2": bz2.compress,
    "bzip2 streams": lambda data: bz2.compress(data[:100]) + bz2.compress(data[100:]),
    "xz": lzma.compress,
    "zstd": zstd,
    "zstd frames": lambda data: zstd(data[:100]) + zstd(data[100:]),
    "lz4": lz4,
    "snappy": snappy,
    "zip": zipped,
    "tar": lambda data: tarred(data, "w"),
    "tar.gz": lambda data: tarred(data, "w:gz"),
    "tar.xz": lambda data: tarred(data, "w:xz"),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-16, big-endian": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    "UTF-16 in gzip": lambda data: gzip.compress(data.decode().encode("utf-16")),
}
PACKED |= {
    "tar of a folder": lambda data: tarred(data, "w", "./first.json"),
    "tar that points out of itself": lambda data: tarred(data, "w", "../first.json"),
}
LOG = json.dumps({"Records": BOTH}).encode()
