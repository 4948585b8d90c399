"""The GraphQL side: the schema with its resolvers, and the limits of a document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    Node,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from application_status.signals.sender import Sender

_LIMITS = {"tokens": 12_000, "fields": 400, "aliases": 20, "fragments": 10, "depth": 20}


@dataclass(frozen=True, slots=True)
class Call:
    """A GraphQL request: the document, its variables, and which of its operations is meant."""

    document: str
    variables: Mapping[str, Any]
    operation_name: str | None


def execute(call: Call, sender: Sender) -> tuple[bool, ExecutionResult]:
    """Execute a request; False with its errors where it was not executed at all."""
    try:
        document = parse(call.document, max_tokens=_LIMITS["tokens"])
        errors = _over_limits(document) or validate(_SCHEMA, document)
    except GraphQLError as error:
        errors = [error]
    if errors:
        return False, ExecutionResult(None, [_without_pythons_words(error) for error in errors])
    result = execute_sync(
        _SCHEMA,
        document,
        context_value=sender,
        variable_values=dict(call.variables),
        operation_name=call.operation_name,
    )
    executed = result.data is not None or any(error.path for error in result.errors or [])
    return executed, result


def _without_pythons_words(error: GraphQLError) -> GraphQLError:
    """Say in our words what made Python stumble, e.g. an integer of 5,000 digits."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error
    return GraphQLError("A value of the document can't be read.", error.nodes)


def _over_limits(document: DocumentNode) -> list[GraphQLError]:
    counts = {"fields": 0, "aliases": 0, "fragments": 0, "depth": 0}
    for node, depth in _nodes(document):
        counts["depth"] = max(counts["depth"], depth)
        counts["fields"] += isinstance(node, FieldNode)
        counts["aliases"] += isinstance(node, FieldNode) and node.alias is not None
        counts["fragments"] += isinstance(node, FragmentDefinitionNode)
    return [
        GraphQLError(f"The document has more {name} than allowed: {count} of {_LIMITS[name]}.")
        for name, count in counts.items()
        if count > _LIMITS[name]
    ]


def _nodes(document: DocumentNode) -> Iterator[tuple[Node, int]]:
    """Yield the definitions and fields of a document with their depth."""
    waiting: list[tuple[Any, int]] = [(definition, 0) for definition in document.definitions]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        selections = getattr(node, "selection_set", None)
        waiting += [(each, depth + 1) for each in (selections.selections if selections else ())]


def _text(value: Any) -> str:
    """Take a DateTime as it is: what is wrong with it is said with its place, and costs a batch only its signal."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime should be a string, as in 2020-01-02T00:00:00.000Z")
    return value


def _make_schema() -> GraphQLSchema:
    schema = build_schema(files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"))
    scalar, query, mutation = schema.type_map["DateTime"], schema.query_type, schema.mutation_type
    if not isinstance(scalar, GraphQLScalarType) or query is None or mutation is None:
        raise TypeError("schema.graphql lacks DateTime, Query or Mutation")
    scalar.coerce_input_value = _text
    query.fields["vocabularyVersion"].resolve = lambda _root, info: info.context.receiver.vocabulary.version
    mutation.fields["sendSignal"].resolve = lambda _root, info, **given: info.context.send_signal(given["input"])
    mutation.fields["sendSignals"].resolve = lambda _root, info, **given: info.context.send_signals(given["input"])
    return schema


_SCHEMA = _make_schema()
