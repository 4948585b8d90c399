"""Example requests and replies, from the published samples of the contracts and from the README."""

from typing import Any

from application_status.applications.register import RegistrationResult
from application_status.local import demo

_ID = "51c3be16-0f93-41ed-9cc0-9092222d7333"
_REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
_FILE = "5f0c2f6e-8a0e-4a6c-9a55-3f1f0d6f5b11"

TOKEN = "node01nwh2px2exa8a1d7006h0cnbof7.node0"  # noqa: S105  # the ATSi contract's published sample

PATHS = {
    "/api/application-status/{AtsiApplicationId}": _ID,
    "/api/applications/{AtsiApplicationId}": "7d0c1b52-4a36-4be3-a7ac-4e2f2c6d1a11",
    "/api/applications/{AtsiApplicationId}/aliases": "7d0c1b52-4a36-4be3-a7ac-4e2f2c6d1a11",
    "/api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}": "7d0c1b52-4a36-4be3-a7ac-4e2f2c6d1a11",
    "/api/my/applications/{AtsiApplicationId}": _ID,
    "/api/application-status/files/{FileId}": _FILE,
    "/qs-api/public/atsi/v1/{ATS_ID}": "demo-ats",
}
"""The example of each path's parameter."""

REPORTS = {
    "first form": {"AtsiApplicationId": _ID, "Status": "APPLIED"},
    "later form": {
        "AtsiApplicationId": _ID,
        "Status": "CONTACT",
        "RawStatus": "1st phone interview",
    },
}
REPORT_REPLIES = {
    "recorded": {
        "AtsiApplicationId": _ID,
        "Status": "CONTACT",
        "PreviousStatus": "APPLIED",
        "Result": "recorded",
        "Version": 2,
        "RequestId": _REQUEST_ID,
    },
}
BATCHES: dict[str, dict[str, Any]] = {
    "two reports": {
        "Reports": [
            {"AtsiApplicationId": _ID, "Status": "CONTACT", "RawStatus": "1st phone interview"},
            {
                "AtsiApplicationId": "0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b02",
                "Status": "HIRED",
                "IdempotencyKey": "change-4711",
            },
        ]
    }
}
BATCH_REPLIES: dict[str, dict[str, Any]] = {
    "recorded": {"Results": [{"Index": 0, "Reply": REPORT_REPLIES["recorded"]}], "RequestId": _REQUEST_ID}
}
MIXED_BATCH_REPLIES: dict[str, dict[str, Any]] = {
    "one unknown application": {
        "Results": [
            *BATCH_REPLIES["recorded"]["Results"],
            {
                "Index": 1,
                "Problem": {
                    "type": "/problems/unknown-application",
                    "title": "Unknown application",
                    "status": 404,
                    "detail": "You have no application with this AtsiApplicationId.",
                    "requestId": _REQUEST_ID,
                },
            },
        ],
        "RequestId": _REQUEST_ID,
    }
}
APPLICATIONS = {
    "after a call": {
        "AtsiApplicationId": _ID,
        "Status": "CONTACT",
        "RawStatus": "1st phone interview",
        "Outcome": "open",
        "OutcomeInferred": False,
        "Version": 2,
        "AppliedAt": "2022-07-01T09:00:00.000Z",
        "Transitions": [
            {
                "Status": "CONTACT",
                "RawStatus": "1st phone interview",
                "RawPhase": None,
                "Success": None,
                "Outcome": "open",
                "Mapping": None,
                "EffectiveAt": "2022-07-29T11:26:11.106Z",
                "EffectiveDay": None,
                "HasBusinessDate": True,
                "TimeSource": "reported",
                "ReceivedAt": "2022-07-29T11:27:02.000Z",
                "Late": False,
                "FromPrevious": False,
                "Folded": 0,
            }
        ],
        "RequestId": _REQUEST_ID,
    }
}
APPLICATION_LISTS: dict[str, dict[str, Any]] = {
    "last page": {
        "Applications": [
            {
                "AtsiApplicationId": _ID,
                "Status": "CONTACT",
                "RawStatus": "1st phone interview",
                "Outcome": "open",
                "OutcomeInferred": False,
                "ChangedAt": "2022-07-29T11:26:11.106Z",
                "AppliedAt": "2022-07-01T09:00:00.000Z",
                "JobTitle": "Python Developer",
                "Version": 2,
            }
        ],
        "Next": None,
        "RequestId": _REQUEST_ID,
    }
}
REGISTRATIONS = {
    "with aliases": {
        "AtsId": "workday",
        "ClientId": "client-1",
        "JobId": "job-1",
        "JobseekerId": "p-93f1",
        "JobTitle": "Python Developer",
        "Company": "Example GmbH",
        "AppliedAt": "2022-07-01T09:00:00Z",
        "Link": "https://www.example.com/jobs/python-developer",
        "Location": "Berlin",
        "Aliases": {"Token": ["7DtW6Q68gk2R4okNGhvg1Y"]},
    }
}
ALIASES: dict[str, dict[str, Any]] = {
    "ids of the ATS": {
        "Aliases": {"Greenhouse": {"ApplicationId": "700100", "CandidateId": "500200", "JobId": "300400"}}
    },
    "renewed token": {"Aliases": {"Token": ["8EuX7R79hl3S5plOHiwh2Z"]}},
}
REGISTRATION_REPLIES = {
    result: {"AtsiApplicationId": _ID, "Result": result, "RequestId": _REQUEST_ID}
    for result in map(str, RegistrationResult)
}
_SANDBOXED = "f1d2c3b4-5a69-4788-9a0b-1c2d3e4f5a6b"
SANDBOX_APPLICATIONS = {
    "created": {
        "AtsiApplicationId": _SANDBOXED,
        "Status": "APPLIED",
        "AppliedAt": "2026-11-22T09:00:00.000Z",
        "ExpiresAt": "2026-11-29T09:00:00.000Z",
        "Aliases": {
            "Token": [f"sandbox:token:{_SANDBOXED}"],
            "CandidateApplicationProfileId": [f"sandbox:candidateProfile:{_SANDBOXED}"],
            "PositionProfileIds": [f"sandbox:positionProfile:{_SANDBOXED}"],
        },
        "RequestId": _REQUEST_ID,
    }
}
SANDBOX_REQUESTS: dict[str, dict[str, Any]] = {
    "a report, and a signal that was dropped": {
        "Requests": [
            {
                "At": "2026-11-22T09:05:00.000Z",
                "Method": "POST",
                "Path": "/graphql",
                "Status": 200,
                "RequestId": "0d2f6b1e-7b61-11e6-9a41-93e8deadbeef",
                "ContentType": "application/json",
                "Received": '{"query": "mutation ...',
                "ReceivedBytes": 273,
                "Understood": [
                    {
                        "Result": "dropped",
                        "Reason": "No application of your ATS has this token or profile id.",
                        "About": "sandbox:token:unknown",
                    }
                ],
                "UnderstoodLeftOut": 0,
                "Problems": [],
            },
            {
                "At": "2026-11-22T09:04:00.000Z",
                "Method": "POST",
                "Path": "/api/application-status",
                "Status": 200,
                "RequestId": _REQUEST_ID,
                "ContentType": "application/json",
                "Received": f'{{"AtsiApplicationId": "{_SANDBOXED}", "Status": "REJECTED", "RawStatus": "Withdrawn"}}',
                "ReceivedBytes": 103,
                "Understood": [
                    {
                        "Result": "recorded",
                        "AtsiApplicationId": _SANDBOXED,
                        "Status": "REJECTED",
                        "RawStatus": "Withdrawn",
                        "Outcome": "candidate_withdrew",
                        "Mapping": "withdrawn@2026-11-27",
                        "EffectiveAt": "2026-11-22T09:04:00.000Z",
                        "TimeSource": "received",
                        "ApplicationStatus": "REJECTED",
                    }
                ],
                "UnderstoodLeftOut": 0,
                "Problems": [],
            },
        ],
        "RequestId": _REQUEST_ID,
    }
}
_BUCKET = "https://application-status-prod-filesbucket-1x2y3z.s3.eu-central-1.amazonaws.com/"
CREATED_FILES: dict[str, dict[str, Any]] = {
    "created": {
        "FileId": _FILE,
        "UploadUrl": _BUCKET,
        "UploadFields": {
            "key": f"uploads/live/demo-ats/{_FILE}",
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": "ASIAEXAMPLE/20261122/eu-central-1/s3/aws4_request",
            "x-amz-date": "20261122T090000Z",
            "x-amz-security-token": "IQoJb3JpZ2luX2Vj...",
            "policy": "eyJleHBpcmF0aW9uIjogIjIw...",
            "x-amz-signature": "4f2c...",
        },
        "ExpiresAt": "2026-11-22T10:00:00.000Z",
        "MaxBytes": 1073741824,
        "RequestId": _REQUEST_ID,
    }
}
FILE_STATUSES: dict[str, dict[str, Any]] = {
    "importing": {
        "FileId": _FILE,
        "State": "importing",
        "CreatedAt": "2026-11-22T09:00:00.000Z",
        "UploadedAt": "2026-11-22T09:01:00.000Z",
        "Bytes": 6400000,
        "Rows": 100000,
        "RowsRead": 25000,
        "Recorded": 24100,
        "Unchanged": 700,
        "Late": 150,
        "Unmapped": 48,
        "Refused": 2,
        "RowsPerSecond": 1000,
        "EstimatedEnd": "2026-11-22T09:02:45.000Z",
        "IgnoredColumns": ["Remark"],
        "RequestId": _REQUEST_ID,
    },
    "completed": {
        "FileId": _FILE,
        "State": "completed",
        "CreatedAt": "2026-11-22T09:00:00.000Z",
        "UploadedAt": "2026-11-22T09:01:00.000Z",
        "Bytes": 6400000,
        "Rows": 100000,
        "RowsRead": 100000,
        "Recorded": 96400,
        "Unchanged": 2800,
        "Late": 600,
        "Unmapped": 192,
        "Refused": 8,
        "RowsPerSecond": 980,
        "RefusedRows": f"{_BUCKET}refused/{_FILE}.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600...",
        "RefusedRowsListed": 8,
        "RequestId": _REQUEST_ID,
    },
    "refused": {
        "FileId": _FILE,
        "State": "refused",
        "CreatedAt": "2026-11-22T09:00:00.000Z",
        "UploadedAt": "2026-11-22T09:01:00.000Z",
        "Bytes": 81234,
        "Reason": "The file is a ZIP archive, not CSV. Send the CSV file in it as it is, or compressed with gzip.",
        "RequestId": _REQUEST_ID,
    },
}
CONNECTION = "gr-7k2m9q4x"
DELIVERY_REPLIES: dict[str, dict[str, Any]] = {
    "recorded": {"Results": ["recorded"], "RequestId": _REQUEST_ID},
    "test": {"Results": ["test"], "RequestId": _REQUEST_ID},
}
CONNECTIONS: dict[str, dict[str, Any]] = {
    "active": {
        "ConnectionId": CONNECTION,
        "Provider": "greenhouse",
        "AtsId": "greenhouse",
        "ClientId": "client-1",
        "State": "active",
        "CreatedAt": "2026-11-02T09:00:00.000Z",
        "Secrets": 1,
        "Checklist": ["Create a web hook with this URL and secret key for each event."],
        "EventTypes": [{"Name": "candidate_stage_change", "Received": 214, "LastAt": "2026-11-22T09:00:00.000Z"}],
        "LastTestAt": "2026-11-02T09:10:00.000Z",
        "LastRefusal": {
            "At": "2026-11-02T09:05:00.000Z",
            "Reason": "Signature is missing, or was sent several times; a webhook that has a secret sends it once.",
        },
        "Labels": [
            {"Label": "Bucket 7", "Status": None, "Outcome": None, "LastAt": "2026-11-20T09:00:00.000Z"},
            {"Label": "Phone Interview", "Status": "INTERVIEW", "Outcome": None, "LastAt": "2026-11-22T09:00:00.000Z"},
        ],
        "Parked": {
            "Events": 1204,
            "Recorded": 3,
            "Newest": [
                {"Ids": "application 700101, candidate 500201, job 300400", "LastAt": "2026-11-26T09:00:00.000Z"}
            ],
        },
        "RequestId": _REQUEST_ID,
    }
}
SIGNALS: dict[str, dict[str, Any]] = {
    "the published sample": {
        "query": "mutation ($input: SendSignalInput!) { sendSignal(input: $input) }",
        "variables": {
            "input": {
                "typeCode": "ApplicationStatusUpdate",
                "token": "globalPublicTest-WfRFAhG25YC8ADe3QvxAVz",
                "positionProfileIds": "seekAnzPublicTest:positionProfile:jobAd:27cuZeA47",
                "current": {
                    "phase": {"label": "Hired", "index": 5, "total": 7},
                    "status": {"label": "Hired", "index": 11, "total": 14},
                    "success": True,
                    "timestamp": "2020-01-02T00:00:00.000Z",
                },
                "previous": {
                    "phase": {"label": "Offer", "index": 4, "total": 7},
                    "status": {"label": "Offer accepted", "index": 8, "total": 14},
                    "success": None,
                    "timestamp": "2020-01-01T00:00:00.000Z",
                },
            }
        },
    }
}
SIGNAL_REPLIES = {"sent": {"data": {"sendSignal": True}}}
TOKEN_REQUESTS = {
    "of a sender of Selection Signals": {
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
        "grant_type": "client_credentials",
    }
}
TOKEN_REPLIES = {"issued": {"access_token": "atsi_at_live_eyJhbGciOiJ...", "token_type": "Bearer", "expires_in": 1800}}
_APPLY_ID = {"indeedApplyID": "51c3be16-0f93-41ed-9cc0-9092222d7333"}
DISPOSITIONS: dict[str, dict[str, Any]] = {
    "a disposition": {
        "query": "mutation ($input: SendPartnerDispositionInput!) { partnerDisposition { send(input: $input) { "
        "numberGoodDispositions failedDispositions { identifiedBy { indeedApplyID } rationale } } } }",
        "variables": {
            "input": {
                "dispositions": [
                    {
                        "identifiedBy": _APPLY_ID,
                        "dispositionStatus": "INTERVIEW",
                        "rawDispositionStatus": "On-site",
                        "rawDispositionDetails": "",
                        "atsName": "demo-ats",
                        "statusChangeDateTime": "2026-11-02T09:30:00Z",
                    }
                ]
            }
        },
    }
}
DISPOSITION_REPLIES: dict[str, dict[str, Any]] = {
    "good": {"data": {"partnerDisposition": {"send": {"numberGoodDispositions": 1, "failedDispositions": []}}}},
    "failed": {
        "data": {
            "partnerDisposition": {
                "send": {
                    "numberGoodDispositions": 0,
                    "failedDispositions": [
                        {
                            "identifiedBy": _APPLY_ID,
                            "rationale": "identifiedBy.indeedApplyID: You have no application with this id; expected: "
                            "an id under which the job board sent you the application",
                        }
                    ],
                }
            }
        }
    },
}
