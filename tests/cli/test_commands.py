"""The command line as a person meets it: real processes, real files, real exit statuses."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "sample" / "AWSLogs"


def cascade(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd or ROOT,
        env={**os.environ, "COLUMNS": "120", **(env or {})},
        timeout=120,
        check=False,
    )


def out(*arguments: str, **more: Any) -> str:
    done = cascade(*arguments, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize(
    "typed", ["DeleteUser", "iam:deleteuser", "iam.amazonaws.com:DeleteUser", "iam:DeleteUser"]
)
def test_actions_resolve_as_people_type_them(typed: str) -> None:
    told = json.loads(out("emits", typed, "--json"))
    assert told["action"] == "iam:DeleteUser"
    assert {"iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"} <= {
        each["action"] for each in told["emits"]
    }


def test_a_typo_is_answered_with_a_guess_and_status_2() -> None:
    done = cascade("emits", "DeletUser")
    assert done.returncode == 2
    assert b"did you mean iam:DeleteUser" in done.stderr
    assert done.stdout == b""


def test_the_whole_map_is_one_object() -> None:
    told = json.loads(out("emits", "--all", "--json"))
    effect = next(
        each for each in told["iam:DeleteUser"] if each["action"] == "iam:DeactivateMFADevice"
    )
    assert effect == {
        "action": "iam:DeactivateMFADevice",
        "relation": "precondition",
        "cascade": "aws.iam.delete-user",
        "policy": "suppress",
    }


def test_explains_turns_the_question_round() -> None:
    told = json.loads(out("explains", "DeactivateMFADevice", "--json"))
    assert [(each["action"], each["policy"]) for each in told["explained_by"]] == [
        ("iam:DeleteUser", "suppress"),
        ("iam:EnableMFADevice", "annotate"),
    ]
    assert all(each["residual_risk"] for each in told["explained_by"])


def test_path_finds_the_way_or_says_that_there_is_none() -> None:
    assert "iam:DeleteVirtualMFADevice" in out("path", "DeleteUser", "DeleteVirtualMFADevice")
    assert cascade("path", "DeleteVirtualMFADevice", "DeleteUser").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("search", "mfa"), ("show", "delete-user"), ("emits", "DeleteUser"), ("emits", "--all"),
     ("explains", "DeleteAccessKey", "--deep"), ("graph", "stats"), ("graph", "masks", "T1098"), ("--help",),
     ("classify", "--help"), ("diagram", "--all", "-f", "dot")],
    ids=" ".join,
)  # fmt: skip
def test_a_query_answers_in_words(arguments: tuple[str, ...]) -> None:
    assert out(*arguments).strip()


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("search", "mfa"), ("show", "delete-user"), ("explains", "DeleteAccessKey", "--deep"),
     ("path", "DeleteUser", "DeleteAccessKey"), ("graph", "stats"), ("graph", "masks", "T1098"), ("check",)],
    ids=" ".join,
)  # fmt: skip
def test_a_query_answers_in_json(arguments: tuple[str, ...]) -> None:
    assert json.loads(out(*arguments, "--json"))


def test_the_bundled_catalogue_has_no_errors() -> None:
    done = cascade("check")
    assert done.returncode == 0, done.stdout.decode()
    assert b" 0 errors" in done.stderr


def test_check_names_file_line_and_column_of_what_is_wrong(tmp_path: Path) -> None:
    good = (ROOT / "catalog" / "aws" / "iam" / "delete-group.yaml").read_text()
    bad = good.replace("aws.iam.delete-group", "aws.iam.mine").replace(
        "iam:RemoveUserFromGroup", "iam:RemoveUserFromGruop"
    )
    (tmp_path / "mine.yaml").write_text(bad)
    done = cascade("check", "--catalog", str(tmp_path))
    assert done.returncode == 1
    line = (
        bad.splitlines().index(
            next(each for each in bad.splitlines() if "RemoveUserFromGruop" in each)
        )
        + 1
    )
    assert f"mine.yaml:{line}:".encode() in done.stdout
    assert b"iam:RemoveUserFromGroup" in done.stdout


def test_show_says_what_an_effect_asks_of_its_tool_in_lines_no_longer_than_they_need_be() -> None:
    lines = out("show", "delete-user", env={"COLUMNS": ""}).splitlines()
    assert any("iam:DeactivateMFADevice" in line and "same, same tool" in line for line in lines)
    assert max(map(len, lines)) < 1_000


def test_new_writes_a_file_that_loads(tmp_path: Path) -> None:
    out("new", "aws.mq.delete-broker", "--dir", str(tmp_path))
    assert (tmp_path / "aws" / "mq" / "delete-broker.yaml").is_file()
    assert "aws.mq.delete-broker" in out("list", "--catalog", str(tmp_path))
    assert cascade("new", "aws.mq.delete-broker", "--dir", str(tmp_path)).returncode == 2


def test_a_graph_survives_export_and_import(tmp_path: Path) -> None:
    for form in ("json", "graphml"):
        path = tmp_path / f"graph.{form}"
        out("graph", "export", "-f", form, "-o", str(path))
        assert json.loads(out("graph", "import", str(path), "--json")) == json.loads(
            out("graph", "stats", "--json")
        )


CONTRACT = [
    "event_id", "event_time", "action", "account", "region", "actor", "verdict", "failed", "cascade", "instance",
    "relation", "policy", "path", "techniques", "near_misses", "also",
]  # fmt: skip


def test_classify_writes_the_contract_as_ndjson_when_nobody_watches() -> None:
    verdicts = [json.loads(line) for line in out("classify", str(SAMPLE)).splitlines()]
    assert all(list(each)[: len(CONTRACT)] == CONTRACT for each in verdicts)
    assert {each["verdict"] for each in verdicts} == {"effect", "origin", "orphan"}
    effect = next(
        each for each in verdicts if each["action"] == "iam:DeleteVirtualMFADevice" and each["path"]
    )
    assert len(effect["path"]) == 3
    assert effect["path"][0] == effect["event_id"]
    assert effect["path"][-1] == effect["instance"]


def test_all_gives_every_event_a_verdict() -> None:
    verdicts = [json.loads(line) for line in out("classify", str(SAMPLE), "--all").splitlines()]
    assert sum(each["verdict"] == "unlisted" for each in verdicts) > 2_000
    assert len({each["event_id"] for each in verdicts}) == len(verdicts)


def test_classify_as_one_json_document_and_as_a_page(tmp_path: Path) -> None:
    told = json.loads(out("classify", str(SAMPLE), "-f", "json"))
    assert told["summary"]["verdicts"]["orphan"] == sum(
        each["verdict"] == "orphan" for each in told["verdicts"]
    )
    page = tmp_path / "report.html"
    out("classify", str(SAMPLE), "-f", "html", "-o", str(page))
    text = page.read_text()
    assert "<svg" in text
    assert "origin failed: DeleteConflictException" in text


def test_classify_reads_standard_input_and_fails_on_orphans_when_asked() -> None:
    lines = b"".join(
        json.dumps(
            {
                "eventVersion": "1.11", "eventID": "only", "eventTime": "2026-03-17T10:00:00Z",
                "eventSource": "iam.amazonaws.com", "eventName": "DeactivateMFADevice",
                "recipientAccountId": "111122223333",
                "requestParameters": {"userName": "<script>alert(1)</script>\x1b[2J", "serialNumber": "s"},
                "userIdentity": {"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::1:user/\x1b[31m<b>"},
            }
        ).encode() + b"\n"
        for _ in range(2)
    )  # fmt: skip
    done = cascade("classify", "-", "--fail-on", "orphan", stdin=lines)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert cascade("classify", "-", stdin=lines).returncode == 0
    table = cascade("classify", "-", "-f", "table", stdin=lines).stdout
    assert b"\x1b" not in table
    page = cascade("classify", "-", "-f", "html", stdin=lines).stdout
    assert b"<b>" not in page.replace(b"<b>1</b>", b"").replace(b"<b>0</b>", b"").replace(
        b"<b>2</b>", b""
    )


def test_what_cannot_be_decoded_is_told_kept_and_survived(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(
        (json.dumps({"eventName": 1}) + "\n")
        + "{broken\n"
        + '{"eventVersion":"1.11","eventName":"DeleteUser","eventSource":'
        '"iam.amazonaws.com","eventTime":"2026-03-17T10:00:00Z","eventID":"x"}\n'
    )
    kept = tmp_path / "quarantine.ndjson"
    done = cascade("classify", str(log), "--quarantine", str(kept))
    assert done.returncode == 0
    assert b"log.json: line 2" in done.stderr
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [line["position"] for line in lines] == ["line 1", "line 2"]
    assert lines[1]["data"] == "{broken"


@pytest.mark.parametrize(
    "arguments",
    [("classify", "no-such-file"), ("classify", "nothing-*.json"), ("classify",), ("show", "aws.no.such"),
     ("diagram", "delete-user", "-o", "x.bmp"), ("emits",), ("frobnicate",), ("classify", "README.md"),
     ("list", "--catalog", "no-such-folder"), ("graph", "import", "README.md")],
    ids=" ".join,
)  # fmt: skip
def test_unusable_arguments_and_input_end_with_status_2_and_no_traceback(
    arguments: tuple[str, ...],
) -> None:
    done = cascade(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_the_run_without_a_word() -> None:
    command = f"'{sys.executable}' -c 'from cloudcascade.cli.main import main; main()' classify '{SAMPLE}' --all"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -n 1"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == b""


def test_several_workers_write_what_one_writes() -> None:
    alone = out("classify", str(SAMPLE), "-f", "ndjson")
    assert out("classify", str(SAMPLE), "-f", "ndjson", "--workers", "2") == alone
    one_file = str(sorted(SAMPLE.rglob("*.gz"))[0])
    assert out("classify", one_file, "--workers", "4") == out("classify", one_file)
    log = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.gz")))
    assert (
        cascade("classify", "-", "--workers", "2", stdin=log).stdout
        == cascade("classify", "-", stdin=log).stdout
    )


def test_an_interrupt_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    begun = tmp_path / "quarantine"
    command = "from cloudcascade.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "classify", "-", "--quarantine", str(begun)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has them ignore it, and what they start inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(b'{"Records": [\n')
    process.stdin.flush()
    while not begun.exists():  # it is made just before reading begins
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_an_action_without_a_cascade_is_known_all_the_same() -> None:
    told = out("emits", "CreateSAMLProvider")
    assert "T1484.002 Trust Modification" in told
    assert "management event, write" in told
    known = json.loads(out("explains", "iam:UpdateSAMLProvider", "--json"))
    assert "T1484.002" in known["attack"]
    assert known["explained_by"] == []


def test_actions_can_be_listed_by_tactic_service_and_log() -> None:
    found = json.loads(
        out("actions", "--technique", "TA0007", "--service", "ec2", "--log", "read", "--json")
    )
    assert {"ec2:DescribeInstances", "ec2:DescribeVpcs"} <= {each["action"] for each in found}
    assert all(each["log"] == "read" for each in found)
    mfa = json.loads(out("actions", "--technique", "T1556", "--json"))
    assert "aws.iam.delete-user" in next(
        each["explained_by"] for each in mfa if each["action"] == "iam:DeactivateMFADevice"
    )
    assert cascade("actions", "--log", "nonsense").returncode == 2


def test_stats_count_cover_and_draw_a_layer(tmp_path: Path) -> None:
    watched = tmp_path / "watched.txt"
    watched.write_text("iam:DeleteUser\niam:UpdateSAMLProvider\nx:Nothing\n")
    layer = tmp_path / "layer.json"
    told = out("stats", "--against", str(watched), "--navigator", str(layer))
    assert "of 3 listed actions 1 are in cascades, 1 known by themselves, 1 missing" in told
    assert json.loads(layer.read_text())["domain"] == "enterprise-attack"
    counted = json.loads(out("stats", "--json"))
    assert counted["effects"] == sum(counted["policies"].values())


def test_a_link_to_the_output_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "verdicts.ndjson")
    assert cascade("classify", str(SAMPLE), "-o", str(tmp_path / "link")).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "verdicts.ndjson").read_text().count("\n") > 100


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_text)
        assert cascade("classify", str(SAMPLE), "-f", "ndjson", "-o", str(pipe)).returncode == 0
        assert read.result(timeout=60).count("\n") > 100
    assert pipe.is_fifo()
