"""template.yaml as CloudFormation gets it: expanded by SAM's own translator, without AWS."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".tools/sam/bin/python"
# Building puts an S3 address where the code lies; the translator wants to see one.
EXPAND = """
import json, sys
from pathlib import Path
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoManagedPolicies:
    def load(self):
        return {}

template = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
print(json.dumps(transform(template, {}, NoManagedPolicies())))
"""
TABLES = ("ApplicationsTable", "QualityTable", "TokensTable")
FUNCTIONS = {"WebhookFunction": "Webhook", "RegistryFunction": "Registry", "AnalyticsFunction": "Analytics"}
ANY = "x-amazon-apigateway-any-method"
IAM_PATH = "/api/applications/{AtsiApplicationId}"

type Resource = Mapping[str, Any]


@pytest.fixture(scope="session")
def expanded() -> dict[str, Any]:
    assert PYTHON.exists(), f"{PYTHON.relative_to(ROOT)} is missing; `make .tools/sam/.ready` makes it"
    command = [str(PYTHON), "-c", EXPAND, str(ROOT / "template.yaml")]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template


@pytest.fixture
def resources(expanded: dict[str, Any]) -> dict[str, Resource]:
    found: dict[str, Resource] = expanded["Resources"]
    return found


@pytest.fixture
def api(resources: dict[str, Resource]) -> dict[str, Any]:
    body: dict[str, Any] = resources["Api"]["Properties"]["Body"]
    return body


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Resource]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def attribute(resource: str, name: str = "Arn") -> str:
    return json.dumps({"Fn::GetAtt": [resource, name]})


def sub(text: str) -> str:
    return json.dumps({"Fn::Sub": text})


def logs(resource: str) -> dict[str, set[str]]:
    return {attribute(resource): {"logs:CreateLogStream", "logs:PutLogEvents"}}


ALLOWED = {
    "WebhookRole": {
        attribute("TokensTable"): {"dynamodb:GetItem"},
        attribute("ApplicationsTable"): {"dynamodb:UpdateItem", "dynamodb:PutItem"},
        **logs("WebhookLogs"),
    },
    "RegistryRole": {
        attribute("ApplicationsTable"): {"dynamodb:PutItem", "dynamodb:UpdateItem"},
        **logs("RegistryLogs"),
    },
    "AnalyticsRole": {
        attribute("ApplicationsTable", "StreamArn"): {
            f"dynamodb:{each}" for each in ("DescribeStream", "GetRecords", "GetShardIterator")
        },
        sub("${ApplicationsTable.Arn}/stream/*"): {"dynamodb:ListStreams"},
        attribute("QualityTable"): {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        sub("${FailedRecordsBucket.Arn}/*"): {"s3:PutObject"},
        attribute("FailedRecordsBucket"): {"s3:ListBucket"},
        **logs("AnalyticsLogs"),
    },
}


def test_roles_allow_exactly_what_the_functions_call(resources: dict[str, Resource]) -> None:
    """Each role is for Lambda alone, names every action and resource, and has no managed policy or boundary."""
    roles = of_type(resources, "AWS::IAM::Role")
    assert {name: allowed(role["Properties"]) for name, role in roles.items()} == ALLOWED
    assert of_type(resources, "AWS::Lambda::Function").keys() == FUNCTIONS.keys()
    assert not of_type(resources, "AWS::IAM::Policy") | of_type(resources, "AWS::IAM::ManagedPolicy")
    for role in roles.values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument", "Policies"}
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Principal"], trust["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")


def allowed(role: Resource) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement.keys() == {"Effect", "Action", "Resource"}
            assert statement["Effect"] == "Allow"
            for resource in as_list(statement["Resource"]):
                found.setdefault(json.dumps(resource), set()).update(as_list(statement["Action"]))
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_run_under_their_own_role_and_log_group(resources: dict[str, Resource], function: str) -> None:
    """Python 3.13, the role and the logs of the same name, and a time-out below API Gateway's 29 s for HTTP."""
    properties = resources[function]["Properties"]
    assert properties["Runtime"] == "python3.13"
    assert json.dumps(properties["Role"]) == attribute(f"{FUNCTIONS[function]}Role")
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{FUNCTIONS[function]}Logs"}}
    assert properties["Timeout"] == (60 if function == "AnalyticsFunction" else 10)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_start_from_snapshots_through_their_alias(resources: dict[str, Resource], function: str) -> None:
    """SnapStart serves published versions only, so everything calls the alias, which follows the newest version."""
    assert resources[function]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    alias = resources[f"{function}Aliaslive"]["Properties"]
    version, part = alias["FunctionVersion"]["Fn::GetAtt"]
    assert (alias["Name"], alias["FunctionName"], part) == ("live", {"Ref": function}, "Version")
    assert resources[version]["Properties"]["FunctionName"] == {"Ref": function}
    callers = [
        permission["Properties"]["FunctionName"]
        for name, permission in of_type(resources, "AWS::Lambda::Permission").items()
        if name.startswith(function)
    ]
    assert all(caller == {"Ref": f"{function}Aliaslive"} for caller in callers)


def test_functions_are_built_for_arm64_unless_told_otherwise(expanded: dict[str, Any]) -> None:
    """Graviton costs less; sam local on an x86 machine asks for x86_64."""
    assert expanded["Parameters"]["Architecture"]["Default"] == "arm64"
    functions = of_type(expanded["Resources"], "AWS::Lambda::Function").values()
    assert all(function["Properties"]["Architectures"] == [{"Ref": "Architecture"}] for function in functions)


