"""README.md quotes the figures."""

from support.proof import Figure, promises, quoted


def test_the_readme_has_every_promise(figure: Figure) -> None:
    """This table has a figure for every promise."""
    assert list(quoted()) == list(promises())
    assert all(quoted().values())
    figure(f"{len(quoted())} of {len(quoted())}")
