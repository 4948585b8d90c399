"""An application after reports in every order of arrival."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.world import World

_OF_ARRIVAL = {"Version", "Versions", "UpdatedAt"}
"""What an item says about the writes, besides each transition's ReceivedAt."""

type Step = Callable[[World], object]


def ends_of_all_orders(world: World, steps: Sequence[Step], application: str) -> dict[tuple[int, ...], Any]:
    """Return the application's item after every order of the steps, in a World in memory.

    Orders that begin alike share their beginning, so that six steps take 1,956 and not 4,320.
    """
    ends: dict[tuple[int, ...], Any] = {}

    def go_on(order: tuple[int, ...]) -> None:
        rest = [place for place in range(len(steps)) if place not in order]
        if not rest:
            ends[order] = world.item(application)
        saved = world.client.saved()
        for place in rest:
            steps[place](world)
            go_on((*order, place))
            world.client.restore(saved)

    go_on(())
    world.client.streams.clear()
    return ends


def without_arrival(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item without the numbers of its versions and the times of receipt."""
    history = {
        key: {name: value for name, value in each["M"].items() if name != "ReceivedAt"}
        for key, each in item["Transitions"]["M"].items()
    }
    return {name: value for name, value in item.items() if name not in _OF_ARRIVAL} | {"Transitions": {"M": history}}
