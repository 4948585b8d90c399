"""What surrounds every HTTP function: the event read, the time bounded, errors answered, metrics written."""

from collections.abc import Callable
from typing import Any

from application_status.deadlines import deadline
from application_status.errors import Refusal, Unavailable
from application_status.gateway.problems import PROBLEMS, UNEXPECTED, Problem, Reply, failure, refusal
from application_status.gateway.request import Request
from application_status.telemetry import answered, count, flush, log_unexpected, logger

type LambdaHandler = Callable[[Any, Any], Reply]


def endpoint(
    answer: Callable[[Request], Reply],
    *,
    refuse: Callable[[Refusal, Request], Reply] = refusal,
    fail: Callable[[Problem, Request], Reply] = failure,
    seconds: float = 5.0,
) -> LambdaHandler:
    """Make a Lambda handler of a function from request to reply; the handler never raises.

    `refuse` and `fail` say what errors look like; `seconds` bounds the time spent with the store.
    """

    def lambda_handler(event: Any, _context: Any) -> Reply:
        request = Request.from_event(event)
        try:
            request.require_resource()
            with deadline(seconds):
                return answer(request)
        except Refusal as error:
            count(type(error).__name__)
            _tell("Refused", PROBLEMS[type(error)], request)
            return refuse(error, request)
        except Unavailable:
            _tell("Failed", PROBLEMS[Unavailable], request)
            return fail(PROBLEMS[Unavailable], request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a problem and may send again
            log_unexpected(error)
            _tell("Failed", UNEXPECTED, request)
            return fail(UNEXPECTED, request)
        finally:
            flush()

    return lambda_handler


def _tell(metric: str, problem: Problem, request: Request) -> None:
    count(metric)
    logger.warning(metric.lower(), extra=answered(problem.type), status=problem.status, request_id=request.request_id)
