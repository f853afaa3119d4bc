"""Splunk's .conf files: https://help.splunk.com/en/splunk-enterprise/administer/admin-manual"""

from collections.abc import Iterable

from ...errors import CannotEncode


def stanza(name: str, settings: Iterable[tuple[str, str]]) -> str:
    """A stanza. A line break in a value becomes a continuation: a backslash at the line's end.

    Raises:
        CannotEncode: a line of a value ends with a backslash, or a name would end the stanza's head.
    """
    if any(char in name for char in "[]\n\r\\"):
        raise CannotEncode(f"a stanza cannot be called {name!r}")
    lines = [f"[{name}]"]
    for key, value in settings:
        for line in value.split("\n"):
            if line.endswith("\\") or "\r" in line or "\0" in line:
                raise CannotEncode(f"a .conf file cannot hold the line {line!r}")
        continued = value.replace("\n", " \\\n")
        lines.append(f"{key} = {continued}")
    return "\n".join(lines) + "\n"


def comment(lines: Iterable[str]) -> str:
    """Lines that Splunk skips."""
    return "".join(f"# {line}".rstrip(" \\") + "\n" for line in lines)


def read(text: str) -> dict[str, dict[str, str]]:
    """The stanzas of a .conf file, as Splunk reads them. Continued lines keep their break."""
    found: dict[str, dict[str, str]] = {}
    settings: dict[str, str] = {}
    joined = text.replace(" \\\n", "\v").split("\n")
    for line in joined:
        if line.startswith("[") and line.endswith("]"):
            settings = found.setdefault(line[1:-1], {})
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition(" = ")
            settings[key] = value.replace("\v", "\n")
    return found
