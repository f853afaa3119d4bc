"""Python source, written from syntax trees: a value is a constant of the tree, never a piece of text."""

import ast

_WIDE = 100


def constant(value: str | int | bool | None) -> ast.Constant:
    """The value as an expression."""
    return ast.Constant(value)


def function(name: str, result: ast.expr, summary: str) -> ast.FunctionDef:
    """`def name(event)` that says what it is and returns `result`."""
    return ast.FunctionDef(
        name=name,
        args=ast.arguments(
            posonlyargs=[], args=[ast.arg("event")], kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=[ast.Expr(constant(summary)), ast.Return(result)],
        decorator_list=[],
    )


def module(docstring: str, *functions: ast.FunctionDef) -> str:
    """The source of a module."""
    tree = ast.Module(body=[ast.Expr(constant(docstring)), *functions], type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def table(name: str, value: object) -> str:
    """`name = value`, where the value is of dicts, lists, texts, whole numbers and truth values.

    What does not fit a line takes one for every entry.
    """
    target = ast.unparse(ast.Name(name, ast.Store()))
    return f"{target} = {_literal(value, 0, len(target) + 3)}\n"


def _literal(value: object, indent: int, column: int) -> str:
    """The value as source; `column` is where it begins, `indent` how far its lines are indented."""
    flat = _flat(value)
    if column + len(flat) < _WIDE or not isinstance(value, dict | list):
        return flat
    inner = indent + 4
    if isinstance(value, dict):
        named = [(f"{_flat(key)}: ", entry) for key, entry in value.items()]
    else:
        named = [("", entry) for entry in value]
    lines = [
        f"{' ' * inner}{key}{_literal(entry, inner, inner + len(key))},\n" for key, entry in named
    ]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{''.join(lines)}{' ' * indent}{end}"


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    written = repr(value)
    # Double quotation marks, as everybody's formatter has them, where they change nothing else.
    plain = isinstance(value, str) and not set(written[1:-1]) & set("'\"\\")
    return f'"{written[1:-1]}"' if plain else written


def member(name: str) -> ast.expr:
    """`event.get(name)`."""
    get = ast.Attribute(ast.Name("event", ast.Load()), "get", ast.Load())
    return ast.Call(get, [constant(name)], [])


def first_of(*values: ast.expr) -> ast.expr:
    """The first of the values that is not empty, and else the last."""
    return ast.BoolOp(ast.Or(), list(values))


def text_of(*parts: str | ast.expr) -> ast.expr:
    """A text of these parts, one after the other."""
    values: list[ast.expr] = [
        ast.Constant(part) if isinstance(part, str) else ast.FormattedValue(part, -1)
        for part in parts
    ]
    return ast.JoinedStr(values)
