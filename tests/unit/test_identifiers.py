"""Ids: many spellings in, one out."""

import re
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from application_status.platform.values import application_id

FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SPELLINGS = (str, lambda u: u.hex, lambda u: f"{{{u}}}", lambda u: f"{{{u.hex}}}", lambda u: u.urn)


@settings(deadline=None)
@given(st.uuids(), st.sampled_from(SPELLINGS), st.sampled_from([str.lower, str.upper, str.title]))
def test_every_spelling_becomes_the_canonical_one(uuid: UUID, spell: object, case: object) -> None:
    """Lower case with hyphens (RFC 9562, section 4), of any version and variant."""
    assert callable(spell)
    assert callable(case)
    assert application_id(case(spell(uuid))) == str(uuid)


@settings(deadline=None)
@given(st.uuids())
def test_canonical_spelling_stays(uuid: UUID) -> None:
    """Canonicalizing is idempotent."""
    once = application_id(str(uuid))
    assert application_id(once) == once


@settings(deadline=None)
@given(st.uuids(), st.sampled_from(SPELLINGS), st.data())
def test_near_misses_are_refused(uuid: UUID, spell: object, data: st.DataObject) -> None:
    """One character more, less or other, and it is no id, unless it is another one's spelling."""
    assert callable(spell)
    text: str = spell(uuid)
    place = data.draw(st.integers(0, len(text)), label="place")
    put = data.draw(st.sampled_from(["", *"0aG-_{} \n\0\u0660\uff10é"]), label="put")
    cut = data.draw(st.integers(0, 2), label="cut")
    mutant = text[:place] + put + text[place + cut :]
    bare = mutant.removeprefix("urn:uuid:").removeprefix("{").removesuffix("}").replace("-", "")
    assume(not (len(mutant) == len(text) and re.fullmatch("[0-9a-f]{32}", bare)))
    with pytest.raises(ValueError, match="not a UUID"):
        application_id(mutant)


@settings(deadline=None)
@given(st.text(max_size=50))
def test_whatever_comes_it_is_an_id_or_a_value_error(text: str) -> None:
    """No other exception, and never another form."""
    with suppress(ValueError):
        assert FORM.fullmatch(application_id(text))
