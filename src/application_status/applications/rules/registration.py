"""What the job board registers of an application: its fixed data, and the ids that senders use for it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from application_status.applications.rules.report import NATIVE, Channel
from application_status.platform.values import ApplicationId, AtsId


class NativeIds(NamedTuple):
    """An ATS's own ids for an application; empty where an id is unknown.

    `external` is the board's id for the candidate, which the ATS sends back.
    """

    provider: Channel
    application: str = ""
    candidate: str = ""
    job: str = ""
    external: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases:
    """The ids that senders use for an application, or for its position.

    `apply_ids` are the board's ids of the application, which Indeed's senders send back. `native` are the ids that the
    ATS's own webhooks use. `second_ids` are further AtsiApplicationIds.
    """

    tokens: tuple[str, ...] = ()
    candidate_application_profile_ids: tuple[str, ...] = ()
    position_profile_ids: tuple[str, ...] = ()
    apply_ids: tuple[str, ...] = ()
    native: tuple[NativeIds, ...] = ()
    second_ids: tuple[ApplicationId, ...] = ()

    @property
    def by_kind(self) -> Mapping[str, tuple[str, ...]]:
        """The aliases by kind, with the kinds' names in a registration; those of a provider as texts."""
        native = {each: tuple(" ".join(ids[1:]) for ids in self.native if ids.provider is each) for each in NATIVE}
        return {
            "Token": self.tokens,
            "CandidateApplicationProfileId": self.candidate_application_profile_ids,
            "PositionProfileIds": self.position_profile_ids,
            "ApplyId": self.apply_ids,
            "AtsiApplicationId": self.second_ids,
            **{provider.capitalize(): texts for provider, texts in native.items()},
        }

    @classmethod
    def of_kinds(cls, values: Callable[[str], Iterable[str]]) -> "Aliases":
        """Return the aliases from what `by_kind` returned; `values` returns those of a kind."""
        return cls(
            tokens=tuple(values("Token")),
            candidate_application_profile_ids=tuple(values("CandidateApplicationProfileId")),
            position_profile_ids=tuple(values("PositionProfileIds")),
            apply_ids=tuple(values("ApplyId")),
            second_ids=tuple(ApplicationId(each) for each in values("AtsiApplicationId")),
            native=tuple(
                NativeIds(each, *text.split(" ")) for each in sorted(NATIVE) for text in values(each.capitalize())
            ),
        )

    def with_all(self, others: "Aliases") -> "Aliases":
        """Return the aliases of both, without duplicates and sorted, so the order of registrations does not matter."""
        return self._combined(others, set.union)

    def without(self, others: "Aliases") -> "Aliases":
        """Return the aliases that the others don't have."""
        return self._combined(others, set.difference)

    def _combined(self, others: "Aliases", combine: Callable[[set[Any], set[Any]], set[Any]]) -> "Aliases":
        names = [each.name for each in fields(self)]
        return Aliases(
            **{name: tuple(sorted(combine(set(getattr(self, name)), set(getattr(others, name))))) for name in names}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """An application's data from the job board's Apply system; all ids are pseudonymous.

    `link` is the address of the job ad, and `location` the place of work as text; both are for display.
    """

    ats_id: AtsId
    client_id: str
    job_id: str
    jobseeker_id: str
    job_title: str
    company: str
    applied_at: datetime
    link: str | None = None
    location: str | None = None
    aliases: Aliases = Aliases()
