"""Python source, written from syntax trees: a value is a constant of the tree, never a piece of text."""

import ast


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


def member(name: str) -> ast.expr:
    """`event.get(name)`."""
    get = ast.Attribute(ast.Name("event", ast.Load()), "get", ast.Load())
    return ast.Call(get, [constant(name)], [])


def text_of(*parts: str | ast.expr) -> ast.expr:
    """A text of these parts, one after the other."""
    values: list[ast.expr] = [
        ast.Constant(part) if isinstance(part, str) else ast.FormattedValue(part, -1)
        for part in parts
    ]
    return ast.JoinedStr(values)
