"""template.yaml as SAM expands it for CloudFormation: the API and the gateway's own errors."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

ANY = "x-amazon-apigateway-any-method"
IAM_PATHS = (
    "/api/applications/{AtsiApplicationId}",
    "/api/applications/{AtsiApplicationId}/aliases",
    "/api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}",
    "/api/feedback",
)
QUALITY_PATHS = OF_ATS, OF_USER, FOR_BOARD = ("/api/quality", "/api/my/quality", "/api/board/quality")
QUALITY_PAGE = "/quality"
DEFINITIONS_PATH = "/api/quality/definitions"
JOBSEEKER_PATHS = ("/api/my/applications", "/api/my/applications/{AtsiApplicationId}")
JOBSEEKERS_PAGE = "/my/applications"
SIGN_IN_PATHS = ("/sign-in", "/sign-in/callback", "/sign-out")
PAGES = ("/docs", "/docs/{File}", "/problems/{Type}")
UPTIME_PATH = "/health"
UNKNOWN_PATH = "/{proxy+}"
CONNECTION_PATHS = CONNECTION_PATH, CONNECTION_PAGE = (
    "/api/connections/{connectionId}",
    "/connections/{connectionId}",
)
CONNECT_PATH = "/connect/{provider}/{connectionId}/{key}"
SANDBOX_PATH = "/api/sandbox/applications"
REQUESTS_PATHS = ("/api/sandbox/requests", "/sandbox/requests")
LIST_PATH = "/api/application-status"
FILES_PATHS = ("/api/application-status/files", "/api/application-status/files/{FileId}")
TOKEN_PATHS = ("/oauth/token", "/oauth/v2/tokens")
READ_BACK_PATH = "/api/application-status/{AtsiApplicationId}"


def test_api_has_its_paths_for_any_method(api: dict[str, Any]) -> None:
    """The functions answer 405 themselves, and each path calls the alias `live` of its function."""
    assert api["openapi"] == "3.0.1"
    behind = {}
    for path, methods in api["paths"].items():
        assert methods.keys() == ({ANY, "get"} if path == LIST_PATH else {ANY})
        for method, described in methods.items():
            integration = described["x-amazon-apigateway-integration"]
            assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
            behind[path if method == ANY else f"{method} {path}"] = integration["uri"]["Fn::Sub"].partition(
                "functions/"
            )[2]
    assert behind == {
        "get /api/application-status": "${ViewsFunctionAliaslive}/invocations",
        "/api/application-status": "${WebhookFunctionAliaslive}/invocations",
        "/api/application-status/batch": "${BatchFunctionAliaslive}/invocations",
        "/qs-api/public/atsi/v1/{ATS_ID}": "${WebhookFunctionAliaslive}/invocations",
        "/graphql": "${SignalsFunctionAliaslive}/invocations",
        CONNECT_PATH: "${ConnectFunctionAliaslive}/invocations",
        **dict.fromkeys(IAM_PATHS, "${RegistryFunctionAliaslive}/invocations"),
        SANDBOX_PATH: "${SandboxFunctionAliaslive}/invocations",
        **dict.fromkeys(FILES_PATHS, "${FilesFunctionAliaslive}/invocations"),
        **dict.fromkeys(TOKEN_PATHS, "${OauthFunctionAliaslive}/invocations"),
        **dict.fromkeys((*JOBSEEKER_PATHS, JOBSEEKERS_PAGE), "${MyApplicationsFunctionAliaslive}/invocations"),
        **dict.fromkeys(SIGN_IN_PATHS, "${SignInFunctionAliaslive}/invocations"),
        **dict.fromkeys(
            (
                *CONNECTION_PATHS,
                *QUALITY_PATHS,
                QUALITY_PAGE,
                DEFINITIONS_PATH,
                READ_BACK_PATH,
                *REQUESTS_PATHS,
                *PAGES,
                UPTIME_PATH,
                UNKNOWN_PATH,
            ),
            "${ViewsFunctionAliaslive}/invocations",
        ),
    }


def test_who_has_to_sign(expanded: dict[str, Any], api: dict[str, Any]) -> None:
    """ATSs send a token to the function; the gateway checks users' sign-in and the board's AWS credentials.

    A Cognito authorizer reads no cookies, so the pages' functions verify the id token.
    """
    assert {path: methods[ANY].get("security") for path, methods in api["paths"].items()} == {
        "/api/application-status": None,
        "/api/application-status/batch": None,
        "/qs-api/public/atsi/v1/{ATS_ID}": None,
        "/graphql": None,
        CONNECT_PATH: None,
        **{path: [{"AWS_IAM": []}] for path in IAM_PATHS},
        OF_ATS: None,
        OF_USER: [{"Users": []}],
        CONNECTION_PATH: [{"Users": []}],
        **dict.fromkeys((QUALITY_PAGE, CONNECTION_PAGE, JOBSEEKERS_PAGE, *SIGN_IN_PATHS)),
        FOR_BOARD: [{"AWS_IAM": []}],
        DEFINITIONS_PATH: None,
        **{path: [{"Users": []}] for path in JOBSEEKER_PATHS},
        READ_BACK_PATH: None,
        SANDBOX_PATH: None,
        **dict.fromkeys(REQUESTS_PATHS),
        **dict.fromkeys(FILES_PATHS),
        **dict.fromkeys(TOKEN_PATHS),
        **dict.fromkeys((*PAGES, UPTIME_PATH, UNKNOWN_PATH)),
    }
    assert "security" not in api["paths"][LIST_PATH]["get"]
    schemes = api["components"]["securitySchemes"]
    assert schemes["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert schemes["Users"]["x-amazon-apigateway-authtype"] == "cognito_user_pools"
    assert schemes["Users"]["x-amazon-apigateway-authorizer"]["type"] == "cognito_user_pools"
    (pool,) = schemes["Users"]["x-amazon-apigateway-authorizer"]["providerARNs"]
    given = expanded["Parameters"]["UserPoolArn"]["Default"]  # SAM fills in the value
    assert pool["Fn::If"] == ["OwnUserPool", {"Fn::GetAtt": ["UserPool", "Arn"]}, given]
    assert "security" not in api
    for path in (*IAM_PATHS, FOR_BOARD):
        assert "credentials" not in api["paths"][path][ANY]["x-amazon-apigateway-integration"]


def test_api_is_regional_and_passes_bodies_on_as_received(resources: dict[str, Any], api: dict[str, Any]) -> None:
    """Its stage is v1; bodies of any type are binary, so that API Gateway does not change them."""
    properties = resources["Api"]["Properties"]
    assert properties["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert properties["Parameters"] == {"endpointConfigurationTypes": "REGIONAL"}
    assert (api["x-amazon-apigateway-binary-media-types"], properties["BinaryMediaTypes"]) == (["*/*"], ["*~1*"])
    ((name, stage),) = ((name, each) for name, each in resources.items() if each["Type"] == "AWS::ApiGateway::Stage")
    deployment = resources[stage["Properties"]["DeploymentId"]["Ref"]]["Properties"]
    assert stage["Properties"]["RestApiId"] == deployment["RestApiId"] == {"Ref": "Api"}
    assert (name, stage["Properties"]["StageName"]) == ("Apiv1Stage", "v1")


def test_every_path_is_throttled(expanded: dict[str, Any]) -> None:
    """One setting covers all methods of all paths; its limits are parameters."""
    (stage,) = (each for each in expanded["Resources"].values() if each["Type"] == "AWS::ApiGateway::Stage")
    (settings,) = stage["Properties"]["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["MetricsEnabled"] is True
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"}
    assert all(expanded["Parameters"][name]["Default"] > 0 for name in ("ThrottlingRate", "ThrottlingBurst"))


def test_access_logs_say_nothing_about_a_person_or_a_token(expanded: dict[str, Any]) -> None:
    """With the parameter, a JSON line for each request: only these values, of which none comes from its caller."""
    (stage,) = (each for each in expanded["Resources"].values() if each["Type"] == "AWS::ApiGateway::Stage")
    condition, setting, otherwise = stage["Properties"]["AccessLogSetting"]["Fn::If"]
    assert (condition, otherwise) == ("WritesAccessLogs", {"Ref": "AWS::NoValue"})
    assert expanded["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AccessLogs"}, "on"]}
    assert expanded["Parameters"]["AccessLogs"]["Default"] == "off"
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    assert expanded["Resources"]["ApiLogs"]["Condition"] == condition
    assert set(json.loads(setting["Format"]).values()) == {
        f"$context.{name}"
        for name in (
            "requestId",
            "extendedRequestId",
            "requestTimeEpoch",
            "httpMethod",
            "resourcePath",
            "status",
            "responseLatency",
            "responseLength",
            "integration.latency",
            "integration.status",
            "integration.requestId",
            "error.responseType",
        )
    }
    assert "DataTraceEnabled" not in stage["Properties"]["MethodSettings"][0]


def test_gateway_errors_are_problems(api: dict[str, Any]) -> None:
    """They have the form of the functions' errors: valid JSON once API Gateway has filled in its values."""
    responses = api["x-amazon-apigateway-gateway-responses"]
    assert responses.keys() == {
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "MISSING_AUTHENTICATION_TOKEN",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "UNAUTHORIZED",
        "WAF_FILTERED",
    }
    for kind, response in responses.items():
        headers = {name.rpartition(".")[2]: value for name, value in response["responseParameters"].items()}
        assert headers["Content-Type"] == "'application/problem+json'"
        assert headers["Cache-Control"] == "'no-store'"
        ((template, prefix),) = (each["Fn::Sub"] for each in response["responseTemplates"].values())
        assert prefix == {"Prefix": {"Fn::If": ["HasDomain", "", "/v1"]}}
        text = (
            template.replace("${Prefix}", "")
            .replace("$context.error.messageString", '"a \\"message\\""')
            .replace("$context.requestId", "an-id")
        )
        assert "$" not in text
        problem = json.loads(text)
        assert problem["requestId"] == "an-id", kind
        assert problem["type"].startswith("/problems/")
        assert problem["title"]
        assert problem["detail"]
        assert str(problem.get("status", "")) == response.get("statusCode", "")
        assert ("Retry-After" in headers) == (response.get("statusCode") in {"429", "503"})


