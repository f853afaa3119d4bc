"""What joins read of an event: keys, in small letters where case does not count, and the tool that made the call."""

from ....events import MAX_TOOL_TEXT, TOOL_LETTERS
from ...errors import ExportError
from ...field_maps import FieldMap
from ...query import Key
from ...tool_marks import tool_patterns
from ..expressions import Call, Expression, Field, Value, call
from .spl import Eval, Macro

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
TOOL = "tool_family"


def key(wanted: Key, fields: FieldMap) -> Expression:
    """The key's value, as it stands in the record."""
    found = [shown(Field(fields.field(path))) for path in wanted.paths]
    value = found[0] if len(found) == 1 else call("coalesce", *found)
    return _arn_name(value) if wanted.arn_name else value


def tool_macro(wanted: Key, fields: FieldMap) -> Macro:
    """Gives each event the family of the tool that its userAgent names, in `tool_family`.

    Raises:
        ExportError: the key is not read of userAgent alone.
    """
    if wanted.paths != ("userAgent",):
        raise ExportError(f"SPL reads the tool of userAgent, not of {', '.join(wanted.paths)}")
    agent, word = Field("agent"), Field("agent_word")
    said = call("substr", shown(Field(fields.field("userAgent"))), Value(1), Value(MAX_TOOL_TEXT))
    choices: list[Expression] = []
    for marks, tool in tool_patterns():
        choices += [call("match", agent, Value(marks)), Value(tool)]
    begins = call("replace", agent, Value("^[^a-z]+"), Value(""))
    first = call("replace", word, Value(f"[^{TOOL_LETTERS}]([^a]|a)*$"), Value(""))
    return Macro(
        f"cascade_{TOOL}",
        (
            Eval((("agent", said),)),
            Eval((("agent", folded(agent)), ("agent_word", begins))),
            Eval((("agent_word", first),)),
            Eval(((TOOL, filled(call("case", *choices, Call("true"), word))),)),
        ),
    )


def folded(value: Expression) -> Expression:
    """In small letters, where all letters are ASCII's: lower() knows more."""
    plain = call("match", value, Value("^[ -~]*$"))
    return call("if", plain, call("lower", value), value)


def filled(value: Expression) -> Expression:
    """Null where the text is empty."""
    return call("nullif", value, Value(""))


def shown(value: Expression) -> Expression:
    """Null where the text is empty or AWS put a placeholder in its place."""
    return call("nullif", filled(value), Value(HIDDEN))


def _arn_name(value: Expression) -> Expression:
    resource = call("replace", value, Value("^arn:(?:[^:]*:){4}"), Value(""))
    last = call(
        "if",
        call("match", resource, Value("/")),
        call("replace", resource, Value("^.*/"), Value("")),
        call("replace", resource, Value("^.*:"), Value("")),
    )
    return filled(call("if", call("match", value, Value("^arn:(?:[^:]*:){4}")), last, value))
