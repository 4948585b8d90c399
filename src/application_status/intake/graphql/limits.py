"""The limits of a GraphQL document, checked before it is validated and executed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    ListValueNode,
    NameNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
)

NAME_LENGTH = 100
TOKENS = 4_000
"""Enough for 30 signals of up to 115 tokens without variables, and for 100 dispositions."""

_LINES = 2 * TOKENS
_LIMITS: Mapping[str, int] = {
    "fields": 300,  # GraphiQL and the code generators introspect with 229
    "fields of one name": 50,  # each is compared with each other one
    "aliases": 20,
    "fragments": 10,
    "levels": 20,
    "variables": 100,
    "arguments": 300,
    "directives": 20,
    "fields in one input object": 20,
    "values in one list": 300,
    "characters in one name": NAME_LENGTH,
}


class _Size(NamedTuple):
    """The size of a selection set with its fragments expanded; `levels` counts nested fields."""

    fields: int = 0
    aliases: int = 0
    levels: int = 0


def over_limits(document: DocumentNode) -> list[GraphQLError]:
    """Return an error for each limit that a document exceeds, as written or with its fragments expanded."""
    over = _errors(_written(document))
    return over or _errors(_expanded(document)._asdict())


def too_many_lines(text: str) -> list[GraphQLError]:
    """Return an error for a document with too many lines; graphql-core counts all lines again for each error."""
    lines = text.count("\n") + text.count("\r") + 1
    return [_error("lines", lines, _LINES)] if lines > _LINES else []


def _errors(counts: Mapping[str, int]) -> list[GraphQLError]:
    return [_error(name, count, _LIMITS[name]) for name, count in counts.items() if count > _LIMITS[name]]


def _error(name: str, count: int, limit: int) -> GraphQLError:
    return GraphQLError(f"The document has too many {name}: {count}; at most {limit} are allowed.")


def _written(document: DocumentNode) -> dict[str, int]:
    counts, names = dict.fromkeys(_LIMITS, 0), Counter[str]()
    for node, level in _nodes(document):
        counts["levels"] = max(counts["levels"], level)
        match node:
            case NameNode():
                counts["characters in one name"] = max(counts["characters in one name"], len(node.value))
            case ObjectValueNode():
                counts["fields in one input object"] = max(counts["fields in one input object"], len(node.fields))
            case ListValueNode():
                counts["values in one list"] = max(counts["values in one list"], len(node.values))
            case FieldNode():
                counts["fields"] += 1
                counts["aliases"] += node.alias is not None
                names[(node.alias or node.name).value] += 1
            case FragmentDefinitionNode():
                counts["fragments"] += 1
            case VariableDefinitionNode():
                counts["variables"] += 1
            case ArgumentNode():
                counts["arguments"] += 1
            case DirectiveNode():
                counts["directives"] += 1
    counts["fields of one name"] = max(names.values(), default=0)
    return counts


def _nodes(document: DocumentNode) -> Iterator[tuple[Node, int]]:
    """Yield a document's nodes, each with the number of nested selections around it, including itself."""
    pending: list[tuple[Node, int]] = [(document, 0)]
    while pending:
        node, level = pending.pop()
        yield node, level
        for name in _attributes(type(node)):  # type: ignore[arg-type]  # mypy takes a class for one of its nodes
            value: Any = getattr(node, name)
            children = value if isinstance(value, list | tuple) else (value,)
            pending += [(each, level + isinstance(each, SelectionNode)) for each in children if isinstance(each, Node)]


@cache
def _attributes(kind: type[Node]) -> tuple[str, ...]:
    """Return the names of the attributes in which a kind of nodes may have other nodes."""
    return tuple(name for name in kind.keys if name != "loc")


class _Expansion:
    """Compute the size of selections with their fragments expanded; each fragment is computed once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size] = {}

    def size(self, selections: SelectionSetNode | None) -> _Size:
        """Return the size of selections; the recursion is limited by `_written`, which counts levels and fragments."""
        return _sum([self._size_of_one(each) for each in selections.selections]) if selections else _Size()

    def _size_of_one(self, selection: Any) -> _Size:
        if isinstance(selection, FragmentSpreadNode):
            return self._size_of_fragment(selection.name.value)
        inner = self.size(selection.selection_set)
        if not isinstance(selection, FieldNode):
            return inner
        return _Size(inner.fields + 1, inner.aliases + (selection.alias is not None), inner.levels + 1)

    def _size_of_fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            self._sizes[name] = _Size()  # for unknown fragments and cycles, which validation refuses
            if name in self._fragments:
                self._sizes[name] = self.size(self._fragments[name].selection_set)
        return self._sizes[name]


def _expanded(document: DocumentNode) -> _Size:
    """Return the total size of all operations."""
    expansion = _Expansion(document)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    return _sum([expansion.size(each.selection_set) for each in operations])


def _sum(sizes: list[_Size]) -> _Size:
    return _Size(
        sum(each.fields for each in sizes),
        sum(each.aliases for each in sizes),
        max((each.levels for each in sizes), default=0),
    )
