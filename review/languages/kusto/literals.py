"""Kusto's literals: https://learn.microsoft.com/kusto/query/scalar-data-types/string"""

import re
from typing import Any, Final

from ...errors import NotJudged
from ...expression import Value

_SHORT: Final = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
}


def unquoted(written: str) -> str:
    """What a string literal means: https://learn.microsoft.com/kusto/query/scalar-data-types/string"""
    written = written.lstrip("hH") if written[:1] in "hH" else written
    if written.startswith("```"):
        return written[3:-3]
    if written.startswith("@"):
        return written[2:-1].replace(written[1] * 2, written[1])
    plain = re.sub(
        r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)",
        lambda found: (
            chr(int(found[1][1:], 16)) if len(found[1]) > 1 else _SHORT.get(found[1], found[1])
        ),
        written[1:-1],
        flags=re.DOTALL,
    )
    # Beyond the first plane a character is written as two units of UTF-16.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(written: str) -> int | float:
    if written.startswith("0x"):
        return int(written, 16)
    return float(written) if re.search("[.eE]", written) else int(written[:30])


def json_value(node: Any) -> Value:
    if node.data == "string":
        return "".join(unquoted(str(each)) for each in node.children)
    if node.data == "number":
        return number(str(node.children[0]))
    if node.data == "minus_number":
        return -number(str(node.children[-1]))
    if node.data == "word":
        return {"true": True, "false": False}.get(str(node.children[0]))
    if node.data == "nested":
        return json_value(node.children[-1])
    if node.data == "array":
        return [json_value(each) for each in node.children if each is not None]
    if node.data == "bag":
        pairs = [each for each in node.children if each is not None]
        return {_key(each.children[0]): json_value(each.children[1]) for each in pairs}
    raise NotJudged("a dynamic value that holds a time is not executed")


def _key(token: Any) -> str:
    written = str(token)
    return unquoted(written) if written[:1] in "\"'@" else written
