"""The service beside a small model of docs/semantics.md, in runs that Hypothesis makes up."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from support.model_machine import AgreesWithTheModel, quietly
from support.proof import Figure, amount

RUNS, STEPS = amount(200, 2000), amount(20, 50)
SETTINGS = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    print_blob=True,
    report_multiple_bugs=False,
)


def test_service_agrees_with_a_model(figure: Figure) -> None:
    """The service answers, stores, shows and counts what the documented rules say, whatever is sent and fails.

    A small model of the rules says what is expected. Hypothesis makes up runs: reports, batches, signals, dispositions,
    webhooks and files, registrations, aliases and erasures, sent once, again, late, in a race, with a lost reply or a
    container that dies. After each step, replies and what the ATS and the jobseeker read are compared.
    """
    with quietly():
        run_state_machine_as_test(AgreesWithTheModel, settings=SETTINGS)
    figure(f"0 differences in {RUNS:,} runs of {STEPS} steps")
