"""Reads a resource policy for one question: does it let anybody outside the account in?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from urllib.parse import unquote

import msgspec


def grants_only_own_account(policy: object, account: str | None) -> bool:
    """Whether no Allow statement of `policy` names a principal outside `account`.

    `policy` is an object, or a text that holds one as JSON (URL-encoded or not). Service principals
    belong to nobody and pass. What cannot be read, a missing account, `*`, NotPrincipal, canonical
    users, federated users of elsewhere and bare unique ids all count as outside.

    >>> grants_only_own_account({"Statement": {"Effect": "Allow", "Principal": "*"}}, "111111111111")
    False
    """
    if isinstance(policy, str):
        policy = _parsed(policy)
    if account is None or not isinstance(policy, dict):
        return False
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        return False
    return all(_stays_inside(statement, account) for statement in statements)


def _parsed(text: str) -> object:
    for candidate in (text, unquote(text)):
        try:
            return msgspec.json.decode(candidate)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    return None


def _stays_inside(statement: object, account: str) -> bool:
    if not isinstance(statement, dict):
        return False
    if statement.get("Effect") == "Deny":
        return True
    if "NotPrincipal" in statement:
        return False
    principal = statement.get("Principal")
    if principal is None:
        return True  # an identity policy: it names nobody
    if not isinstance(principal, dict):
        return False
    return all(_names_own(kind, names, account) for kind, names in principal.items())


def _names_own(kind: object, names: object, account: str) -> bool:
    listed = names if isinstance(names, list) else [names]
    if kind == "Service":
        return all(isinstance(name, str) for name in listed)
    if kind not in ("AWS", "Federated"):
        return False
    return all(isinstance(name, str) and account in (name, _arn_account(name)) for name in listed)


def _arn_account(arn: str) -> str | None:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[0] == "arn" else None
