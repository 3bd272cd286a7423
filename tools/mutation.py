"""What can be changed in a source file, one small change at a time: the mutants of a file.

Messages are left out (strings with a blank, or inside of `Words`), and so are docstrings,
annotations, decorators and type aliases.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "/"),
    ast.Pow: ("**", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
}
_WORDS = ("Words", "Repair", "Fix", "Kind", "TypeVar", "NewType", "getLogger")
"""Calls whose strings are read by people alone."""


class Mutant(NamedTuple):
    """A file with one change.

    Attributes:
        scope: the function or class that it is in; `module` outside of them.
        line: the line of the change, without its indentation.
        becomes: the same line, changed.
        number: which one of equal changes it is, counted from 0.
        row: the first line of the change.
        end_row: its last line.
        function: the name and first line of the outermost function whose body it is in; None where
            the change takes effect on import.
        text: the whole file, changed.
    """

    scope: str
    line: str
    becomes: str
    number: int
    row: int
    end_row: int
    function: tuple[str, int] | None
    text: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from all others, also after other lines have changed."""
        return self.scope, self.line, self.becomes, self.number


class _Change(NamedTuple):
    start: int
    end: int
    text: str
    scope: str
    function: tuple[str, int] | None


class _Changes(ast.NodeVisitor):
    """Collects every change of a file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[_Change] = []
        self._scope: list[str] = []
        self._function: tuple[str, int] | None = None
        # Offsets of ast count bytes.
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def _start(self, node: ast.expr | ast.stmt) -> int:
        line = self._lines[node.lineno - 1]
        return line + self._characters(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None  # noqa: S101 - every parsed node has one
        assert node.end_col_offset is not None  # noqa: S101 - the same
        return self._lines[node.end_lineno - 1] + self._characters(
            node.end_lineno, node.end_col_offset
        )

    def whole(self, statement: ast.stmt) -> tuple[int, int]:
        """Where a statement of the module begins, with its decorators, and where it ends."""
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
        return self._lines[first - 1], self._end(statement)

    def _characters(self, row: int, column: int) -> int:
        line = self.text[self._lines[row - 1] : self._lines[row]]
        return len(line.encode()[:column].decode())

    def _add(self, start: int, end: int, text: str) -> None:
        scope = ".".join(self._scope) or "module"
        self.found.append(_Change(start, end, text, scope, self._function))

    def _replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        self._add(self._start(node), self._end(node), text)

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> None:
        """Changes the operator between two operands, which may stand in parentheses."""
        start = self.text.index(old.split(maxsplit=1)[0], self._end(left))
        end = start + len(old)
        if " " in old:
            words = old.split()
            end = self.text.index(words[1], start) + len(words[1])
        if end <= self._start(right):
            self._add(start, end, new)

    # Structure.

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._scope.append(node.name)
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        around = self._function
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        self._function = around or (node.name, first)
        for statement in node.body:
            self.visit(statement)
        self._function = around
        self._scope.pop()

    def visit_Lambda(self, node: ast.Lambda) -> None:
        around = self._function
        self._function = around or ("<lambda>", node.lineno)
        self.visit(node.body)
        self._function = around

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and "TypeAlias" not in ast.dump(node.annotation):
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        """Of conditions that no other change turns around."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            text = self.text[self._start(test) : self._end(test)]
            self._replace(test, f"not ({text})")

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in _NAMES:
            end = self._end(node.func)
            self._add(end - len(name), end, _NAMES[name])
        self.visit(node.func)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if name not in _WORDS or not isinstance(argument, ast.Constant | ast.JoinedStr):
                self.visit(argument)

    # Statements.

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            self._replace(node, "yield from ()")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(node, "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(node, "break")

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id.startswith("__"):
            return
        if self._function is not None and isinstance(node.targets[0], ast.Name):
            is_none = isinstance(node.value, ast.Constant) and node.value.value is None
            self._replace(node.value, '""' if is_none else "None")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if type(node.op) in _OPERATORS:
            old, new = _OPERATORS[type(node.op)]
            self._between(node.target, node.value, f"{old}=", f"{new}=")
        self.generic_visit(node)

    # Expressions.

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self._between(left, right, *_COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _OPERATORS and not isinstance(node.left, ast.JoinedStr):
            self._between(node.left, node.right, *_OPERATORS[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._between(left, right, old, new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        operand = self.text[self._start(node.operand) : self._end(node)]
        if isinstance(node.op, ast.Not):
            self._replace(node, f"bool({operand})")
        elif isinstance(node.op, ast.USub):
            self._replace(node, f"(+{operand})")
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Left alone: its parts have no places before Python 3.12, and it is a message mostly."""

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._replace(node, str(not value))
        elif isinstance(value, int | float):
            # One more is the same number where a float is large.
            self._replace(node, repr(value + 1 if value + 1 != value else value * 2))
        elif isinstance(value, str) and not any(map(str.isspace, value)):
            self._replace(node, repr(f"XX{value}XX" if value else "XX"))


def mutants_of(text: str) -> Iterator[Mutant]:
    """Every mutant of a file that is a Python program."""
    changes = _Changes(text)
    tree = ast.parse(text)
    changes.visit(tree)
    statements = [changes.whole(statement) for statement in tree.body]
    seen: dict[tuple[str, str, str], int] = {}
    for change in sorted(changes.found):
        begin, end = statements[bisect_right(statements, (change.start, len(text))) - 1]
        before, after = text[begin : change.start], text[change.end : end]
        try:
            ast.parse(before + change.text + after)
        except SyntaxError:
            continue
        changed = text[:begin] + before + change.text + after + text[end:]
        row = text.count("\n", 0, change.start) + 1
        end_row = text.count("\n", 0, change.end) + 1
        line, becomes = _line(text, change.start), _line(changed, change.start)
        key = change.scope, line, becomes
        number = seen[key] = seen.get(key, -1) + 1
        yield Mutant(*key, number, row, end_row, change.function, changed)


def _line(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return text[start : end if end >= 0 else None].strip()
