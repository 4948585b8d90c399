"""The Lambda function that signs people in and out."""

import os
from typing import NamedTuple

from application_status.access.sessions import IdTokens
from application_status.platform.settings import read
from application_status.sign_in.endpoint import LoginPages, sign_in


class SignInSettings(NamedTuple):
    """Environment: USER_POOL_ISSUER and LOGIN_URL, the addresses of the user pool and of its login pages."""

    user_pool_issuer: str
    login_url: str


_settings = read(SignInSettings, os.environ)

lambda_handler = sign_in(LoginPages(_settings.login_url), IdTokens(_settings.user_pool_issuer))
