"""The grammar of queries, and a query as a tree that is not too deep to walk."""

from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from ...errors import NotJudged

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

    Node: TypeAlias = Tree[Token] | Token

LONGEST: Final = 50_000
"""Characters of a query."""
DEEPEST: Final = 120
"""Levels of a tree. Those that evaluate it walk it by recursion."""

_GRAMMAR: Final = r"""
start: (statement? ";")* statement?
?statement: "let" NAME "=" pipeline -> let
    | "let" NAME "=" function -> let
    | pipeline
function: "view"? "(" parameters? ")" "{" start "}"
parameters: parameter ("," parameter)*
parameter: NAME ":" NAME ("=" expression)?

?pipeline: expression
    | expression ("|" operator)+ -> pipeline

?operator: ("where" | "filter") expression -> where
    | "extend" named_list -> extend
    | "project" named_list -> project
    | "project-away" pattern ("," pattern)* -> project_away
    | "project-keep" pattern ("," pattern)* -> project_keep
    | "project-rename" NAME "=" NAME ("," NAME "=" NAME)* -> project_rename
    | "project-reorder" reordered ("," reordered)* -> pass_by
    | "distinct" named_list -> distinct
    | "summarize" named_list? by? -> summarize
    | ("sort" | "order") "by" ordering ("," ordering)* -> pass_by
    | ("take" | "limit" | "sample") expression -> pass_by
    | "top" expression "by" ordering -> pass_by
    | "serialize" named_list? -> extend
    | "as" NAME -> pass_by
    | "count" -> count
    | ("mv-expand" | "mvexpand") setting* expansion ("," expansion)* ("limit" expression)? -> mv_expand
    | "mv-apply" setting* expansion ("," expansion)* "on" "(" operator ("|" operator)* ")" -> mv_apply
    | "join" setting* expression "on" expression ("," expression)* -> join
    | "lookup" setting* expression "on" expression ("," expression)* -> lookup
    | "union" setting* expression ("," expression)* -> union
    | "parse" setting* expression "with" parse_part+ -> parse
    | MAKE_SERIES -> make_series
    | RENDER -> pass_by
    | "evaluate" expression -> evaluate
by: "by" named_list
named_list: named ("," named)*
named: [target "="] (expression | star)
target: NAME | quoted
star: "*"
quoted: "[" STRING "]"
pattern: PATTERN | quoted
reordered: PATTERN ("asc" | "desc")?
ordering: expression ("asc" | "desc")? ("nulls" ("first" | "last"))?
setting: SETTING "=" (NAME | STRING)
expansion: [NAME "="] expression ("to" "typeof" "(" NAME ")")?
parse_part: star | STRING+ -> parse_text | NAME (":" NAME)? -> parse_column

?expression: conjunction
    | conjunction ("or" conjunction)+ -> either
?conjunction: comparison
    | comparison ("and" comparison)+ -> both
?comparison: sum
    | sum COMPARE sum -> compare
    | sum AMONG "(" [arguments] ")" -> among
    | sum AMONG name -> among_name
    | sum AMONG call -> among_name
    | sum AMONG dynamic -> among_name
    | sum BETWEEN "(" sum ".." sum ")" -> between
?sum: product
    | sum (PLUS | MINUS) product -> compute
?product: unary
    | product (TIMES | OVER) unary -> compute
?unary: postfix
    | MINUS unary -> minus
?postfix: primary
    | postfix "." NAME -> member
    | postfix "."? "[" expression "]" -> index
?primary: name
    | call
    | string
    | NUMBER -> number
    | TIMESPAN -> timespan
    | MOMENT -> moment
    | dynamic
    | quoted
    | EXTERNALDATA -> externaldata
    | "union" setting* expression ("," expression)* -> union_of
    | "datatable" "(" parameters ")" "[" [json ("," json)* ","?] "]" -> datatable
    | "(" pipeline ")"
call: NAME "(" [arguments] ")"
arguments: argument ("," argument)*
?argument: NAME "=" expression -> named_argument
    | pipeline
    | star
name: NAME
string: STRING+
dynamic: DYNAMIC "(" json ")"
?json: STRING+ -> string
    | NUMBER -> number
    | MINUS NUMBER -> minus_number
    | NAME -> word
    | DYNAMIC "(" json ")" -> nested
    | MOMENT -> moment
    | TIMESPAN -> timespan
    | "[" [json ("," json)*] "]" -> array
    | "{" [pair ("," pair)*] "}" -> bag
pair: (STRING | NAME) ":" json

SETTING.3: /(kind|isfuzzy|withsource|bagexpansion|with_itemindex|flags)(?=\s*=)/
DYNAMIC.3: /dynamic(?=\s*\()/
MOMENT.3: /(datetime|timespan|time|guid)\s*\([^()]*\)/
EXTERNALDATA.3: /externaldata\s*\([^)]*\)\s*\[[^\]]*\]\s*(with\s*\([^)]*\))?/
MAKE_SERIES.3: /make-series\b[^|;]*/
RENDER.3: /render\b[^|;]*/
COMPARE.2: /==|!=|<>|=~|!~|<=|>=|<|>|matches\s+regex\b|!?(contains|startswith|endswith|has(prefix|suffix)?)(_cs)?(?!\w)/
AMONG.2: /!?in~?(?![\w])|!?has_any(?![\w])|has_all(?![\w])/
BETWEEN.2: /!?between(?![\w])/
TIMESPAN.2: /\d+(\.\d+)?(days?|hours?|minutes?|min|seconds?|sec|milliseconds?|ms|microseconds?|ticks?|d|h|m|s)(?![\w])/
NUMBER.1: /0x[0-9a-fA-F]+|\d+(\.\d+)?([eE][+-]?\d+)?/
STRING: /[hH]?(@"([^"]|"")*"|@'([^']|'')*'|"([^"\\\n]|\\.)*"|'([^'\\\n]|\\.)*'|```[\s\S]*?```)/
NAME: /[A-Za-z_$][A-Za-z0-9_]*/
PATTERN: /[A-Za-z_*][A-Za-z0-9_*]*/
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: /[\/%]/
HINT: /hint\.\w+\s*=\s*\w+/
COMMENT: /\/\/[^\n]*/
%ignore /\s+/
%ignore COMMENT
%ignore HINT
"""


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parse(query: str) -> "Tree[Token]":
    """The query as a tree.

    Raises:
        NotJudged: it says what this grammar does not know, or is too long or too deep.
    """
    from lark import Tree
    from lark.exceptions import UnexpectedInput

    if len(query) > LONGEST:
        raise NotJudged(f"the query has more than {LONGEST} characters")
    try:
        tree = _parser().parse(query)
    except UnexpectedInput as error:
        raise NotJudged(_unread(query, error)) from None
    waiting: list[tuple[object, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise NotJudged(f"the query nests more than {DEEPEST} levels")
        if isinstance(node, Tree):
            waiting.extend((child, depth + 1) for child in node.children)
    return tree


def _unread(query: str, error: object) -> str:
    at = getattr(error, "pos_in_stream", None)
    at = len(query) if at is None or at < 0 else at
    near = query[at : at + 30].split("\n")[0].strip() or "its end"
    if query[:at].rstrip().endswith("|"):
        return f"the operator {near.split()[0]!r} is not executed"
    line = query.count("\n", 0, at) + 1
    return f"line {line} of the query cannot be read, near {near!r}"
