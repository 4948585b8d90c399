"""Reports and signals, given or generated, and applications after them by the rule alone, without a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from application_status.applications.rules import application as rule
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Interpretation, Report, Success, Transition
from application_status.applications.rules.status import Status
from application_status.intake.seek.rules import SignalState
from application_status.platform.values import instant
from support.world import APPLICATION, ATS, registration

T0 = datetime(2026, 11, 22, 10, tzinfo=UTC)
MS, DAY = timedelta(milliseconds=1), timedelta(days=1)
REGISTERED = Application(
    application_id=APPLICATION, ats_id=ATS, status=Status.APPLIED, version=1, registration=registration()
)


moments = st.integers(0, 5).map(lambda count: T0 - count * MS) | st.datetimes(timezones=st.just(UTC)).map(instant)
labels = st.sampled_from([None, "phone", "on site"]) | st.text(min_size=1, max_size=200)


def report(status: Status, at: datetime | None = None, raw: str | None = None, key: str | None = None) -> Report:
    return Report(
        application_id=APPLICATION, ats_id=ATS, channel=Channel.ATSI,
        interpretation=Interpretation(status=status, raw_status=raw), received_at=T0,
        tiebreaker=str(status.rank), effective_at=at, idempotency_key=key,
    )  # fmt: skip


def received(application: Application, each: Report) -> Application:
    """Return the application after a report, as the store would write it."""
    after = application.after(application.receive(each))
    if each.resend_key is None or each.resend_key in after.resend_keys:
        return after
    return replace(after, resend_keys=(*after.resend_keys, each.resend_key)[-rule.RESEND_KEYS_LIMIT :])


def state(
    label: str, index: int, at: datetime, success: Success | None, phase: str | None, *, only_the_day: bool
) -> SignalState:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    moment, day_offset = (midnight, 0) if only_the_day else (at, None)
    return SignalState(
        label=label, phase=phase, index=index, success=success, effective_at=moment, day_offset=day_offset
    )


def signalled(current: SignalState, previous: SignalState | None) -> Report:
    """Return the report of a signal; a label is read as the status of its name, or else by its phase."""

    def interpretation(of: SignalState) -> Interpretation:
        status = _LABELS[of.label] or (_LABELS[of.phase] if of.phase else None)
        return Interpretation(status=status, raw_status=of.label, raw_phase=of.phase, success=of.success)

    before = None if previous is None else Transition(
        channel=Channel.SIGNALS, interpretation=interpretation(previous), effective_at=previous.effective_at,
        day_offset=previous.day_offset,
        received_at=T0, tiebreaker=previous.tiebreaker, from_previous=True,
    )  # fmt: skip
    return Report(
        application_id=APPLICATION, ats_id=ATS, channel=Channel.SIGNALS, interpretation=interpretation(current),
        received_at=T0, tiebreaker=current.tiebreaker,
        effective_at=current.effective_at, day_offset=current.day_offset, previous=before,
    )  # fmt: skip


_LABELS = {"Lead": Status.LEAD, "Call": Status.CONTACT, "Interview": Status.INTERVIEW, "Blue": None, "Red": None}
states = st.builds(
    state, st.sampled_from(sorted(_LABELS)), st.integers(0, 2),
    st.sampled_from([T0 - timedelta(hours=hours) for hours in (0, 1, 9, 11, 30, 24 * 2000)]),
    st.none() | st.sampled_from(Success), st.sampled_from([None, "Interview"]), only_the_day=st.booleans(),
)  # fmt: skip
