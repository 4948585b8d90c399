"""What surrounds every HTTP function: the event read, the time bounded, errors answered, metrics written."""

import traceback
from collections.abc import Callable
from typing import Any

from application_status.errors import Refusal, Unavailable
from application_status.gateway.problems import PROBLEMS, UNEXPECTED, Problem, Reply, failure, refusal
from application_status.gateway.request import Request
from application_status.store.dynamodb import deadline
from application_status.telemetry import count, flush, logger

_STORE_SECONDS = 5.0

type LambdaHandler = Callable[[Any, Any], Reply]


def endpoint(answer: Callable[[Request], Reply]) -> LambdaHandler:
    """Make a Lambda handler of a function from request to reply; the handler never raises."""

    def lambda_handler(event: Any, _context: Any) -> Reply:
        request = Request.from_event(event)
        try:
            with deadline(_STORE_SECONDS):
                return answer(request)
        except Refusal as error:
            count(type(error).__name__)
            _tell("Refused", PROBLEMS[type(error)], request)
            return refusal(error, request)
        except Unavailable:
            _tell("Failed", PROBLEMS[Unavailable], request)
            return failure(PROBLEMS[Unavailable], request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a problem and may send again
            _tell("Failed", UNEXPECTED, request, error=type(error).__name__, at=_where(error))
            return failure(UNEXPECTED, request)
        finally:
            flush()

    return lambda_handler


def _tell(metric: str, problem: Problem, request: Request, **more: str) -> None:
    count(metric)
    told = {"problem": problem.type, "status": problem.status, "request_id": request.request_id}
    logger.warning(metric.lower(), extra=told | more)


def _where(error: Exception) -> str:
    """Name the code of ours that failed; the message stays out of the logs, as it may hold what a sender wrote."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "application_status" in frame.filename][
        -3:
    ]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
