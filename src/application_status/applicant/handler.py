"""A jobseeker's applications: from the table to what the jobseeker is told, in JSON or as a page."""

import os
from datetime import timedelta

from application_status.applicant.listing import page
from application_status.applicant.page import PAGE_PATH, failed, page_reply, refused
from application_status.applicant.replies import list_reply, one_reply
from application_status.errors import Forbidden
from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.path import path_id
from application_status.gateway.problems import Reply
from application_status.gateway.request import Request
from application_status.model.instant import now
from application_status.model.standing import told
from application_status.settings import MyApplicationsSettings, read
from application_status.store.apart import one_by_one
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.of_jobseekers import JobseekersApplications, Registered
from application_status.telemetry import left_out, logger

_ONE_PATH = "/api/my/applications/{AtsiApplicationId}"
_JOBSEEKER_CLAIM = "custom:jobseeker_id"
_SECONDS = 8.0  # a thousand applications are eleven calls


def make_handler(dynamodb: DynamoDB, settings: MyApplicationsSettings) -> LambdaHandler:
    """Make the handler of `GET /api/my/applications`, `/api/my/applications/{AtsiApplicationId}`, `/my/applications`.

    API Gateway has checked the sign-in; the user's claim custom:jobseeker_id says whose applications these are.
    """
    applications = JobseekersApplications(dynamodb, settings.applications_table)
    delay = timedelta(hours=settings.bad_news_delay_hours)

    def answer(request: Request) -> Reply:
        request.require_method("GET")
        jobseeker_id = _jobseeker(request)
        moment = now()
        if request.resource == _ONE_PATH:
            registered = applications.one(jobseeker_id, path_id(request))
            return one_reply(told(*registered, moment, delay), request)
        found = applications.all(jobseeker_id)
        each_told = one_by_one(found.applications, lambda registered: told(*registered, moment, delay), _left_out)
        listed = page([each for _, each in each_told], jobseeker_id, request)
        logger.info("listed", applications=len(listed.applications), request_id=request.request_id)
        if request.resource == PAGE_PATH:
            return page_reply(listed, moment.astimezone(settings.reporting_time_zone), request, complete=found.complete)
        return list_reply(listed, request, complete=found.complete)

    return endpoint(answer, refuse=refused, fail=failed, seconds=_SECONDS)


def _left_out(registered: Registered, error: Exception) -> None:
    left_out(registered[0].application_id, error)


def _jobseeker(request: Request) -> str:
    jobseeker_id = request.claims.get(_JOBSEEKER_CLAIM)
    if not jobseeker_id:
        raise Forbidden("You are signed in, but as no jobseeker.")
    return jobseeker_id


lambda_handler = make_handler(connect(), read(MyApplicationsSettings, os.environ))
