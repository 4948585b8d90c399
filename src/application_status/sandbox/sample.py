"""A sandbox's application: whose it is, what it is called, and how long it is there."""

import uuid
from datetime import timedelta

from application_status.model.application import Aliases, Registration
from application_status.model.identifiers import ApplicationId, AtsId, application_id
from application_status.model.instant import now

LIFE = timedelta(days=7)
"""How long an application of the sandbox is kept."""
CREATIONS_A_DAY = 200
"""How many applications of the sandbox an ATS may make on a day (UTC)."""


def sample(ats_id: AtsId) -> tuple[ApplicationId, Registration]:
    """Return a new application of an ATS, applied for just now, which signals may call by one alias of each kind."""
    new = application_id(str(uuid.uuid4()))
    return new, Registration(
        ats_id=ats_id,
        client_id="sandbox-client",
        job_id="sandbox-job",
        jobseeker_id="sandbox-jobseeker",
        job_title="Sandbox Tester",
        company="Sandbox GmbH",
        applied_at=now(),
        aliases=Aliases(
            tokens=(f"sandbox:token:{new}",),
            candidate_application_profile_ids=(f"sandbox:candidateProfile:{new}",),
            position_profile_ids=(f"sandbox:positionProfile:{new}",),
        ),
    )
