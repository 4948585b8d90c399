"""What the local service starts with: an ATS with the contract's token, and applications to report about."""

from dataclasses import dataclass
from datetime import timedelta

from application_status.access.tokens import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.application import Aliases, Registration
from application_status.platform.values import AtsId, application_id, now

TOKEN = "node01nwh2px2exa8a1d7006h0cnbof7.node0"  # noqa: S105  # the ATSi contract's published sample
TEST_TOKEN = "atsi_test_demo0001_TryTheServiceWithThisTokenOfTheLocalDemo0003i9xHe"  # noqa: S105  # the sandbox's
ATS_ID = AtsId("demo-ats")
JOBSEEKER_ID = "jobseeker-1"
_NO_ALIASES = Aliases()
_DAYS_APART = 8  # so that reports on them are shown at once: the newest days wait for their fifth application


@dataclass(frozen=True, slots=True)
class _Sample:
    application_id: str
    job_title: str
    company: str
    aliases: Aliases = _NO_ALIASES


_SEEK_SAMPLE = Aliases(  # those of the Selection Signals contract's published sample
    tokens=("globalPublicTest-WfRFAhG25YC8ADe3QvxAVz",),
    position_profile_ids=("seekAnzPublicTest:positionProfile:jobAd:27cuZeA47",),
)

SAMPLES = (
    _Sample("51c3be16-0f93-41ed-9cc0-9092222d7333", "Python Developer", "Example GmbH"),
    _Sample("0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b01", "Data Engineer", "Example GmbH", _SEEK_SAMPLE),
    _Sample("0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b02", "Pflegefachkraft (m/w/d)", "Muster Klinik AG"),
)


def seed(tokens: TokenRegister, registrations: Registrations) -> None:
    """Store the demo's tokens and its own applications."""
    tokens.add(TOKEN, ATS_ID)
    tokens.add(TEST_TOKEN, ATS_ID)
    for number, sample in enumerate(SAMPLES, start=1):
        registration = Registration(
            ats_id=ATS_ID,
            client_id=sample.company.split()[0].lower(),
            job_id=f"job-{number}",
            jobseeker_id=JOBSEEKER_ID,
            job_title=sample.job_title,
            company=sample.company,
            applied_at=now() - timedelta(days=_DAYS_APART * number),
            aliases=sample.aliases,
        )
        registrations.register(application_id(sample.application_id), registration)
