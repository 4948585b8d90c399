"""Runs the whole service in one process: tables, functions, gateway, streams, queues, log subscriptions, schedules."""

import importlib
import os
import threading
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from application_status.local import demo, demo_board, example_file, hire, user_pool
from application_status.local.event_source_mapping import Invoke
from application_status.local.gateway import Gateway
from application_status.local.home import Home
from application_status.local.queue_poller import QueuePoller
from application_status.local.repeated_calls import RepeatedCalls
from application_status.local.stream_poller import StreamPoller, wait_until_processed
from application_status.local.subscription_filter import SubscriptionFilter
from application_status.local.tables import TableServer
from application_status.local.template import Template
from application_status.platform.values import now

_PROCESSED_WITHIN_SECONDS = 10.0
_PARAMETERS = {"JournalHours": "0", "DomainName": "localhost"}
_SLICE_SECONDS, _BLOCK_ROWS = 1.0, 100
_SECONDS_BETWEEN_CALLS = {"MergeFunction": 5.0}  # so that a new job joins its list soon

type Handler = Callable[[Any, Any], Any]

_AWS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto has no account-specific endpoints for streams
    "POWERTOOLS_METRICS_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Service:
    """The running local service and its address."""

    gateway: Gateway
    tables: TableServer
    url: str


@contextmanager
def running(port: int, tables_host: str, tables_port: int, requests_per_second: str) -> Iterator[Service]:
    """Run the service; sets the environment variables of this process, as Lambda would.

    Raises:
        OSError: a port is in use.
    """
    os.environ.update(_AWS)
    _bypass_proxies(tables_host)
    template = Template(_PARAMETERS | {"RequestsPerSecond": requests_per_second})
    with ExitStack() as stack:
        tables = TableServer(template, tables_host, tables_port)
        stack.callback(tables.stop)
        os.environ["AWS_ENDPOINT_URL"] = tables.url
        functions = _functions(template, f"http://127.0.0.1:{port}") | {"FileImportFunction": _file_import()}
        handlers = _in_turn(functions, {mapping.function for mapping in template.queue_mappings()})
        tables.functions = {name: _invoked(name, handler) for name, handler in handlers.items()}
        gateway = Gateway(template, handlers, port)
        stack.callback(gateway.server_close)
        gateway.sign_in_at(_user_pool(gateway.url, functions["PreTokenFunction"]))
        demo_board.fill(tables.load, ZoneInfo(os.environ["REPORTING_TIME_ZONE"]))
        pollers = [
            StreamPoller(mapping, tables.functions[mapping.function], tables.url)
            for mapping in template.stream_mappings()
        ]
        for poller in pollers:
            poller.start()
            stack.callback(poller.stop)
        for queue_mapping in template.queue_mappings():
            queue_poller = QueuePoller(queue_mapping, tables.functions[queue_mapping.function], tables.url)
            queue_poller.start()
            stack.callback(queue_poller.stop)
        for subscription in template.log_subscriptions():
            log_filter = SubscriptionFilter(subscription, tables.functions[subscription.function])
            log_filter.start()
            stack.callback(log_filter.stop)
        for schedule in template.schedules():
            seconds = _SECONDS_BETWEEN_CALLS.get(schedule.function, schedule.seconds)
            calls = RepeatedCalls(_scheduled(handlers[schedule.function]), seconds)
            calls.start()
            stack.callback(calls.stop)
        _seed()
        wait_until_processed(pollers, _PROCESSED_WITHIN_SECONDS)
        service = Service(gateway, tables, gateway.url)
        gateway.add("/", Home(service.url, pollers).answer)
        gateway.add(example_file.PATH, example_file.serve(now().date()))
        yield service


def _bypass_proxies(tables_host: str) -> None:
    """Exclude this machine from a proxy that is set for other hosts."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", tables_host]))


def _functions(template: Template, url: str) -> dict[str, Handler]:
    functions = {}
    of_user_pool = dict.fromkeys(("USER_POOL_ISSUER", "LOGIN_URL"), url + user_pool.PATH)
    for name, path in template.handlers().items():
        os.environ.update(template.environment(name) | of_user_pool)
        module, _, attribute = path.rpartition(".")
        functions[name] = getattr(importlib.import_module(module), attribute)
    return functions


def _file_import() -> Handler:
    """Return the import in smaller steps, so that Ctrl-C and other files wait for one of them at most."""
    from application_status.intake.files.lanes import Pace
    from application_status.platform import s3, sqs
    from application_status.platform.dynamodb.wire import connect_many
    from application_status.platform.settings import read

    function = importlib.import_module("application_status.functions.file_import")
    settings = read(function.FileImportSettings, os.environ)
    pace = Pace(settings.file_rows_per_second, slice_seconds=_SLICE_SECONDS, block_rows=_BLOCK_ROWS)
    handler: Handler = function.make_handler(connect_many(), s3.client(), sqs.client(), settings, pace)
    return handler


def _user_pool(url: str, pre_token: Handler) -> user_pool.UserPool:
    """Return the user pool; it calls its trigger while the sign-in function waits for a token, so not in turn."""
    from application_status.access.assignments import Assignments
    from application_status.platform.dynamodb.boto import connect

    return user_pool.UserPool(url, Assignments(connect(), "UsersTable"), pre_token, demo.USERS)


def _in_turn(functions: Mapping[str, Handler], of_queues: Container[str]) -> dict[str, Handler]:
    """Serialise the functions, which are written for a process with one invocation at a time.

    A function behind a queue takes long, so it runs beside the others, which would have to wait for it. They share the
    logger and the metrics alone, and these can be used by several threads.
    """
    lock = threading.Lock()
    return {
        name: _one_at_a_time(function, threading.Lock() if name in of_queues else lock)
        for name, function in functions.items()
    }


def _one_at_a_time(handler: Handler, lock: threading.Lock) -> Handler:

    def invoke(event: Any, context: Any) -> Any:
        with lock:
            return handler(event, context)

    return invoke


def _scheduled(handler: Handler) -> Callable[[], None]:
    """Return a call of a function as EventBridge makes it; if it fails, the function logs it."""

    def call() -> None:
        with suppress(Exception):
            handler({"source": "aws.events"}, None)

    return call


class _Context(NamedTuple):
    """The part of Lambda's context that names the function."""

    invoked_function_arn: str


def _invoked(name: str, handler: Handler) -> Invoke:
    context = _Context(f"arn:aws:lambda:us-east-1:000000000000:function:{name}:live")
    return lambda event: handler(event, context)


def _seed() -> None:
    from application_status.access.names import AtsNames
    from application_status.access.register import TokenRegister
    from application_status.applications.register import Registrations
    from application_status.platform import kms
    from application_status.platform.dynamodb.boto import connect

    dynamodb = connect()
    demo.seed(TokenRegister(dynamodb, "TokensTable"), Registrations(dynamodb, "ApplicationsTable", "AliasesTable"))
    names = AtsNames(dynamodb, "TokensTable")
    for ats_id, profile in demo.ATS_PROFILES.items():
        names.set(ats_id, profile.name)
    hire.seed(dynamodb, kms.client())
