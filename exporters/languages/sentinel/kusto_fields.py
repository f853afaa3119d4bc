"""Kusto expressions over the AWSCloudTrail table: keys, conditions, and the functions they use.

The table keeps requestParameters and the like as text; a query parses each of those columns once, under
a name of its own (`Request` for RequestParameters), and every expression here reads from that.
"""

from dataclasses import dataclass, field

from ....events import TOOL_LETTERS
from ...field_maps import FieldMap
from ...query import Condition, Denied, Key, Scalar, Test, may_be_omitted
from ...tool_marks import tool_patterns
from .kusto import bool_literal, long_literal, member, pascal_name, text_list, text_literal

PARSED = {
    "AdditionalEventData": "Additional",
    "RequestParameters": "Request",
    "Resources": "ResourceList",
    "ResponseElements": "Response",
    "ServiceEventDetails": "ServiceEvent",
}
HIDDEN = text_literal("HIDDEN_DUE_TO_SECURITY_REASONS")

# Columns that are no texts.
_MOMENTS = frozenset(("SessionCreationDate",))

# Kusto's tolower() knows more letters than ASCII's, AWS does not.
_FUNCTIONS = {
    "KeyOf": (
        "A key is text that is not empty, or a whole number; all else is missing and equals nothing.",
        "(value: dynamic) {\n"
        f'    case(gettype(value) == "string", iff(tostring(value) == {HIDDEN}, "", tostring(value)),\n'
        '        gettype(value) == "long", strcat("long\\t", tostring(value)),\n'
        '        "")\n'
        "}",
    ),
    "TextOf": (
        "The value if it is text, and nothing if it is a number, a list or an object.",
        '(value: dynamic) { iff(gettype(value) == "string", tostring(value), "") }',
    ),
    "Shown": (
        "CloudTrail hides what somebody typed as a user name.",
        f'(value: string) {{ iff(value == {HIDDEN}, "", value) }}',
    ),
    "ArnName": (
        "The last part of an ARN; any other text as it is.",
        "(value: string) {\n"
        '    case(value matches regex "(?s)^arn:([^:]*:){4}.*/", extract("([^/]*)$", 1, value),\n'
        '        value matches regex "^arn:([^:]*:){4}", extract("([^:]*)$", 1, value),\n'
        "        value)\n"
        "}",
    ),
    "Lower": (
        "IAM names are unique without regard to the case of ASCII letters.",
        "(value: string) {\n"
        '    translate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", value)\n'
        "}",
    ),
    "ToolOf": (
        "The tool that a userAgent in small letters tells by a mark, or else by its first word.",
        "(agent: string) {\n    case("
        + ",\n        ".join(
            f"agent matches regex {text_literal(marks)}, {text_literal(tool)}"
            for marks, tool in tool_patterns()
        )
        + f',\n        extract("([a-z][{TOOL_LETTERS}]*)", 1, agent))\n'
        "}",
    ),
    "Filled": (
        "Neither null nor an empty text, list or object.",
        "(value: dynamic) {\n"
        '    case(gettype(value) == "null", false,\n'
        '        gettype(value) == "string", isnotempty(tostring(value)),\n'
        '        tostring(value) !in ("[]", "{}"))\n'
        "}",
    ),
}


