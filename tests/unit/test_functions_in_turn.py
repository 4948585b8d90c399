"""The functions of the local service share a process: most take turns, and a function of a queue runs beside them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

from application_status.local.service import _in_turn


def test_function_of_a_queue_delays_no_other() -> None:
    """It is still running when another function is called and returns."""
    answered = Event()

    def import_file(_event: Any, _context: Any) -> bool:
        return answered.wait(10)

    functions = _in_turn({"Import": import_file, "Webhook": lambda *_: answered.set()}, {"Import"})
    with ThreadPoolExecutor(1) as pool:
        imported = pool.submit(functions["Import"], {}, None)
        functions["Webhook"]({}, None)
        assert imported.result() is True


def test_other_functions_take_turns() -> None:
    """They are written for a process with one invocation at a time."""
    running, overlaps = Lock(), []

    def invoke(_event: Any, _context: Any) -> None:
        overlaps.append(not running.acquire(blocking=False))
        Event().wait(0.01)
        running.release()

    functions = _in_turn({"Webhook": invoke, "Registry": invoke}, set())
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(functions[name], {}, None) for name in ("Webhook", "Registry") * 4]:
            future.result()
    assert overlaps == [False] * 8
