"""What must hold when operators issue tokens at the same time: an ATS never has more than two."""

from functools import partial

import pytest

from application_status.access.register import TokenRegister, TooManyTokens
from application_status.access.rules import Token, generate
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId
from support.concurrency import all_at_once


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("known", [0, 1], ids=["first tokens", "one known"])
def test_two_of_many_operators_at_once_issue_a_token(clients: list[DynamoDB], known: int) -> None:
    """The others are refused; test tokens count for themselves."""
    ats = AtsId("workday")
    registers = [TokenRegister(dynamodb, "TokensTable") for dynamodb in clients[:16]]
    for _ in range(known):
        registers[0].add(generate(), ats)

    def issue(register: TokenRegister, *, test: bool) -> Token | None:
        try:
            return register.add(generate(test=test), ats)
        except TooManyTokens:
            return None

    issued = all_at_once(*[partial(issue, each, test=number % 2 == 1) for number, each in enumerate(registers)])
    kinds = [token.test for token in issued if token]
    assert (kinds.count(False), kinds.count(True)) == (2 - known, 2)
    assert len(registers[0].list(ats)) == 4
