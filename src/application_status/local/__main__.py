"""Runs the service on this machine until Ctrl-C (`make run`)."""

import argparse
import logging
import signal
import sys
import threading
from io import TextIOWrapper
from pathlib import PurePath
from typing import override

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from application_status.local import demo
from application_status.local.service import Service, running
from application_status.platform.escaping import printable
from application_status.platform.telemetry import logger

_LOOK_UP_SECONDS = 0.5  # until the main thread notices a signal that another thread received

_WELCOME = """
  The application-status service is running:

    Home       {url}/  (pages, sign-in, and a form to send a status)
    DynamoDB   {tables}  (for the AWS CLI and sam local; region us-east-1)

  Try, there or from another shell:

    curl -X POST {url}/api/application-status -H 'Content-Type: application/json' \\
      -H 'X-AtsiToken: {token}' \\
      -d '{{"AtsiApplicationId": "{application}", "Status": "INTERVIEW"}}'

  Each request and each counted change is logged below. Ctrl-C stops the service.
"""


class _Line(LambdaPowertoolsFormatter):
    """A formatter that writes a log entry as one line: time, subpackage, message and fields."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        known = vars(logging.makeLogRecord({}))
        details = {k: v for k, v in vars(record).items() if k not in known and k not in ("message", "asctime")}
        room = PurePath(record.pathname.rsplit("application_status/", 1)[-1]).parent
        fields = " ".join(f"{name}={value}" for name, value in details.items())
        return printable(f"{self.formatTime(record, '%H:%M:%S')}  {room!s:<16}  {record.getMessage():<10}  {fields}")


def main() -> int:
    """Run until SIGINT or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--tables-host", default="127.0.0.1")
    parser.add_argument("--tables-port", type=int, default=4566)
    parser.add_argument("--requests-per-second", default="50", help="of each ATS; 0 for no limits")
    arguments = parser.parse_args()
    for handler in logger.handlers:
        handler.setFormatter(_Line())
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a terminal that is not UTF-8
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logger.setLevel(logging.WARNING)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with running(
            arguments.port, arguments.tables_host, arguments.tables_port, arguments.requests_per_second
        ) as service:
            _serve(service, stopped)
    except OSError as error:
        refusal = f"Can't listen on a port: {error}. Choose other ports: make run PORT=3001 TABLES_PORT=4567"
        print(printable(refusal), file=sys.stderr)
        return 1
    print("Stopped.")
    return 0


def _serve(service: Service, stopped: threading.Event) -> None:
    application = demo.SAMPLES[0].application_id
    welcome = _WELCOME.format(
        url=service.url,
        tables=service.tables.url,
        token=demo.TOKEN,
        application=application,
    )
    print(welcome, flush=True)
    logger.setLevel(logging.INFO)
    threading.Thread(target=service.gateway.serve_forever, daemon=True).start()
    while not stopped.wait(_LOOK_UP_SECONDS):
        pass
    service.gateway.shutdown()


if __name__ == "__main__":
    sys.exit(main())
