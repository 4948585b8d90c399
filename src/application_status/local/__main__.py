"""`make run`: the service on this machine, until Ctrl-C."""

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

_LOOK_UP_SECONDS = 0.5  # a signal that reaches another thread waits for this one to look up

_WELCOME = """
  The application-status service is running:

    Home       {url}/  (pages, sign-in, and a form to send a status)
    DynamoDB   {tables}  (for the AWS CLI and sam local; region us-east-1)

  Try, there or from another shell:

    curl -X POST {url}/api/application-status -H 'Content-Type: application/json' \\
      -H 'X-AtsiToken: {token}' \\
      -d '{{"AtsiApplicationId": "{application}", "Status": "INTERVIEW"}}'

  Below, a line for each request and each counted change. Ctrl-C stops.
"""


class _Line(LambdaPowertoolsFormatter):
    """Writes a log entry as one line for a terminal: time, room of the package, what happened, and the ids."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        known = vars(logging.makeLogRecord({}))
        details = {k: v for k, v in vars(record).items() if k not in known and k not in ("message", "asctime")}
        room = PurePath(record.pathname.rsplit("application_status/", 1)[-1]).parent
        told = " ".join(f"{name}={value}" for name, value in details.items())
        return printable(f"{self.formatTime(record, '%H:%M:%S')}  {room!s:<16}  {record.getMessage():<10}  {told}")


def main() -> int:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--tables-host", default="127.0.0.1")
    parser.add_argument("--tables-port", type=int, default=4566)
    arguments = parser.parse_args()
    for handler in logger.handlers:
        handler.setFormatter(_Line())
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logger.setLevel(logging.WARNING)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with running(arguments.port, arguments.tables_host, arguments.tables_port) as service:
            _serve(service, stopped)
    except OSError as error:
        refusal = f"Can't listen on a port: {error}. Choose others: make run PORT=3001 TABLES_PORT=4567"
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
