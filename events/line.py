"""Where the JSON value of a line begins: behind a byte-order mark, a separator, or what a logger wrote."""

_AROUND = b" \t\r\n\0\x1e"
_BOM = b"\xef\xbb\xbf"
_LONGEST_PREFIX = 4_096


def line_value(line: bytes) -> bytes:
    """The JSON value of a line, without what stands before it and a comma behind it; the line where there is none.

    >>> line_value(b'<134>1 2026-02-03T09:00:00Z host ct - - - {"eventName": "x"}')
    b'{"eventName": "x"}'
    """
    value = line.strip(_AROUND)
    if value.startswith(_BOM):
        value = value[3:].lstrip(_AROUND)
    if value[:1] not in (b"{", b"[", b""):
        at = value.find(b"{", 0, _LONGEST_PREFIX)
        if at > 0:
            value = value[at:]
    return value[:-1].rstrip() if value.endswith((b"},", b"} ,")) else value
