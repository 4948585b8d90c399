"""The whole service on one machine, put together: tables, functions, gateway, and what feeds streams and logs."""

import importlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.local import board, demo
from application_status.local.event_source_mapping import Invoke
from application_status.local.gateway import Gateway
from application_status.local.home import Home
from application_status.local.pump import Pump, settle
from application_status.local.subscription_filter import SubscriptionFilter
from application_status.local.tables import TableServer
from application_status.local.template import Template

_COUNTED_WITHIN_SECONDS = 10.0

type Handler = Callable[[Any, Any], Any]

_AWS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto's streams don't answer at an account's own endpoint
    "POWERTOOLS_METRICS_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Service:
    """Where the local service can be reached."""

    gateway: Gateway
    tables: TableServer
    url: str


@contextmanager
def running(port: int, tables_host: str, tables_port: int) -> Iterator[Service]:
    """Run the service; OSError where a port is in use. Sets the environment of this process, as Lambda would."""
    os.environ.update(_AWS)
    _keep_from_proxies(tables_host)
    template = Template()
    with ExitStack() as stack:
        tables = TableServer(template, tables_host, tables_port)
        stack.callback(tables.stop)
        os.environ["AWS_ENDPOINT_URL"] = tables.url
        handlers = _functions(template)
        gateway = Gateway(template, handlers, port)
        stack.callback(gateway.server_close)
        board.fill(tables.load, ZoneInfo(os.environ["REPORTING_TIME_ZONE"]))
        pumps = [
            Pump(mapping, _without_context(handlers[mapping.function]), tables.url)
            for mapping in template.stream_mappings()
        ]
        for pump in pumps:
            pump.start()
            stack.callback(pump.stop)
        for subscription in template.log_subscriptions():
            log_filter = SubscriptionFilter(subscription, _without_context(handlers[subscription.function]))
            log_filter.start()
            stack.callback(log_filter.stop)
        _seed()
        settle(pumps, _COUNTED_WITHIN_SECONDS)
        service = Service(gateway, tables, f"http://127.0.0.1:{gateway.server_port}")
        gateway.add("/", Home(service.url, pumps).answer)
        yield service


def _keep_from_proxies(tables_host: str) -> None:
    """Let what is on this machine be called directly, also where a proxy is set for the rest of the world."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", tables_host]))


def _functions(template: Template) -> dict[str, Handler]:
    functions, turn = {}, threading.Lock()
    for name, path in template.handlers().items():
        os.environ.update(template.environment(name))
        module, _, attribute = path.rpartition(".")
        functions[name] = _one_at_a_time(getattr(importlib.import_module(module), attribute), turn)
    return functions


def _one_at_a_time(handler: Handler, turn: threading.Lock) -> Handler:
    """Let functions share this process, though each is written for a process with one invocation at a time."""

    def take_turn(event: Any, context: Any) -> Any:
        with turn:
            return handler(event, context)

    return take_turn


def _without_context(handler: Handler) -> Invoke:
    return lambda event: handler(event, None)


def _seed() -> None:
    from application_status.access.tokens import TokenRegister
    from application_status.applications.register import Registrations
    from application_status.platform.dynamodb.boto import connect

    dynamodb = connect()
    demo.seed(TokenRegister(dynamodb, "TokensTable"), Registrations(dynamodb, "ApplicationsTable", "AliasesTable"))
