"""Faults in the code of a module: one small change to its syntax tree at a time.

What is never changed is said in :mod:`.catalogue`, where the report takes it from.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, final

import attrs

Site: TypeAlias = tuple[ast.AST, str, int | None]
"""Where a node stands: its parent, the field, and its place if that is a list."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
OTHER_FUNCTION = {"min": "max", "max": "min", "any": "all", "all": "any"}
SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*",
    ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip

KEPT_NAMES = ("__slots__", "__all__")
SEEN_IN_ERRORS = ("rule", "row", "code", "http_status")
"""What is changed of an error: what a program reads. Its texts are for people."""
DECLARATIONS = ("field", "TypeVar", "ParamSpec", "cast")
"""Calls that say something about types or reprs and nothing about behaviour."""

TEXT_LENGTH = 100


@final
@attrs.frozen
class Fault:
    """One change of a tree: put ``new`` at ``site``, where ``old`` stands, inside of ``function`` ('' for none)."""

    function: str
    operator: str
    site: Site
    old: ast.AST
    new: ast.AST | None

    def plant(self) -> None:
        """Change the tree."""
        self._put(self.new)

    def undo(self) -> None:
        """Change it back."""
        self._put(self.old)

    def _put(self, node: ast.AST | None) -> None:
        parent, field, place = self.site
        if place is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[place] = node


Only: TypeAlias = Callable[[str], bool]
"""Whether a function, or a constant of the module, is changed, by its name; '' stands for all outside of functions."""


def code_mutants(text: str, only: Only = lambda _: True) -> Iterator[tuple[str, str, int]]:
    """Every fault of a module: (its id within the module, the function that it is in or '', its place for
    :func:`faulty_tree`). Two that make the same of a function are one."""
    tree = ast.parse(text)
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    times: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for place, fault in enumerate(list(_Finder(only).faults(tree))):
        told = fault.site[0] if isinstance(fault.old, ast.Constant) else fault.old
        shown = ast.unparse(_without_body(told)).split("\n")[0][:TEXT_LENGTH]
        around = _enclosing(tree, fault)
        fault.plant()
        made = ast.unparse(around)
        fault.undo()
        if (fault.function, made) in seen:
            continue
        seen.add((fault.function, made))
        name = f"{fault.function or 'module'}:{shown}:{fault.operator}"
        times[name] += 1
        function = "" if fault.function in classes else fault.function
        yield name if times[name] == 1 else f"{name} #{times[name]}", function, place


def faulty_tree(text: str, only: Only, place: int) -> ast.Module:
    """The module with one of its faults."""
    tree = ast.parse(text)
    list(_Finder(only).faults(tree))[place].plant()
    return ast.fix_missing_locations(tree)


def _without_body(node: ast.AST) -> ast.AST:
    """A compound statement by its head, so that its id does not depend on what is inside."""
    if not isinstance(node, ast.If | ast.For | ast.While):
        return node
    head = type(node)(**{**dict(ast.iter_fields(node)), "body": [ast.Pass()], "orelse": []})
    return ast.copy_location(head, node)


def _enclosing(tree: ast.Module, fault: Fault) -> ast.AST:
    """The statement of the module that a fault is in, to tell faults apart by what they make of it."""
    if not hasattr(tree, "owner"):
        owner: dict[int, ast.AST] = {}
        for statement in tree.body:
            parts = statement.body if isinstance(statement, ast.ClassDef) else [statement]
            for part in parts:
                owner.update((id(node), part) for node in ast.walk(part))
        tree.owner = owner  # type: ignore[attr-defined]  # kept with the tree that it is about
    return tree.owner.get(id(fault.old), tree)  # type: ignore[attr-defined,no-any-return]