@pytest.mark.parametrize("table", TABLES)
def test_tables_outlive_mistakes(resources: dict[str, Resource], table: str) -> None:
    """Neither a deleted stack nor a deleted item takes the data along; at rest it is encrypted."""
    assert of_type(resources, "AWS::DynamoDB::Table").keys() == set(TABLES)
    resource = resources[table]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = resource["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_stream_carries_both_images_to_the_analytics(resources: dict[str, Resource]) -> None:
    """A removal is counted by its old image; what can't be counted stops nothing and is kept with its payload."""
    stream = resources["ApplicationsTable"]["Properties"]["StreamSpecification"]
    assert stream == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    (mapping,) = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["Properties"] == {
        "EventSourceArn": {"Fn::GetAtt": ["ApplicationsTable", "StreamArn"]},
        "FunctionName": {"Ref": "AnalyticsFunctionAliaslive"},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 10,
        "MaximumRecordAgeInSeconds": 43200,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["FailedRecordsBucket", "Arn"]}}},
    }


def test_failed_records_are_kept_private_for_90_days(resources: dict[str, Resource]) -> None:
    """They hold personal data: encrypted, never public, only over TLS, and not for ever."""
    (bucket,) = of_type(resources, "AWS::S3::Bucket").values()
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["Properties"]["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 90)
    (policy,) = of_type(resources, "AWS::S3::BucketPolicy").values()
    assert policy["Properties"]["Bucket"] == {"Ref": "FailedRecordsBucket"}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement == {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": ["FailedRecordsBucket", "Arn"]}, {"Fn::Sub": "${FailedRecordsBucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_logs_end(expanded: dict[str, Any]) -> None:
    """Every function's log group has a retention, with a choice that never says for ever."""
    groups = of_type(expanded["Resources"], "AWS::Logs::LogGroup")
    assert groups.keys() == {f"{name}Logs" for name in FUNCTIONS.values()}
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    retention = expanded["Parameters"]["LogRetentionDays"]
    assert retention["Default"] == 30
    assert 0 < min(retention["AllowedValues"]) < max(retention["AllowedValues"]) <= 365


def test_api_has_its_paths_for_any_method(api: dict[str, Any]) -> None:
    """The functions answer 405 themselves, and each path calls the alias `live` of its function."""
    assert api["openapi"] == "3.0.1"
    behind = {}
    for path, methods in api["paths"].items():
        assert methods.keys() == {ANY}
        integration = methods[ANY]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        behind[path] = integration["uri"]["Fn::Sub"].partition("functions/")[2]
    assert behind == {
        "/api/application-status": "${WebhookFunctionAliaslive}/invocations",
        "/qs-api/public/atsi/v1/{ATS_ID}": "${WebhookFunctionAliaslive}/invocations",
        IAM_PATH: "${RegistryFunctionAliaslive}/invocations",
    }


def test_only_the_registry_asks_for_a_signature(api: dict[str, Any]) -> None:
    """ATSs bring a token; the Apply system's credentials end at the gateway and are not handed to the function."""
    assert {path: methods[ANY].get("security") for path, methods in api["paths"].items()} == {
        "/api/application-status": None,
        "/qs-api/public/atsi/v1/{ATS_ID}": None,
        IAM_PATH: [{"AWS_IAM": []}],
    }
    assert api["components"]["securitySchemes"]["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert "security" not in api
    assert "credentials" not in api["paths"][IAM_PATH][ANY]["x-amazon-apigateway-integration"]


def test_every_path_is_throttled(expanded: dict[str, Any]) -> None:
    """One setting covers all methods of all paths, with bounds that parameters may change."""
    (stage,) = of_type(expanded["Resources"], "AWS::ApiGateway::Stage").values()
    (settings,) = stage["Properties"]["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"}
    assert all(expanded["Parameters"][name]["Default"] > 0 for name in ("ThrottlingRate", "ThrottlingBurst"))


def test_gateway_answers_problems_of_its_own(api: dict[str, Any]) -> None:
    """Its errors look like the functions': valid JSON once API Gateway has put its values in (messageString quoted)."""
    responses = api["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED"} <= responses.keys()
    for kind, response in responses.items():
        headers = {name.rpartition(".")[2]: value for name, value in response["responseParameters"].items()}
        assert headers["Content-Type"] == "'application/problem+json'"
        assert headers["Cache-Control"] == "'no-store'"
        (template,) = response["responseTemplates"].values()
        text = template.replace("$context.error.messageString", '"a \\"message\\""').replace(
            "$context.requestId", "an-id"
        )
        assert "$" not in text
        problem = json.loads(text)
        assert problem["requestId"] == "an-id", kind
        assert problem["type"].startswith("/problems/")
        assert problem["title"]
        assert problem["detail"]
        assert str(problem.get("status", "")) == response.get("statusCode", "")
        assert ("Retry-After" in headers) == (response.get("statusCode") in {"429", "503"})


def test_new_values_of_parameters_reach_the_alias(resources: dict[str, Resource]) -> None:
    """A version is made for new code only, so its description names each parameter that the environment uses."""
    parameters = {"UnknownApplications", "ReportingTimeZone"}
    for function in FUNCTIONS:
        variables = resources[function]["Properties"]["Environment"]["Variables"].values()
        used = {value["Ref"] for value in variables if isinstance(value, dict)} & parameters
        (version,) = (v for name, v in resources.items() if name.startswith(f"{function}Version"))
        described = json.dumps(version["Properties"].get("Description", ""))
        assert all(f"${{{name}}}" in described for name in used), function
