"""The GraphQL schema, of all contracts together, and its resolvers, which call the contracts' mutations.

SCHEMA     the schema
Mutations  the mutations of all contracts, for one ATS
"""

from importlib.resources import files
from typing import Any, Final, NamedTuple

from graphql import GraphQLError, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema

from application_status.intake import indeed, seek
from application_status.intake.graphql.size import RequestSize
from application_status.intake.indeed.dispositions import DispositionMutations
from application_status.intake.seek.signals import SignalMutations

DISPOSITIONS_FIELD: Final = "partnerDisposition"
"""The field whose mutations are Indeed's."""


class Mutations(NamedTuple):
    """What the resolvers call: each contract's mutations, or what counts a request in their place."""

    signals: SignalMutations | RequestSize
    dispositions: DispositionMutations | RequestSize


def _make_schema() -> GraphQLSchema:
    texts = [files(each).joinpath("schema.graphql").read_text(encoding="utf-8") for each in (seek, indeed)]
    schema = build_schema("\n".join(texts))
    _scalar(schema, "DateTime").coerce_input_value = _date_time
    _scalar(schema, "EmailAddress").coerce_input_value = _email_address
    query, mutation = _object(schema, "Query"), _object(schema, "Mutation")
    query.fields["vocabularyVersion"].resolve = lambda _root, info: info.context.signals.receiver.vocabulary.version
    mutation.fields["sendSignal"].resolve = lambda _root, info, **given: info.context.signals.send_signal(
        given["input"]
    )
    mutation.fields["sendSignals"].resolve = lambda _root, info, **given: info.context.signals.send_signals(
        given["input"]
    )
    mutation.fields["sendApplicationSignal"].resolve = lambda _root, info, **given: (
        info.context.signals.send_application_signal(given["input"])
    )
    mutation.fields[DISPOSITIONS_FIELD].resolve = lambda _root, _info: {}
    _object(schema, "PartnerDispositionMutations").fields["send"].resolve = lambda _root, info, **given: (
        info.context.dispositions.send_dispositions(given["input"])
    )
    return schema


def _scalar(schema: GraphQLSchema, name: str) -> GraphQLScalarType:
    found = schema.type_map[name]
    if not isinstance(found, GraphQLScalarType):
        raise TypeError(f"{name} is not a scalar in schema.graphql")
    return found


def _object(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = schema.type_map[name]
    if not isinstance(found, GraphQLObjectType):
        raise TypeError(f"{name} is not an object type in schema.graphql")
    return found


def _date_time(value: Any) -> str:
    """Accept any text; it is validated with its signal or disposition, so an invalid one fails only that."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime must be a string, as in 2020-01-02T00:00:00.000Z")
    return value


def _email_address(value: Any) -> str:
    """Accept any text; a disposition with an e-mail address fails, whatever the address."""
    if not isinstance(value, str):
        raise GraphQLError("EmailAddress must be a string")
    return value


SCHEMA: Final = _make_schema()