class _Finder:
    """Walks a tree and offers the faults of each node."""

    def __init__(self, only: Only) -> None:
        self._only = only
        self._stored: Counter[str] = Counter()

    def faults(self, tree: ast.Module) -> Iterator[Fault]:
        yield from self._body(tree, "body", (), inside=False)

    # --- statements ------------------------------------------------------------------------------------------

    def _body(self, parent: ast.AST, field: str, path: tuple[str, ...], *, inside: bool) -> Iterator[Fault]:
        for place, statement in enumerate(getattr(parent, field)):
            yield from self._statement((parent, field, place), statement, path, inside=inside)

    def _statement(self, site: Site, node: Any, path: tuple[str, ...], *, inside: bool) -> Iterator[Fault]:
        match node:
            case ast.FunctionDef():
                name = ".".join(path) if inside else ".".join((*path, node.name))
                if not _is_behaviour(node) or not self._only(name):
                    return
                if not inside:
                    self._stored = _stored(node)
                for defaults in ("defaults", "kw_defaults"):
                    yield from self._list(node.args, defaults, name)
                yield from self._body(node, "body", tuple(name.split(".")), inside=True)
            case ast.ClassDef():
                yield from self._body(node, "body", (*path, node.name), inside=False)
            case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Pass():
                return
            case ast.Expr(value=ast.Constant()):
                return
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case _:
                name = ".".join(path)
                if inside or self._only(""):
                    yield from self._plain(site, node, name, inside=inside, path=path)

    def _plain(self, site: Site, node: Any, name: str, *, inside: bool, path: tuple[str, ...]) -> Iterator[Fault]:
        if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
            return
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        named = [target.id for target in targets if isinstance(target, ast.Name)]
        if not inside and any(one in KEPT_NAMES or not self._only(one) for one in named):
            return
        if not inside and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from self._elements((node, "value", None), node.value, name)
        if inside:
            yield from self._deleted(site, node, name)
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "targets", "target"):
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from self._body(node, field, path, inside=inside)
            elif isinstance(value, list):
                yield from self._list(node, field, name)
            elif isinstance(value, ast.expr):
                yield from self._expression((node, field, None), value, name)

    def _deleted(self, site: Site, node: Any, name: str) -> Iterator[Fault]:
        """A statement left out, or another way on."""

        def fault(operator: str, new: ast.AST) -> Fault:
            return Fault(name, operator, site, node, ast.copy_location(new, node))

        match node:
            case ast.Return(value=None):
                yield fault("return left out", ast.Pass())
            case ast.Return(value=ast.Constant(value=None | False)):
                return  # nobody tells None from False but by asking for it
            case ast.Return(value=ast.expr() as made):
                yield fault("returns None", ast.Return(value=ast.Constant(value=None)))
                if name.split(".")[-1].endswith("_due"):
                    for sign, shown in ((ast.Add(), "+ 1"), (ast.Sub(), "- 1")):
                        late = ast.BinOp(left=made, op=sign, right=ast.Constant(value=1))
                        yield fault(f"deadline {shown}", ast.Return(value=late))
            case ast.Continue():
                yield fault("left out", ast.Pass())
                yield fault("continue -> break", ast.Break())
            case ast.Break():
                yield fault("left out", ast.Pass())
                yield fault("break -> continue", ast.Continue())
            case ast.AnnAssign(value=None) | ast.Match() | ast.Try():
                return
            case ast.Assign() if _stored(node) and all(self._stored[name] == 1 for name in _stored(node)):
                pass  # a name that nothing else gives a value to: leaving it out breaks every use
            case _:
                yield fault("left out", ast.Pass())
        if isinstance(node, ast.If) and node.orelse:
            yield fault("else left out", ast.If(test=node.test, body=node.body, orelse=[]))
        if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]
            shown = f"{SIGNS[type(node.op)]}= -> {SIGNS[other]}="
            yield fault(shown, ast.AugAssign(target=node.target, op=other(), value=node.value))

    # --- expressions -----------------------------------------------------------------------------------------

    def _list(self, parent: ast.AST, field: str, name: str) -> Iterator[Fault]:
        for place, node in enumerate(getattr(parent, field)):
            if isinstance(node, ast.expr):
                yield from self._expression((parent, field, place), node, name)
            elif isinstance(node, ast.match_case):
                cases = getattr(parent, field)
                if len(cases) > 1:
                    never = ast.match_case(pattern=node.pattern, guard=ast.Constant(value=False), body=node.body)
                    yield Fault(name, f"case {ast.unparse(node.pattern)} left out", (parent, field, place), node, never)
                yield from self._body(node, "body", tuple(name.split(".")), inside=True)

    def _expression(self, site: Site, node: Any, name: str) -> Iterator[Fault]:
        if isinstance(node, ast.JoinedStr):
            return
        yield from (Fault(name, operator, site, node, ast.copy_location(new, node)) for operator, new in _others(node))
        if isinstance(node, ast.Call):
            yield from self._call(site, node, name)
            return
        condition = getattr(site[0], "test", None) is node
        if condition and not isinstance(node, ast.Compare) and not _is_not(node):
            yield Fault(name, "negated", site, node, _negated(node))
        if isinstance(node, ast.Dict) and len(node.values) > 1:
            yield from self._elements(site, node, name)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                yield from self._expression((node, field, None), value, name)
            elif isinstance(value, list) and field == "generators":
                for part in value:
                    yield from self._expression((part, "iter", None), part.iter, name)
                    for place, test in enumerate(part.ifs):
                        yield Fault(name, "condition left out", (part, "ifs", place), test, ast.Constant(value=True))
                        yield from self._expression((part, "ifs", place), test, name)
            elif isinstance(value, list):
                yield from self._list(node, field, name)

    def _call(self, site: Site, node: ast.Call, name: str) -> Iterator[Fault]:
        called = ast.unparse(node.func).split(".")[-1]
        if called in DECLARATIONS:
            return
        is_error = called.endswith("Error")
        is_refusal = is_error or called == "refuse"
        yield from self._expression((node, "func", None), node.func, name)
        if not is_error:
            yield from self._list(node, "args", name)
        for place, word in enumerate(node.keywords):
            if is_refusal and word.arg not in SEEN_IN_ERRORS:
                continue
            without = node.keywords[:place] + node.keywords[place + 1 :]
            fewer = ast.copy_location(ast.Call(func=node.func, args=node.args, keywords=without), node)
            yield Fault(name, f"argument {word.arg or '**'} left out", site, node, fewer)
            yield from self._expression((word, "value", None), word.value, name)

    def _elements(self, site: Site, node: Any, name: str) -> Iterator[Fault]:
        """An element less in a table, a tuple or a set that is written out."""
        if isinstance(node, ast.Dict):
            for place, key in enumerate(node.keys):
                keys, values = list(node.keys), list(node.values)
                del keys[place], values[place]
                shown = "**" if key is None else ast.unparse(key)
                yield Fault(name, f"without {shown}", site, node, ast.Dict(keys=keys, values=values))
        elif isinstance(node, ast.Tuple | ast.Set) and len(node.elts) > 1:
            for place, element in enumerate(node.elts):
                fewer = node.elts[:place] + node.elts[place + 1 :]
                kind = ast.Tuple(elts=fewer, ctx=ast.Load()) if isinstance(node, ast.Tuple) else ast.Set(elts=fewer)
                yield Fault(name, f"without {ast.unparse(element)}", site, node, kind)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("frozenset", "set", "tuple") and node.args:
            yield from self._elements((node, "args", 0), node.args[0], name)


