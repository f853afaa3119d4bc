"""Runs as `sitecustomize` in a recorded program: writes each of botocore's calls down as CloudTrail would.

It must not import anything of this package, since the program may live in another environment.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

_TARGET = "botocore.client"


# S3's parameters keep the spelling of its XML, but for the two that stand in the address.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
_S3 = {"Bucket": "bucketName", "Key": "key"}


def _parameters(service: str, parameters: Any) -> Any:
    if service == "s3":
        return {_S3.get(name, name): _plain(value) for name, value in parameters.items()}
    return _spelt(parameters)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _spelt(value: Any) -> Any:
    """Parameters as CloudTrail writes them: members begin with a small letter."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _spelt(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt(each) for each in value]
    return _plain(value)


def _write(client: Any, operation: str, parameters: Any, code: str | None) -> None:
    account = os.environ["CASCADE_ACCOUNT"]
    model = client.meta.service_model
    called = model.operation_model(operation)
    record = {
        # How the event is named is for the other side to say, which knows CloudTrail's names.
        "operation": [model.service_name, operation, called.wire_name, called.http["requestUri"]],
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{account}:user/recorder",
            "accountId": account,
            "accessKeyId": os.environ.get("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            "userName": "recorder",
        },
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{model.endpoint_prefix}.amazonaws.com",
        "awsRegion": client.meta.region_name,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "recorded",
        "requestParameters": _parameters(model.service_name, parameters) or None,
        "responseElements": None,
        "eventID": str(uuid.uuid4()),
        "eventType": "AwsApiCall",
        "recipientAccountId": account,
        **({"errorCode": code} if code else {}),
    }
    with open(os.environ["CASCADE_RECORDS"], "a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


def _hook(module: ModuleType) -> None:
    client = module.BaseClient
    call = client._make_api_call
    answers = json.loads(os.environ.get("CASCADE_ANSWERS", "{}"))

    def recorded(self: Any, operation_name: str, api_params: Any) -> Any:
        if operation_name in answers:
            _write(self, operation_name, api_params, None)
            return answers[operation_name]
        try:
            answer = call(self, operation_name, api_params)
        except Exception as error:
            response = getattr(error, "response", {})
            code = response.get("Error", {}).get("Code") or type(error).__name__
            _write(self, operation_name, api_params, code)
            raise
        _write(self, operation_name, api_params, None)
        return answer

    client._make_api_call = recorded


class _Finder(importlib.abc.MetaPathFinder):
    """Hooks botocore when the program first imports it, and stands aside otherwise."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _TARGET:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def run(module: ModuleType) -> None:
                load(module)
                _hook(module)

            spec.loader.exec_module = run  # type: ignore[method-assign]
        return spec


if "CASCADE_RECORDS" in os.environ:
    sys.meta_path.insert(0, _Finder())
