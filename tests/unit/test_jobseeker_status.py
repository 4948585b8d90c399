"""What a jobseeker sees of an application, and in which words."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from application_status.applications.rules.application import Application, Position
from application_status.applications.rules.notes import FeedbackReason
from application_status.applications.rules.report import Channel, Interpretation, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.jobseeker.forms import FormResult
from application_status.jobseeker.listing import Show
from application_status.jobseeker.rules.status import JobseekerStatus, ProgressStep, jobseeker_view
from application_status.platform.values import application_id, from_text
from application_status.texts.texts import LANGUAGES, Texts
from support.histories import REGISTRATION, application, at, move, row
from support.world import ATS, registration

APPLIED = from_text("2026-11-01T09:00:00.000Z")
DAY, NO_DELAY = timedelta(days=1), timedelta()


def entered(
    day: float,
    status: Status | None,
    outcome: Outcome | None = None,
    received: float | None = None,
    label: str = "Stage 3",
) -> Transition:
    """Return a transition so many days after the application, and received then or so many days after it."""
    return Transition(
        channel=Channel.ATSI,
        interpretation=Interpretation(status=status, outcome=outcome, raw_status=label),
        effective_at=APPLIED + day * DAY,
        received_at=APPLIED + (day if received is None else received) * DAY,
        tiebreaker=str(status.rank if status else 0),
    )


def an_application(*transitions: Transition, **more: object) -> Application:
    known = sorted((each for each in transitions if each.status), key=lambda each: each.key)
    return Application(
        application_id=application_id("51c3be16-0f93-41ed-9cc0-9092222d7333"),
        ats_id=ATS,
        status=Status(str(known[-1].status)) if known else Status.APPLIED,
        version=1 + len(transitions),
        head=known[-1].key if known else None,
        transitions={each.key: each for each in transitions},
        **more,  # type: ignore[arg-type]
    )


def statuses_shown(of: Application, day: float = 30, delay: timedelta = NO_DELAY) -> list[JobseekerStatus]:
    """Return the statuses that the jobseeker sees on a day."""
    changes = jobseeker_view(of, registration(applied_at=APPLIED), APPLIED + day * DAY, delay).changes
    return [change.status for change in changes]


def test_newest_outcome_of_one_label_is_shown() -> None:
    """An ATS may report an end by two ways, of which one says more about the same label."""
    rejected = entered(2, Status.REJECTED, Outcome.NOT_SELECTED)
    withdrew = entered(3, Status.REJECTED, Outcome.CANDIDATE_WITHDREW)
    of = an_application(rejected, withdrew)
    ended, withdrawn = JobseekerStatus.NO_LONGER_CONSIDERED, JobseekerStatus.WITHDRAWN
    assert statuses_shown(of) == [JobseekerStatus.APPLIED, ended, withdrawn]
    assert statuses_shown(of, day=3.5, delay=5 * DAY) == [JobseekerStatus.APPLIED, withdrawn]
    again = entered(4, Status.REJECTED, Outcome.CANDIDATE_WITHDREW)
    assert statuses_shown(an_application(rejected, withdrew, again)) == [JobseekerStatus.APPLIED, ended, withdrawn]


@pytest.mark.parametrize(
    ("status", "outcome", "shown", "step"),
    [
        (Status.LEAD, None, JobseekerStatus.NOTED, ProgressStep.APPLIED),
        (Status.CONTACT, None, JobseekerStatus.IN_CONTACT, ProgressStep.REVIEW),
        (Status.PRE_INTERVIEW, None, JobseekerStatus.IN_REVIEW, ProgressStep.REVIEW),
        (Status.INTERVIEW, None, JobseekerStatus.INTERVIEW, ProgressStep.INTERVIEW),
        (Status.POST_INTERVIEW, None, JobseekerStatus.AFTER_INTERVIEW, ProgressStep.INTERVIEW),
        (Status.OFFER, None, JobseekerStatus.OFFER, ProgressStep.OFFER),
        (Status.HIRED, Outcome.HIRED, JobseekerStatus.HIRED, ProgressStep.HIRED),
        (Status.REJECTED, None, JobseekerStatus.NO_LONGER_CONSIDERED, None),
        (Status.REJECTED, Outcome.ENDED_UNKNOWN, JobseekerStatus.NO_LONGER_CONSIDERED, None),
        (Status.REJECTED, Outcome.NOT_SELECTED, JobseekerStatus.NO_LONGER_CONSIDERED, None),
        (Status.REJECTED, Outcome.CANDIDATE_WITHDREW, JobseekerStatus.WITHDRAWN, None),
        (Status.REJECTED, Outcome.OFFER_DECLINED, JobseekerStatus.OFFER_DECLINED, None),
        (Status.REJECTED, Outcome.POSITION_CLOSED, JobseekerStatus.POSITION_CLOSED, None),
    ],
)
def test_each_status_and_outcome_has_its_standing(
    status: Status, outcome: Outcome | None, shown: JobseekerStatus, step: ProgressStep | None
) -> None:
    """An end is no step; nothing else finishes but a hire."""
    assert statuses_shown(an_application(entered(1, status, outcome))) == [JobseekerStatus.APPLIED, shown]
    assert shown.step == step
    assert shown.finished == (step in {None, ProgressStep.HIRED})


def test_application_without_reports_is_applied() -> None:
    """An application that was only registered is shown as applied."""
    of = jobseeker_view(an_application(), registration(applied_at=APPLIED), APPLIED, NO_DELAY)
    assert (of.last.status, of.last.at, of.step) == (JobseekerStatus.APPLIED, APPLIED, ProgressStep.APPLIED)


def test_changes_are_in_the_order_in_which_they_took_effect() -> None:
    """A late report is inserted at its effective time; an unmapped label is not shown."""
    late = entered(1, Status.CONTACT, received=9)
    of = an_application(entered(3, Status.INTERVIEW), late, entered(4, None))
    assert statuses_shown(of) == [JobseekerStatus.APPLIED, JobseekerStatus.IN_CONTACT, JobseekerStatus.INTERVIEW]


def test_start_and_end_are_shown_once_and_a_stage_again() -> None:
    """A second interview is shown; a repeated stage or a second report of the same end is not."""
    of = an_application(
        entered(0.5, Status.APPLIED), entered(2, Status.INTERVIEW), entered(3, Status.INTERVIEW, label="2nd"),
        entered(3.5, Status.INTERVIEW, label=" 2ND"), entered(4, Status.REJECTED),
        entered(5, Status.REJECTED, Outcome.NOT_SELECTED),
    )  # fmt: skip
    ends = jobseeker_view(of, registration(applied_at=APPLIED), APPLIED + 30 * DAY, NO_DELAY)
    interviews = [JobseekerStatus.INTERVIEW] * 2
    assert [each.status for each in ends.changes] == [
        JobseekerStatus.APPLIED,
        *interviews,
        JobseekerStatus.NO_LONGER_CONSIDERED,
    ]
    assert ends.last.at == APPLIED + 4 * DAY


def test_nothing_happened_before_the_application() -> None:
    """A date without time of day lies hours before the application of the same day."""
    of = jobseeker_view(
        an_application(entered(-0.3, Status.CONTACT)), registration(applied_at=APPLIED), APPLIED, NO_DELAY
    )
    assert [change.at for change in of.changes] == [APPLIED, APPLIED]


@pytest.mark.parametrize(
    ("statuses", "step"),
    [
        ([Status.INTERVIEW], ProgressStep.INTERVIEW),
        ([Status.INTERVIEW, Status.APPLIED], ProgressStep.APPLIED),
        ([Status.INTERVIEW, Status.APPLIED, Status.REJECTED], ProgressStep.INTERVIEW),
        ([Status.OFFER, Status.HIRED], ProgressStep.HIRED),
        ([Status.OFFER, Status.HIRED, Status.REJECTED], ProgressStep.OFFER),
    ],
)
def test_step_is_the_present_one_or_the_furthest_before_the_end(statuses: list[Status], step: ProgressStep) -> None:
    """A hire that was taken back is not reached."""
    of = an_application(*(entered(day, status) for day, status in enumerate(statuses, start=1)))
    assert jobseeker_view(of, registration(applied_at=APPLIED), APPLIED + 30 * DAY, NO_DELAY).step is step


@pytest.mark.parametrize("outcome", [None, Outcome.NOT_SELECTED, Outcome.POSITION_CLOSED])
def test_rejection_is_shown_when_the_delay_after_its_receipt_is_over(outcome: Outcome | None) -> None:
    """Until then the application shows as it stood, however long ago the sender says that it was."""
    of = an_application(entered(2, Status.INTERVIEW), entered(3, Status.REJECTED, outcome, received=10))
    before = [JobseekerStatus.APPLIED, JobseekerStatus.INTERVIEW]
    assert statuses_shown(of, 11.99, 2 * DAY) == before
    after = statuses_shown(of, 12, 2 * DAY)
    assert after[:2] == before
    assert after[2].bad_news
    assert statuses_shown(of, 10) == after, "without a delay at once"


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [(Outcome.CANDIDATE_WITHDREW, JobseekerStatus.WITHDRAWN), (Outcome.OFFER_DECLINED, JobseekerStatus.OFFER_DECLINED)],
)
def test_what_the_applicant_decided_does_not_wait(outcome: Outcome, shown: JobseekerStatus) -> None:
    """A withdrawal and a declined offer are shown at once, each with its own text."""
    of = an_application(entered(3, Status.REJECTED, outcome))
    assert statuses_shown(of, 3, 2 * DAY) == [JobseekerStatus.APPLIED, shown]


def test_hire_is_shown_without_delay() -> None:
    """The delay applies only to rejections and closed positions."""
    assert statuses_shown(an_application(entered(3, Status.HIRED)), 3, 2 * DAY)[-1] is JobseekerStatus.HIRED


@pytest.mark.parametrize(("corrected", "shown"), [(4.9, False), (5.1, True)])
def test_rejection_taken_back_within_the_delay_is_never_shown(corrected: float, shown: bool) -> None:
    """It is shown neither then nor later; one that was shown stays in the history."""
    of = an_application(entered(3, Status.REJECTED), entered(corrected, Status.INTERVIEW))
    expected = [JobseekerStatus.APPLIED, *[JobseekerStatus.NO_LONGER_CONSIDERED] * shown, JobseekerStatus.INTERVIEW]
    assert statuses_shown(of, 30, 2 * DAY) == expected
    assert statuses_shown(an_application(entered(3, Status.REJECTED)), 4.9, 2 * DAY) == [JobseekerStatus.APPLIED]


def test_second_rejection_does_not_prolong_the_delay() -> None:
    """The delay is counted from the first rejection."""
    of = an_application(entered(3, Status.REJECTED), entered(4, Status.REJECTED, Outcome.NOT_SELECTED))
    assert statuses_shown(of, 5, 2 * DAY) == [JobseekerStatus.APPLIED, JobseekerStatus.NO_LONGER_CONSIDERED]


def shown_of(*transitions: Transition, day: float, delay: timedelta = 2 * DAY) -> list[JobseekerStatus]:
    """Return the changes after applying that the jobseeker sees on a day."""
    of = application(*transitions)
    changes = jobseeker_view(of, REGISTRATION, at(day), delay).changes
    return [change.status for change in changes[1:]]


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (row("REJECTED", 30, upload=700), True),
        (row("REJECTED", 685.9, upload=700), True),
        (row("REJECTED", 686, upload=700), False),
        (row("REJECTED", None, upload=700), False),
        (move("REJECTED", 30, delay=670 * DAY), False),
    ],
    ids=["history", "14.1 days old", "14 days old", "undated", "from another channel"],
)
def test_bad_news_of_history_is_shown_at_once(told: Transition, seen: bool) -> None:
    """The delay of a dated row of a file began when it took effect, if that was more than 14 days before the upload."""
    interview = row("INTERVIEW", 5, upload=700)
    ended = [JobseekerStatus.INTERVIEW, JobseekerStatus.NO_LONGER_CONSIDERED]
    assert shown_of(interview, told, day=700) == ended[: 1 + seen]
    assert shown_of(interview, told, day=702) == ended


@pytest.mark.parametrize("upload", [700, 31.5])
@pytest.mark.parametrize(("corrected", "seen"), [(31.9, False), (32, True), (40, True)])
def test_bad_news_of_history_that_was_corrected_within_the_delay_is_never_shown(
    corrected: float, seen: bool, upload: float
) -> None:
    """Whether history or ordinary reports say so: the file has both, with the times at which they took effect."""
    if upload < corrected:  # as they happened
        moves = [move("REJECTED", 30), move("INTERVIEW", corrected)]
    else:
        moves = [row("REJECTED", 30, upload=upload), row("INTERVIEW", corrected, upload=upload)]
    ended = [JobseekerStatus.NO_LONGER_CONSIDERED] * seen
    assert shown_of(*moves, day=701) == [*ended, JobseekerStatus.INTERVIEW]


@pytest.mark.parametrize(
    ("correction", "seen"),
    [
        (row("INTERVIEW", 31, upload=710), True),
        (row("INTERVIEW", 31, upload=690), False),
        (move("INTERVIEW", 650), False),
        (move("INTERVIEW", 701), True),
    ],
    ids=["a later file", "an earlier file", "known before", "afterwards"],
)
def test_what_was_shown_of_history_stays(correction: Transition, seen: bool) -> None:
    """It is shown from the upload on, unless something newer is known by then."""
    ended = [JobseekerStatus.NO_LONGER_CONSIDERED] * seen
    moves = row("REJECTED", 30, upload=700), correction
    assert shown_of(*moves, day=720) == [*ended, JobseekerStatus.INTERVIEW]


def test_long_delay_of_history_ends_as_if_it_had_been_reported_then() -> None:
    """A delay of 20 days from a rejection 15 days before the upload."""
    told = row("REJECTED", 685, upload=700)
    ended = [JobseekerStatus.NO_LONGER_CONSIDERED]
    assert shown_of(told, day=704.9, delay=20 * DAY) == []
    assert shown_of(told, day=705, delay=20 * DAY) == ended
    assert shown_of(told, move("INTERVIEW", 704), day=720, delay=20 * DAY) == [JobseekerStatus.INTERVIEW]


@pytest.mark.parametrize("upload", [32, 700])
def test_without_a_delay_all_of_a_file_is_shown(upload: float) -> None:
    """Also what the next row corrects."""
    moves = row("REJECTED", 30, upload=upload), row("INTERVIEW", 31, upload=upload)
    ended = [JobseekerStatus.NO_LONGER_CONSIDERED, JobseekerStatus.INTERVIEW]
    assert shown_of(*moves, day=700, delay=NO_DELAY) == ended


@pytest.mark.parametrize(("day", "shown"), [(11.9, False), (12, True)])
def test_closed_position_waits_likewise(day: float, shown: bool) -> None:
    """The delay begins at the receipt, so a closing that was reported late is not shown at once."""
    ended = {
        "a": Position(ended=True, since=APPLIED + 8 * DAY, day_offset=None, received_at=APPLIED + 10 * DAY, version=1)
    }
    of = an_application(entered(2, Status.INTERVIEW), positions=ended)
    expected = [JobseekerStatus.APPLIED, JobseekerStatus.INTERVIEW, *[JobseekerStatus.POSITION_CLOSED] * shown]
    assert statuses_shown(of, day, 2 * DAY) == expected


@pytest.mark.parametrize(("offset", "day"), [(None, None), (60, date(2026, 11, 9)), (-60, date(2026, 11, 8))])
def test_position_that_closed_on_a_day_shows_the_day_that_was_sent(offset: int | None, day: date | None) -> None:
    """In the sender's zone; a time shows no day."""
    since = from_text("2026-11-08T23:30:00.000Z")
    ended = Position(ended=True, since=since, day_offset=offset, received_at=since, version=1)
    view = jobseeker_view(
        an_application(positions={"a": ended}), registration(applied_at=APPLIED), APPLIED + 30 * DAY, NO_DELAY
    )
    assert (view.changes[-1].status, view.changes[-1].day) == (JobseekerStatus.POSITION_CLOSED, day)


@pytest.mark.parametrize("t", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize(
    ("section", "members"),
    [
        ("status", list(JobseekerStatus)),
        ("next", list(JobseekerStatus)),
        ("step", [step.name.lower() for step in ProgressStep]),
        ("reasons", list(FeedbackReason)),
        ("filter", list(Show)),
        ("none", list(Show)),
        ("done", [each for each in FormResult if not each.is_mistake]),
        ("mistake", [each for each in FormResult if each.is_mistake]),
    ],
)
def test_there_are_words_for_everything(t: Texts, section: str, members: Sequence[str]) -> None:
    """Each status, step, reason, filter and result has a text, and no text is a status of the contract."""
    named = {key.rpartition(".")[2] for key in t.keys() if key.startswith(f"jobseeker.{section}.")}  # noqa: SIM118
    assert named == set(members)
    said = [t.raw(f"jobseeker.{section}.{each}") for each in members]
    assert not any("_" in text or text.isupper() or "reject" in text.lower() for text in said)