def _is_behaviour(node: ast.FunctionDef) -> bool:
    """Not a repr, and not a function that writes rows of a chart: those are changed as rows."""
    return node.name != "__repr__" and (node.returns is None or "tuple[Row" not in ast.unparse(node.returns))


def _stored(node: ast.AST) -> Counter[str]:
    """The names that are given a value inside of a node, and how often."""
    return Counter(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _negated(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=node), node)


def _others(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What may stand in place of an expression."""
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp():
            yield from _joined(node)
        case ast.UnaryOp(op=ast.Not()):
            yield "not removed", node.operand
        case ast.UnaryOp(op=ast.USub()):
            yield "minus removed", node.operand
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]
            shown = f"{SIGNS[type(node.op)]} -> {SIGNS[other]}"
            yield shown, ast.BinOp(left=node.left, op=other(), right=node.right)
        case ast.BinOp(op=ast.BitOr()):
            yield "without its right side", node.left
            yield "without its left side", node.right
        case ast.IfExp():
            yield "branches swapped", ast.IfExp(test=node.test, body=node.orelse, orelse=node.body)
        case ast.Name() if node.id in OTHER_FUNCTION:
            yield f"-> {OTHER_FUNCTION[node.id]}", ast.Name(id=OTHER_FUNCTION[node.id], ctx=ast.Load())
        case ast.Constant():
            for operator, constant in _constants(node.value):
                yield operator, ast.Constant(value=constant)


def _compared(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    for place, sign in enumerate(node.ops):
        for other in COMPARISONS[type(sign)]:
            signs = [*node.ops]
            signs[place] = other()
            shown = f"{SIGNS[type(sign)]} -> {SIGNS[other]}"
            yield shown, ast.Compare(left=node.left, ops=signs, comparators=node.comparators)


def _joined(node: ast.BoolOp) -> Iterator[tuple[str, ast.expr]]:
    is_and = isinstance(node.op, ast.And)
    yield "and -> or" if is_and else "or -> and", ast.BoolOp(op=ast.Or() if is_and else ast.And(), values=node.values)
    for place, part in enumerate(node.values):
        left = node.values[:place] + node.values[place + 1 :]
        yield f"without {ast.unparse(part)}", left[0] if len(left) == 1 else ast.BoolOp(op=node.op, values=left)


def _constants(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield f"{value} -> {not value}", not value
    elif isinstance(value, int):
        for other in sorted({0, 1, value + 1} - {value}) if value in (0, 1) else (value + 1, value - 1):
            if not (value == 0 and other > 1):
                yield f"{value} -> {other}", other
    elif isinstance(value, str):
        yield "another text", value + "!"
