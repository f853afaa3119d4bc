"""A source is chosen by what was typed; what cannot be opened is said so that it can be mended."""

import sys
from pathlib import Path

import pytest

from cloudcascade.streams import SourceError
from cloudcascade.streams.sources import SourceOptions, open_source
from cloudcascade.streams.sources.aws import session
from cloudcascade.tests.support.aws import Aws
from cloudcascade.tests.support.sources import Told, ids, lines, write


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("s3://bucket", "S3Prefix"),
        ("s3://bucket/some/prefix/", "S3Prefix"),
        ("arn:aws:s3:::bucket/prefix", "S3Prefix"),
        ("sqs://queue", "Queue"),
        ("https://sqs.eu-west-1.amazonaws.com/111111111111/queue", "Queue"),
        ("arn:aws:sqs:eu-west-1:111111111111:queue", "Queue"),
        ("kinesis://stream", "Stream"),
        ("arn:aws:kinesis:eu-west-1:111111111111:stream/name", "Stream"),
    ],
)
def test_a_name_opens_its_source(aws: Aws, name: str, kind: str) -> None:
    source = open_source(name, Told().append, aws.options())
    assert (type(source).__name__, source.name) == (kind, name)
    source.close()


@pytest.mark.parametrize(
    "name",
    [
        "https://sqs.eu-west-1.amazonaws.com/111111111111/queue",
        "arn:aws:sqs:eu-west-1:111111111111:queue",
        "arn:aws:kinesis:eu-west-1:111111111111:stream/name",
    ],
)
def test_a_region_may_stand_in_the_name(aws: Aws, name: str) -> None:
    open_source(name, Told().append, SourceOptions(endpoint_url=aws.endpoint)).close()


def test_without_a_region_it_is_asked_for(aws: Aws) -> None:
    with pytest.raises(SourceError, match="region"):
        open_source("sqs://queue", Told().append, SourceOptions(endpoint_url=aws.endpoint))


def test_a_dash_is_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with write(tmp_path / "input", lines("a")).open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        source = open_source("-", Told().append)
        assert ids(source.poll(1) or []) == ["a"]
        assert source.poll(1) is None


def test_a_path_is_a_file_or_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "log.ndjson", b"")
    for name in (str(tmp_path), str(path)):
        source = open_source(name, Told().append)
        assert (type(source).__name__, source.name) == ("Folder", name)
        source.close()


@pytest.mark.parametrize("name", ["gs://bucket", "kafka://broker/topic", "arn:aws:sns:::topic"])
def test_another_kind_of_source_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(SourceError, match=r"no such kind of source.*s3://.*sqs://.*kinesis://"):
        open_source(name, Told().append)


@pytest.mark.parametrize("name", ["s3://bucket", "sqs://queue", "kinesis://stream"])
def test_without_boto3_it_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session.cache_clear()
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SourceError, match=r"pip install 'cloudcascade\[live\]'"):
        open_source(name, Told().append)


@pytest.mark.parametrize("name", ["s3://bucket", "sqs://queue", "kinesis://stream"])
def test_without_credentials_it_says_so(
    aws: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.cache_clear()
    for each in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(each)
    source = open_source(name, Told().append, aws.options())
    with pytest.raises(SourceError, match="NoCredentialsError"):
        source.poll(1)
    source.close()
    session.cache_clear()