@dataclass(slots=True)
class Fields:
    """The expressions of one query. It notes which columns, parsed values and functions they use."""

    fields: FieldMap
    parsed: dict[str, str] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    keys: dict[Key, str] = field(default_factory=dict)
    key_texts: dict[str, str] = field(default_factory=dict)
    elements: dict[Key, str] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    roles: bool = False

    def functions(self) -> list[str]:
        """The definitions of the functions in use, each behind a comment."""
        lines = []
        for name, (why, body) in _FUNCTIONS.items():
            if name in self.used:
                lines += [f"// {why}", f"let {name} = {body};"]
        return lines

    def key(self, key: Key) -> str:
        """The column that holds the key: a text, or for a list's key its elements, not yet read."""
        if key not in self.keys:
            name = self._free(pascal_name(key.name) + ("Keys" if key.many else "Key"))
            self.keys[key] = name
            self.key_texts[name] = self._list(key) if key.many else self._key_text(key)
        return self.keys[key]

    def element_key(self, key: Key) -> str:
        """The key of the element `Item` of the list that `key` leads through."""
        return self.elements[key]

    def _free(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.key_texts:
            name, number = f"{wanted}{number}", number + 1
        return name

    def _list(self, key: Key) -> str:
        head, _, rest = self.fields.field(key.paths[0]).partition("[]")
        item = "Item"
        for step in filter(None, rest.split(".")):
            item = member(item, step)
        self.elements[key] = self._transformed(key, self._call("KeyOf", item))
        return self._dynamic(head)

    def _key_text(self, key: Key) -> str:
        texts = []
        for path in key.paths:
            found = self.fields.field(path)
            if "." in found:
                texts.append(self._call("KeyOf", self._dynamic(found)))
            elif found in _MOMENTS:
                texts.append(f"tostring({found})")
            elif path.startswith("userIdentity."):
                texts.append(self._call("Shown", found))
            else:
                texts.append(found)
        return self._transformed(
            key, texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
        )

    def _transformed(self, key: Key, text: str) -> str:
        if key.tool:
            return self._call("ToolOf", self._call("Lower", text))
        if key.arn_name:
            text = self._call("ArnName", text)
        return self._call("Lower", text) if key.fold else text

    def _call(self, function: str, argument: str) -> str:
        self.used[function] = None
        return f"{function}({argument})"

    def _dynamic(self, spelling: str) -> str:
        """The value under a spelling such as `RequestParameters.a.b`."""
        column, *steps = spelling.split(".")
        value = self.parsed.setdefault(column, PARSED[column])
        for step in steps:
            value = member(value, step)
        return value

    def _tested(self, spelling: str) -> str:
        """The same, for a condition: those are tested on the events that the query keeps."""
        value = self._dynamic(spelling)
        self.columns[self.parsed[spelling.partition(".")[0]]] = None
        return value

    def condition(self, condition: Condition, *, lenient: bool = False) -> str:
        """The condition as an expression that is true or false, never null.

        `lenient`: it is true, too, where the object that it reads is not in the record.
        """
        top = may_be_omitted(condition.path)
        if lenient and top is not None:
            held = self._tested(self.fields.below[top])
            missing = f'gettype({held}) != "dictionary" or tostring({held}.omitted) == "true"'
            return f"({missing} or {self.condition(condition)})"
        if isinstance(condition, Denied):
            inner = " and ".join(self.condition(test) for test in condition.tests)
            return f"({self._filled(condition.path)} and not({inner}))"
        if condition.operator == "exists":
            return self._filled(condition.path)
        if condition.operator == "absent":
            return f"not({self._filled(condition.path)})"
        return self._compared(condition)

    def _filled(self, path: str) -> str:
        found = self.fields.field(path)
        if "." in found:
            return self._call("Filled", self._tested(found))
        self.columns[found] = None
        return f"isnotempty({found})"

    def _compared(self, test: Test) -> str:
        found = self.fields.field(test.path)
        texts = [value for value in test.values if isinstance(value, str)]
        others = [value for value in test.values if not isinstance(value, str)]
        if "." not in found:
            self.columns[found] = None
            compared = _text_test(found, test, texts)
            # An empty column stands for a missing field, and no comparison holds for that.
            return f"(isnotempty({found}) and {compared})" if "" in texts else compared
        value = self._tested(found)
        tests = []
        if "" in texts:
            compared = _text_test(f"tostring({value})", test, texts)
            tests.append(f'gettype({value}) == "string" and {compared}')
        elif texts:
            tests.append(_text_test(self._call("TextOf", value), test, texts))
        tests += [_other_test(value, other) for other in others]
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _text_test(value: str, test: Test, texts: list[str]) -> str:
    if test.operator == "in":
        return f"{value} in {text_list(texts)}"
    sign = {"equals": "==", "startswith": "startswith_cs", "endswith": "endswith_cs"}
    return f"{value} {sign[test.operator]} {text_literal(texts[0])}"


def _other_test(value: str, wanted: Scalar) -> str:
    if isinstance(wanted, bool):
        return f'gettype({value}) == "bool" and tobool({value}) == {bool_literal(wanted)}'
    return f'gettype({value}) == "long" and tolong({value}) == {long_literal(int(wanted))}'
