"""Makes any text fit to be shown on one line: nothing invisible, nothing that turns the line around."""

import unicodedata
from textwrap import wrap
from urllib.parse import quote, urlsplit

MAX_LABEL = 96
MAX_TOOLTIP = 600
_MAX_URL = 2_000
# Without `;`: behind a `&` or `#` it would end an entity of HTML's or Mermaid's.
_URL_SAFE = "/:?#[]@!$&()*+,=%-._~"

# Control and format characters (the bidirectional ones among them), surrogates, private use,
# unassigned, line and paragraph separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def legible(text: str, limit: int = MAX_LABEL) -> str:
    """`text` on one line, invisible characters replaced by U+FFFD, cut after `limit` characters.

    >>> legible("a\\nb \\u202e c")
    'a b � c'
    """
    shown = "".join(
        " " if char.isspace() else "�" if unicodedata.category(char) in _INVISIBLE else char
        for char in text[: 4 * limit]
    ).strip()
    if len(shown) > limit or len(text) > 4 * limit:
        return shown[: limit - 1].rstrip() + "…"
    return shown


def wrapped(text: str, width: int) -> list[str]:
    """A line in rows of at most `width` characters, broken at blanks; a longer word stands alone.

    >>> wrapped("waits 2h for the window", 12)
    ['waits 2h for', '  the window']
    """
    return wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def web_url(url: str | None) -> str | None:
    """`url` if it is an http or https one, with everything unusual in it percent-encoded; or else None.

    >>> web_url("javascript:alert(1)"), web_url('https://a.example/"x')
    (None, 'https://a.example/%22x')
    """
    if url is None or len(url) > _MAX_URL:
        return None
    try:
        parts = urlsplit(url)
        encoded = quote(url, safe=_URL_SAFE)
    except ValueError:  # a broken host; a surrogate
        return None
    # urlsplit drops tabs and line feeds and so might see another address than a browser does.
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.startswith("http"):
        return None
    return encoded
