"""The tables in memory answer as moto does to all calls of a few runs with the model."""

import boto3
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from application_status.applications.record import UnknownApplications
from support.dynamodb_in_memory import Agreeing
from support.model_machine import AgreesWithTheModel, Stage, quietly


class OnMoto(AgreesWithTheModel):
    """The same, with each call answered by moto too."""

    def made_stage(self, unknown: UnknownApplications) -> Stage:
        self.moto = mock_aws()
        self.moto.start()
        return Stage(unknown, lambda memory: Agreeing(memory, boto3.client("dynamodb")))

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.moto.stop()


def test_tables_in_memory_answer_as_moto_does() -> None:
    """All replies and refusals agree, so what the other runs show holds for DynamoDB's expressions."""
    with quietly():
        run_state_machine_as_test(
            OnMoto,
            settings=settings(
                max_examples=4,
                stateful_step_count=15,
                derandomize=True,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
            ),
        )
