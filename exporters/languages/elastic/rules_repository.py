"""A rule as a detection-rules repository keeps it: TOML with `[metadata]`, held to that repository's checks.

https://github.com/elastic/detection-rules/blob/main/CONTRIBUTING.md , and its `detection_rules/rule.py` as of commit
14cf530f0d2177023092449cd9d9348b4a8884c2.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from .kibana import SUBJECT_TAGS, Object
from .threat import tactic_tags, threat_18

# Whether the rule is on and which version it has are that repository's to say.
_NOT_KEPT = ("enabled", "version")
_NEW_TERMS = ("new_terms_fields", "history_window_start")


def path(name: str, suffix: str = "") -> PurePosixPath:
    """Where the repository keeps a rule on AWS."""
    plain = name.replace(".", "_").replace("-", "_")
    return PurePosixPath("rules", "integrations", "aws", f"{plain}{suffix}.toml")


def toml(
    rule: Object,
    techniques: Sequence[str],
    created: date,
    facts: Mapping[str, str],
    stack: str | None = None,
) -> str:
    """The rule, with `facts` that the repository does not know in `[metadata.extended]`.

    `stack` is the first version of Elasticsearch that can run it.
    """
    import tomlkit

    metadata: Object = {
        "creation_date": created.strftime("%Y/%m/%d"),
        "integration": ["aws"],
        "maturity": "production",
        "updated_date": created.strftime("%Y/%m/%d"),
    }
    if stack is not None:
        metadata["min_stack_version"] = stack
        metadata["min_stack_comments"] = "the query needs FIELD_EXTRACT"
    metadata["extended"] = dict(facts)
    kept = {name: value for name, value in rule.items() if name not in (*_NOT_KEPT, *_NEW_TERMS)}
    threats = threat_18(techniques)
    kept["tags"] = [*SUBJECT_TAGS, *tactic_tags(threats)]
    kept["license"] = "Apache-2.0"
    if "new_terms_fields" in rule:
        start = {"field": "history_window_start", "value": rule["history_window_start"]}
        kept["new_terms"] = {
            "field": "new_terms_fields",
            "value": rule["new_terms_fields"],
            "history_window_start": [start],
        }
    kept["threat"] = threats
    return tomlkit.dumps({"metadata": _written(metadata), "rule": _written(kept)})


def _written(value: Any) -> Any:
    """The value with its long texts as they read: between three quotation marks, without escapes where that can be."""
    match value:
        case dict():
            return {name: _written(each) for name, each in value.items()}
        case [str(), _, *_]:
            return _listed(value)
        case list():
            return [_written(each) for each in value]
        case str() if "\n" in value:
            return _lines(value)
        case _:
            return value


def _listed(texts: list[str]) -> Any:
    import tomlkit

    array = tomlkit.array()
    array.extend(texts)
    return array.multiline(True)


def _lines(text: str) -> Any:
    import tomlkit
    from tomlkit.items import String, StringType, Trivia

    # A literal holds neither its own mark nor a control character.
    plain = "'''" not in text and not text.endswith("'")
    if plain and all(char in "\n\t" or char.isprintable() for char in text):
        # A line feed behind the mark is none of the text.
        return String(StringType.MLL, text, f"\n{text}", Trivia())
    return tomlkit.string(text, multiline=True)
