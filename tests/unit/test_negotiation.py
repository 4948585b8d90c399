"""Quality values of Accept and Accept-Language, read as RFC 9110 has them."""

import pytest

from application_status.platform.http.endpoint import Request, qualities


def read(*values: str) -> list[tuple[str, float]]:
    return list(qualities(Request.from_event({"multiValueHeaders": {"ACCEPT": list(values)}}), "Accept").items())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/csv", [("text/csv", 1)]),
        ("Text/CSV;Q=0.5, */*;q=0.1", [("text/csv", 0.5), ("*/*", 0.1)]),
        (" de-AT ;\tq=0.875 ,en", [("de-at", 0.875), ("en", 1)]),
        ("a;q=0, b;q=0.000, c;q=1.000, d;q=1.", [("a", 0), ("b", 0), ("c", 1), ("d", 1)]),
        ("text/csv;header=present;q=0.5;x=y", [("text/csv", 0.5)]),
        ("a;q=0.1, b, a;q=0.9, b;q=0.2", [("a", 0.9), ("b", 1)]),
    ],
)
def test_ranges_have_a_quality(header: str, expected: list[tuple[str, float]]) -> None:
    """Ranges keep their order; the default is 1, the higher one of two counts, other parameters are ignored."""
    assert read(header) == expected


@pytest.mark.parametrize(
    "malformed",
    [
        "", " ", ";", ";q=1", ";;q=", "a;q", "a;q=", "a;q=.5", "a;q=0.1234", "a;q=1.1", "a;q=2", "a;q=-1", "a;q=nan",
        "a;q=1e0", "a;q=\u00b2", "a;q=\u0661", 'a;q="1"', "a;q =1", "a;q= 1", "a;q=0 .5", "a;q=x;q=1",
    ],
)  # fmt: skip
def test_malformed_range_is_left_out(malformed: str) -> None:
    """The others stay as they are."""
    assert read(malformed) == []
    assert read(f"b;q=0.2,{malformed},c") == [("b", 0.2), ("c", 1)]


def test_headers_of_one_name_are_one_list() -> None:
    """RFC 9110, section 5.3, says so; without the header there is no range."""
    assert read("a;q=0.1", "b") == [("a", 0.1), ("b", 1)]
    assert read() == []
