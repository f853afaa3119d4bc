"""Records what a program calls: CloudTrail records of a tool's run against a simulated account.

`record_program` starts moto's server on the loopback, lets `prepare` fill the account, and runs the program
with botocore's calls written down, whatever the program is, as long as it is Python with botocore. What
comes out says which calls the tool makes in which order; times and request ids are the run's own. Names and
parameters are spelt as CloudTrail spells them, but for EC2's lists, which it wraps in sets of many names.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from ..catalog import MissingExtra
from ..catalog.event_names import event_names
from ..errors import CloudcascadeError

ACCOUNT = "123456789012"
_HOOK = "sitecustomize.py"
_SECONDS = 300


class RecordingError(CloudcascadeError):
    """The program could not be run, or ended badly."""


def record_program(
    command: Sequence[str],
    prepare: Callable[[Callable[[str], Any]], object],
    *,
    environment: Mapping[str, str] | None = None,
    answers: Mapping[str, object] | None = None,
    check: bool = True,
) -> list[dict[str, Any]]:
    """The records of the calls that `command` made, in order.

    `prepare` gets a function from a service's name to a client of the simulated account. `answers` are
    given to operations that the simulator does not have, by name: `{"ListServiceSpecificCredentials":
    {"ServiceSpecificCredentials": []}}`. With `check` a program that ends with another status than 0 is
    refused.

    Raises:
        MissingExtra: moto's server or boto3 is not installed.
        RecordingError: the program could not be run, took over five minutes, or failed.
    """
    server_of, boto3 = _module("moto.server"), _module("boto3")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        # The simulator keeps one account per process: every recording begins with an empty one.
        urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()  # noqa: S310
        access = {
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
        }
        prepare(
            lambda service: boto3.client(
                service,
                region_name="us-east-1",
                endpoint_url=endpoint,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",  # noqa: S106
            )
        )
        with tempfile.TemporaryDirectory() as folder:
            return _run(
                command, Path(folder), {**access, **(environment or {})}, answers or {}, check
            )
    finally:
        server.stop()


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    answers: Mapping[str, object],
    check: bool,
) -> list[dict[str, Any]]:
    hook, log = folder / _HOOK, folder / "records.ndjson"
    hook.write_text(Path(__file__).with_name("recording_hook.py").read_text(encoding="utf-8"))
    log.touch()
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {
        **os.environ,
        **environment,
        "PYTHONPATH": os.pathsep.join(paths),
        "CASCADE_RECORDS": str(log),
        "CASCADE_ANSWERS": json.dumps(dict(answers)),
        "CASCADE_ACCOUNT": ACCOUNT,
    }
    try:
        done = subprocess.run(  # noqa: S603
            list(command), env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RecordingError(f"{command[0]} could not be run: {error}") from error
    if check and done.returncode:
        tail = done.stderr.strip()[-500:]
        raise RecordingError(f"{command[0]} ended with status {done.returncode}: {tail}")
    lines = log.read_text(encoding="utf-8").splitlines()
    return [_named(json.loads(line)) for line in lines]


def _named(record: dict[str, Any]) -> dict[str, Any]:
    """The record under CloudTrail's name for the operation."""
    service, operation, versioned, uri = record.pop("operation")
    # None: it is logged under another source than the service's; its own name is then the nearest.
    name = next(iter(event_names(service, operation, versioned, uri)), operation)
    return {"eventName": name, **record}


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra("recordings take moto: pip install 'cloudcascade[evidence]'") from error
