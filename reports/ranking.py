"""The ranking expression of the settings, read without evaluating any code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from earful.errors import ConfigurationError, did_you_mean

COLUMNS = ("people", "mentions", "strength", "reach")

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_LONGEST = 200

Score = Callable[[Mapping[str, float]], float]
"""From a signal's columns to what it is sorted by."""


def ranking(expression: str) -> Score:
    """Compile an expression over ``COLUMNS``, numbers, + - * / and brackets.

    Division by zero gives zero, so that no signal can break a report. Raises
    ``ConfigurationError`` that quotes the expression.
    """
    if len(expression) > _LONGEST:
        raise _wrong(expression[:40] + "...", f"it is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _wrong(expression, "it is no arithmetic expression") from error
    return _compile(tree.body, expression)


def _compile(node: ast.expr, expression: str) -> Score:
    match node:
        case ast.Name(id=name):
            if name not in COLUMNS:
                raise _wrong(
                    expression, f"there is no column {name!r}", did_you_mean(name, COLUMNS)
                )
            return lambda columns: columns[name]
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            number = float(value)
            return lambda columns: number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand, expression)
            return lambda columns: -inner(columns)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            over, under = _compile(left, expression), _compile(right, expression)
            return lambda columns: over(columns) / below if (below := under(columns)) else 0.0
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _compile(left, expression), _compile(right, expression)
            apply = _OPERATORS[type(op)]
            return lambda columns: apply(first(columns), second(columns))
    raise _wrong(expression, f"{ast.unparse(node)!r} is not allowed in it")


def _wrong(expression: str, what: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(
        f"the ranking {expression!r} cannot be used: {what}",
        where="earful.toml, report.ranking",
        next_step=hint or f"Use numbers, + - * / and the columns {', '.join(COLUMNS)}.",
    )
