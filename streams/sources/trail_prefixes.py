"""Where trails deliver below a prefix: [PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import re

LOGS = "AWSLogs"
_ACCOUNT = re.compile(r"[0-9]{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")


def is_region_folder(prefix: str) -> bool:
    """Whether CloudTrail files by day just below it."""
    below = _below_logs(prefix)
    return below is not None and len(below) == 3 and leads_to_trails(prefix)


def leads_to_trails(prefix: str) -> bool:
    """Whether it is such a folder, or on the way to some, from AWSLogs/ on."""
    below = _below_logs(prefix)
    if below is None or len(below) > 3:
        return False
    account, product = (*below, "", "")[:2]
    return (not account or _ACCOUNT.fullmatch(account) is not None) and product in (
        "",
        "CloudTrail",
    )


def _below_logs(prefix: str) -> list[str] | None:
    """The names below AWSLogs/, without an organization's; None where AWSLogs/ is no part of it."""
    names = prefix.split("/")
    if names.pop() or LOGS not in names:
        return None
    below = names[names.index(LOGS) + 1 :]
    return below[1:] if below and _ORGANIZATION.fullmatch(below[0]) else below
