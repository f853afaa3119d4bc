"""Texts of rules, made safe to put into a document: a rule is hostile input."""


def plain(text: str) -> str:
    """`text` on one line, with everything unprintable spelt out.

    >>> plain("a\\n  rule\\x1b[2J\\u202e")
    'a rule\\\\x1b[2J\\\\u202e'
    """
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode()
        for each in joined
    )


def cut(text: str, most: int, more: str = " …") -> str:
    """At most so many letters of `text`; `more` says that there were more.

    >>> cut("abcdef", 4), cut("abcd", 4)
    ('ab …', 'abcd')
    """
    return text if len(text) <= most else text[: max(0, most - len(more))] + more


def sentence(message: str, remedy: str) -> str:
    """What a finding says, and what to do about it.

    >>> sentence("fires on it", "ask for eventSource")
    'fires on it. What to do: ask for eventSource.'
    """
    told = _ended(plain(message))
    return f"{told} What to do: {_ended(plain(remedy))}" if remedy else told


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
