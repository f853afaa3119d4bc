"""An object as the integration's pipeline writes it into a text: Java's `toString` of parsed JSON.

The pipeline's `json` processor parses into a `HashMap`, whose entries stand in the order of their hashes:
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/HashMap.html . What is null or empty was
dropped before, which moves no other entry.
"""

from collections.abc import Mapping
from typing import Any

# Elasticsearch refuses what is nested much deeper.
_DEEPEST = 100


def java_text(value: Any) -> str | None:
    """The text; None where nothing is left of the value, or it is nested too deeply to be stored."""
    return _text(value, 0)


def _text(value: Any, depth: int) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        pairs = ((key, _text(value[key], depth + 1)) for key in hashed(value))
        told = [f"{key}={text}" for key, text in pairs if text is not None]
        return f"{{{', '.join(told)}}}" if told else None
    if isinstance(value, list | tuple):
        texts = (_text(each, depth + 1) for each in value)
        kept = [text for text in texts if text is not None]
        return f"[{', '.join(kept)}]" if kept else None
    return str(value)


def hashed(mapping: Mapping[str, Any]) -> list[str]:
    """The keys in the order in which a HashMap that was filled with them in their own order gives them."""
    capacity = 16
    while len(mapping) > capacity * 3 // 4:
        capacity *= 2
    if len(mapping) < 2:
        return list(mapping)
    return sorted(mapping, key=lambda key: _hash(key) & (capacity - 1))


def _hash(key: str) -> int:
    code = 0
    units = key.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(units), 2):
        code = (31 * code + (units[at] << 8 | units[at + 1])) & 0xFFFFFFFF
    return code ^ code >> 16


def _double(value: float) -> str:
    """`Double.toString`: an exponent below a thousandth and from ten millions on."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{value:.17f}".rstrip("0") if "e" in repr(value) else repr(value)
        return f"{plain}0" if plain.endswith(".") else plain
    exponent = f"{value:.16e}".partition("e")[2]
    mantissa, _, power = repr(value).partition("e")
    if not power:
        figures = mantissa.replace("-", "").replace(".", "").strip("0") or "0"
        mantissa = f"{'-' if value < 0 else ''}{figures[0]}.{figures[1:] or '0'}"
    elif "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}E{int(exponent)}"