def test_custom_domain_replaces_the_default_endpoint(expanded: dict[str, Any], api: dict[str, Any]) -> None:
    """The stage is mapped to the root of the domain, with TLS 1.2, and the record is written if the zone is given."""
    resources = expanded["Resources"]
    (server,) = api["servers"]
    off = server["x-amazon-apigateway-endpoint-configuration"]
    assert off == {"disableExecuteApiEndpoint": {"Fn::If": ["HasDomain", True, False]}}
    for name, parameter, certificate, condition, has_record in (
        ("ApiDomain", "DomainName", "CertificateArn", "HasDomain", "HasHostedZone"),
        ("SendersDomain", "SendersDomainName", "SendersCertificateArn", "HasSendersDomain", "HasSendersRecord"),
    ):
        domain, mapping = resources[name], resources[f"{name}Mapping"]
        assert domain["Condition"] == mapping["Condition"] == condition
        assert domain["Properties"]["DomainName"] == {"Ref": parameter}
        assert domain["Properties"]["RegionalCertificateArn"] == {"Ref": certificate}
        assert domain["Properties"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
        assert domain["Properties"]["SecurityPolicy"] == "TLS_1_2"
        assert mapping["Properties"] == {
            "DomainName": {"Ref": name}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Apiv1Stage"},
        }  # fmt: skip
        assert resources[f"{name}Record"]["Condition"] == has_record
        assert resources[f"{name}Record"]["Properties"] == {
            "HostedZoneId": {"Ref": "HostedZoneId"},
            "Name": {"Ref": parameter},
            "Type": "A",
            "AliasTarget": {
                "DNSName": {"Fn::GetAtt": [name, "RegionalDomainName"]},
                "HostedZoneId": {"Fn::GetAtt": [name, "RegionalHostedZoneId"]},
            },
        }
    conditions = expanded["Conditions"]
    for condition, parameter in (("HasDomain", "DomainName"), ("HasSendersDomain", "SendersDomainName")):
        assert conditions[condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
    assert conditions["HasHostedZone"]["Fn::And"][0] == {"Condition": "HasDomain"}
    assert conditions["HasSendersRecord"]["Fn::And"] == [
        {"Condition": "HasSendersDomain"}, {"Condition": "HasHostedZone"},
    ]  # fmt: skip


def test_only_senders_need_client_certificates(resources: dict[str, Any]) -> None:
    """Browsers have none, so the first domain asks for none."""
    trusted = {"TruststoreUri": {"Ref": "SendersTruststoreUri"}}
    assert resources["SendersDomain"]["Properties"]["MutualTlsAuthentication"] == trusted
    assert "MutualTlsAuthentication" not in resources["ApiDomain"]["Properties"]


def without(given: Mapping[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in given.items() if each != name}


SET = {
    "DomainName": "status.example", "CertificateArn": "arn", "SendersDomainName": "ats.example",
    "SendersCertificateArn": "arn", "SendersTruststoreUri": "s3://bucket/ca.pem",
}  # fmt: skip
POOL = {"UserPoolArn": "arn", "UserPoolClientId": "id", "UserPoolDomain": "host"}
PROVIDER = {"OidcIssuer": "https://login.example", "OidcClientId": "id", "OidcClientSecretArn": "arn"}


@pytest.mark.parametrize(
    "given", [{}, SET, POOL, PROVIDER, SET | PROVIDER], ids=["none", "domains", "pool", "provider", "both"]
)
def test_parameters_that_fit_together_are_accepted(expanded: dict[str, Any], given: dict[str, str]) -> None:
    assert refused(expanded, given) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (without(SET, "CertificateArn"), "DomainName needs CertificateArn"),
        (without(SET, "DomainName"), "SendersDomainName needs DomainName"),
        (SET | {"SendersDomainName": "status.example"}, "must differ"),
        (without(SET, "SendersCertificateArn"), "needs SendersCertificateArn"),
        (without(SET, "SendersTruststoreUri"), "needs SendersCertificateArn and SendersTruststoreUri"),
        (without(POOL, "UserPoolClientId"), "UserPoolArn needs"),
        (without(POOL, "UserPoolDomain"), "UserPoolArn needs"),
        (POOL | PROVIDER, "OidcIssuer is for the stack's own user pool"),
        (without(PROVIDER, "OidcClientId"), "OidcIssuer needs"),
        (without(PROVIDER, "OidcClientSecretArn"), "OidcIssuer needs"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(expanded: dict[str, Any], given: dict[str, str], reason: str) -> None:
    """Before anything is deployed, with what is missing."""
    assert [each for each in refused(expanded, given) if reason in each]


def refused(template: dict[str, Any], given: dict[str, str]) -> list[str]:
    """Return the descriptions of the assertions that don't hold, as CloudFormation evaluates rules."""
    values = {name: str(each["Default"]) for name, each in template["Parameters"].items()} | given
    return [
        each["AssertDescription"]
        for rule in template["Rules"].values()
        if holds(rule["RuleCondition"], values)
        for each in rule["Assertions"]
        if not holds(each["Assert"], values)
    ]


def holds(condition: dict[str, Any], values: dict[str, str]) -> bool:
    ((intrinsic, argument),) = condition.items()
    if intrinsic == "Fn::Equals":
        left, right = (values[each["Ref"]] if isinstance(each, dict) else each for each in argument)
        return bool(left == right)
    found = [holds(each, values) for each in argument]
    return not found[0] if intrinsic == "Fn::Not" else all(found)
