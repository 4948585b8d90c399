"""All that the page shows of its reports, in the order in which it shows them."""

from collections.abc import Iterator, Mapping

from application_status.views.quality_page import atss, parts, whole
from application_status.views.quality_page.questions import Questions
from application_status.views.quality_page.section import About, Section
from application_status.views.quality_page.words import Numbers
from application_status.views.report import Report


def of_period(reports: Mapping[str, Report]) -> Numbers:
    """Return the numbers about the period as a whole; no two kinds of report have the same measure."""
    return Numbers(row for name in ("cohort", "activity", "silence") for row in reports[name].rows)


def sections(asked: Questions, reports: Mapping[str, Report]) -> Iterator[Section]:
    """Yield the page's sections."""
    numbers, about = of_period(reports), About.of(asked.whole)
    yield whole.funnel(numbers, about)
    yield whole.outcomes(numbers, about)
    if "over-time" in reports:
        yield parts.over_time(reports["over-time"], asked.interval, about)
    yield whole.times(numbers, about)
    yield whole.waiting(numbers, about)
    yield whole.silence(numbers, about)
    yield whole.coverage(numbers, about)
    if "health" in reports:
        yield atss.health(reports["health"].rows, about)
    if "unmapped" in reports:
        yield atss.unmapped(reports["unmapped"], about)
    for name in ("by-ats", "by-job"):
        if name in reports:
            yield parts.comparison(name, reports[name], asked.address, about)
