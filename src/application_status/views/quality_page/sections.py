"""All that the page shows of its reports, in the order in which it shows them."""

from collections.abc import Iterator, Mapping

from application_status.views.quality_page import atss, parts, whole
from application_status.views.quality_page.questions import Questions
from application_status.views.quality_page.section import Section
from application_status.views.quality_page.words import Numbers
from application_status.views.report import Report


def of_period(reports: Mapping[str, Report]) -> Numbers:
    """Return the numbers about the period as a whole; no two kinds of report have the same measure."""
    return Numbers(row for name in ("cohort", "activity", "silence") for row in reports[name].rows)


def sections(asked: Questions, reports: Mapping[str, Report]) -> Iterator[Section]:
    """Yield the page's sections."""
    numbers = of_period(reports)
    yield whole.funnel(numbers)
    yield whole.outcomes(numbers)
    if "over-time" in reports:
        yield parts.over_time(reports["over-time"], asked.interval)
    yield whole.times(numbers)
    yield whole.waiting(numbers)
    yield whole.silence(numbers)
    yield whole.coverage(numbers)
    if "health" in reports:
        yield atss.health(reports["health"].rows)
    if "unmapped" in reports:
        yield atss.unmapped(reports["unmapped"])
    for name in ("by-ats", "by-job"):
        if name in reports:
            yield parts.comparison(name, reports[name], asked.address)
