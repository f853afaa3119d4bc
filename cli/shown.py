"""Makes text from logs and files safe to print: no escape sequence or invisible letter gets through."""


def shown(text: str) -> str:
    """`text` with everything unprintable spelt out.

    >>> shown("role/\\x1b[2Jadmin\\u202e")
    'role/\\\\x1b[2Jadmin\\\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode()
        for each in text
    )
