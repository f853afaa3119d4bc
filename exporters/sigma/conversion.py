"""What pySigma makes of rules: it reads them, and its backends turn them into queries.

https://sigmahq-pysigma.readthedocs.io/
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ExportError
from ..languages.splunk import spl
from .detection import Map

if TYPE_CHECKING:
    from sigma.collection import SigmaCollection

# The backends whose correlations the tests run or read.
TEMPORAL = ("esql", "splunk", "sqlite")
ABSENCE = ("splunk", "sqlite")
# Those that cut time into fixed buckets.
BUCKETS = ("esql", "splunk")
# What others do with a correlation is wrong and looks right.
FAULTS = {
    "eql": "it forgets the time span",
    "open_search_ppl": "it writes the same query whatever the condition says",
}
WRONG = {"kusto": "it turns dotted field names into texts, so that nothing ever matches"}

_COMMENTS: dict[str, Callable[[Sequence[str]], str]] = {
    "eql": lambda lines: "\n".join(f"// {line}" for line in lines),
    "esql": lambda lines: "\n".join(f"// {line}" for line in lines),
    "splunk": spl.comment,
    "sqlite": lambda lines: "\n".join(f"-- {line}" for line in lines),
}


def read(rules: Sequence[Map] | str) -> "SigmaCollection":
    """The rules, or their text, as pySigma reads them.

    Raises:
        ExportError: pySigma is not installed, or refuses them.
    """
    try:
        from sigma.collection import SigmaCollection
        from sigma.exceptions import SigmaError
    except ImportError as error:
        raise _missing() from error
    try:
        if isinstance(rules, str):
            return SigmaCollection.from_yaml(rules, collect_errors=False)
        return SigmaCollection.from_dicts([dict(rule) for rule in rules], collect_errors=False)
    except SigmaError as error:
        raise ExportError(f"pySigma refuses a rule: {error}") from error


def backends() -> dict[str, Any]:
    """The classes of the backends that are installed.

    Raises:
        ExportError: pySigma is not installed.
    """
    try:
        from sigma.plugins import InstalledSigmaPlugins
    except ImportError as error:
        raise _missing() from error
    found = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False)
    return dict(found.backends)


def compares_case(backend: str) -> bool:
    """Whether the backend knows `|cased`."""
    return getattr(backends()[backend], "case_sensitive_match_expression", None) is not None


def converted(rule: Map, rules: Sequence[Map], backend: str) -> str:
    """What the backend makes of the rule. A correlation brings the rules it speaks of.

    Raises:
        ExportError: the backend refuses the rule.
    """
    from sigma.exceptions import SigmaError

    correlation = rule.get("correlation")
    if correlation:
        # The base rules have files of their own.
        quiet = {key: value for key, value in correlation.items() if key != "generate"}
        named = [each for each in rules if each["name"] in correlation["rules"]]
        collection = read([*named, {**rule, "correlation": quiet}])
    else:
        collection = read([rule])
    try:
        queries = backends()[backend]().convert(collection)
    except (SigmaError, NotImplementedError) as error:
        raise ExportError(f"the backend {backend} refuses {rule['title']!r}: {error}") from error
    return "\n".join(str(query).strip() for query in queries)


def comment(lines: Sequence[str], backend: str) -> str | None:
    """The lines as a comment of the backend's language; None where it is not known to have any."""
    write = _COMMENTS.get(backend)
    return write(lines) if write else None


def _missing() -> ExportError:
    return ExportError("Sigma takes pySigma: pip install 'cloudcascade[sigma]'")
