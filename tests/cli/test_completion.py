"""bash completes ids and actions, across the colon at which it parts words, and without importing much."""

import shutil
import subprocess
import sys

import pytest

from cloudcascade.cli.entry import completions


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["explains", "iam", ":", "DeactivateMFA"], ["DeactivateMFADevice"]),
        (["explains", "iam:DeactivateMFA"], ["iam:DeactivateMFADevice"]),
        (["path", "iam", ":", "DeleteUser", "iam", ":", "DeactivateM"], ["DeactivateMFADevice"]),
        (["show", "aws.ec2.delete-vpc-al"], ["aws.ec2.delete-vpc-alongside"]),
        (["export", "splunk", "ec2.delete-vpc-al"], ["aws.ec2.delete-vpc-alongside"]),
        (["show", "no-such-thing"], []),
    ],
)
def test_a_name_is_completed(words: list[str], expected: list[str]) -> None:
    assert completions(["cascade", *words], str(len(words))) == expected


def test_behind_a_service_come_all_its_actions() -> None:
    found = completions(["cascade", "emits", "iam", ":"], "3")
    assert found is not None
    assert "DeleteUser" in found
    assert all(":" not in name for name in found)


@pytest.mark.parametrize(
    "words", [["classify", "log"], ["show", "--js"], ["export", "spl"], ["sh"], []]
)
def test_all_else_is_left_to_the_command_line_itself(words: list[str]) -> None:
    assert completions(["cascade", *words], str(len(words))) is None


def test_bash_puts_the_rest_of_an_action_behind_the_colon() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    script = """
        COMP_WORDS=(cascade explains iam : DeactivateMFA)
        IFS=$'\\n'
        COMPREPLY=($(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=4 _CASCADE_COMPLETE=complete_bash \\
            "$0" -c 'from cloudcascade.cli.entry import main; main()'))
        echo "${COMPREPLY[*]}"
    """
    done = subprocess.run(
        [bash, "-c", script, sys.executable], capture_output=True, text=True, check=True
    )
    assert done.stdout == "DeactivateMFADevice\n"


def test_completion_imports_no_command_line() -> None:
    code = (
        "import sys; from cloudcascade.cli import entry; "
        "entry.completions(['cascade', 'show', 'a'], '2'); "
        "sys.exit(bool({'typer', 'yaml', 'pydantic', 'rich'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
