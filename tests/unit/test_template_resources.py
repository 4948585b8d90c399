"""template.yaml as SAM expands it for CloudFormation: what all resources of a kind have, and parameters and outputs."""

import importlib
import json
import re
from typing import Any

import pytest

from application_status.local.template import Template

OF_EVERY_FUNCTION = {
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "AWS_ENDPOINT_URL_DYNAMODB": "",
    "STACK": {"Ref": "AWS::StackName"},
}
LOGIN_URL: Any = {
    "Fn::If": [
        "OwnUserPool",
        {
            "Fn::Sub": [
                "https://${Prefix}.auth.${AWS::Region}.amazoncognito.com",
                {
                    "Prefix": {
                        "Fn::If": [
                            "HasSignInPrefix",
                            {"Ref": "SignInPrefix"},
                            {"Fn::Sub": "${AWS::StackName}-${AWS::AccountId}"},
                        ]
                    }
                },
            ]
        },
        {"Fn::Sub": "https://${UserPoolDomain}"},
    ]
}
POOL_ARN: Any = {"Fn::Split": ["/", {"Fn::Sub": "${UserPoolArn}/"}]}
COMPUTED: dict[str, Any] = {
    "LOGIN_URL": LOGIN_URL,
    "USER_POOL_ISSUER": {
        "Fn::Sub": [
            "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Id}",
            {
                "Id": {
                    "Fn::If": [
                        "OwnUserPool",
                        {"Ref": "UserPool"},
                        {"Fn::Select": [1, POOL_ARN]},
                    ]
                }
            },
        ]
    },
    "FACTS_STREAM": {"Fn::If": ["DeliversFacts", {"Ref": "FactsStream"}, ""]},
    "EVENT_BUS": {"Fn::If": ["DeliversEvents", {"Ref": "EventBus"}, ""]},
    "SCHEDULE_GROUP": {"Fn::If": ["DeliversEvents", {"Ref": "DueEventsSchedules"}, ""]},
    "SCHEDULE_ROLE": {"Fn::If": ["DeliversEvents", {"Fn::GetAtt": ["DueEventsRole", "Arn"]}, ""]},
    "DUE_EVENTS_QUEUE": {"Fn::If": ["DeliversEvents", {"Fn::GetAtt": ["DueEventsQueue", "Arn"]}, ""]},
    "DUE_EVENTS_DEAD_LETTERS": {"Fn::If": ["DeliversEvents", {"Fn::GetAtt": ["DueEventsDeadLetters", "Arn"]}, ""]},
}
"""Settings that follow from a choice between parameters."""

ENDPOINTS = {
    "FAILED_RECORDS_BUCKET": "AWS_ENDPOINT_URL_S3",
    "FILES_BUCKET": "AWS_ENDPOINT_URL_S3",
    "FILES_QUEUE": "AWS_ENDPOINT_URL_SQS",
    "FACTS_STREAM": "AWS_ENDPOINT_URL_FIREHOSE",
    "EVENT_BUS": "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "SCHEDULE_GROUP": "AWS_ENDPOINT_URL_SCHEDULER",
}
"""The variable of the endpoint that `sam local` sets, by the setting that names what is behind it."""

KEYS: dict[str, tuple[str, ...]] = {
    "ApplicationsTable": ("AtsiApplicationId",),
    "AliasesTable": ("Alias", "Member"),
    "QualityTable": ("Scope", "Part"),
    "TokensTable": ("KeyId",),
    "ConnectionsTable": ("ConnectionId", "Part"),
    "FilesTable": ("FileId", "Part"),
    "FeedbackTable": ("Queue", "Entry"),
    "AuditTable": ("Month", "At"),
    "UsersTable": ("UserId",),
    "SandboxApplicationsTable": ("AtsiApplicationId",),
    "SandboxAliasesTable": ("Alias", "Member"),
    "SandboxRequestsTable": ("TokenId", "Place"),
}
NUMBERS = {"Applications"}

PARAMETERS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "UnknownApplications": ("String", "reject", {"AllowedValues": ["reject", "accept"]}),
    "RequestsPerSecond": ("Number", 50, {"MinValue": 0}),
    "ThrottlingRate": ("Number", 5000, {}),
    "ThrottlingBurst": ("Number", 5000, {}),
    "ReservedConcurrency": ("Number", 0, {"MinValue": 0}),
    "FileRowsPerSecond": ("Number", 1000, {"MinValue": 1, "MaxValue": 10_000}),
    "FileWorkers": ("Number", 8, {"MinValue": 2, "MaxValue": 1000}),
    "ReportingTimeZone": ("String", "Europe/Berlin", {}),
    "JournalHours": ("Number", 24, {"MinValue": 0, "MaxValue": 24}),
    "VerificationRate": ("String", "1 hour", {"AllowedValues": ["15 minutes", "30 minutes", "1 hour"]}),
    **dict.fromkeys(
        (
            *("DomainName", "CertificateArn", "HostedZoneId"),
            *("SendersDomainName", "SendersCertificateArn", "SendersTruststoreUri"),
            *("UserPoolArn", "UserPoolClientId", "UserPoolDomain", "SignInPrefix"),
            *("OidcIssuer", "OidcClientId", "OidcClientSecretArn"),
        ),
        ("String", "", {}),
    ),
    "OidcUsers": ("String", "assigned", {"AllowedValues": ["assigned", "jobseekers"]}),
    "BrandName": ("String", "Application status", {"MinLength": 1, "MaxLength": 60}),
    "BrandColor": ("String", "#0b5cad", {"AllowedPattern": "#[0-9a-fA-F]{6}"}),
    "BrandLogo": ("String", "", {"AllowedPattern": "(https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/%-]*)?"}),
    "BadNewsDelayHours": ("Number", 0, {"MinValue": 0, "MaxValue": 720}),
    "RetentionDays": ("Number", 0, {"MinValue": 0, "MaxValue": 36_500}),
    "OpenRetentionDays": ("Number", 0, {"MinValue": 0, "MaxValue": 36_500}),
    "FactsDelivery": ("String", "off", {"AllowedValues": ["off", "on"]}),
    "FactsRetentionDays": ("Number", 400, {"MinValue": 1}),
    "EventDelivery": ("String", "off", {"AllowedValues": ["off", "on"]}),
    "TokenDays": ("Number", 365, {"MinValue": 1, "MaxValue": 3650}),
    "Waf": ("String", "off", {"AllowedValues": ["off", "on"]}),
    "WafRequestsPerIp": ("Number", 30_000, {"MinValue": 10}),
    "KmsKeyArn": ("String", "", {}),
    "Architecture": ("String", "arm64", {"AllowedValues": ["arm64", "x86_64"]}),
    "LogRetentionDays": ("Number", 30, {"AllowedValues": [7, 14, 30, 60, 90, 180, 365]}),
    "AccessLogs": ("String", "off", {"AllowedValues": ["off", "on"]}),
    "Canary": (
        "String",
        "off",
        {
            "AllowedValues": [
                "off",
                "Canary10Percent30Minutes",
                "Linear10PercentEvery3Minutes",
                "Linear10PercentEvery10Minutes",
            ]
        },
    ),
    "AlarmTopic": ("String", "", {}),
}
"""Type, default and bounds of each parameter."""

OUTPUTS: dict[str, tuple[Any, str | None]] = {
    "ApiUrl": (
        {
            "Fn::If": [
                "HasDomain",
                {"Fn::Sub": "https://${DomainName}"},
                {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/v1"},
            ]
        },
        None,
    ),
    "DomainTarget": ({"Fn::GetAtt": ["ApiDomain", "RegionalDomainName"]}, "HasDomain"),
    "SendersDomainTarget": ({"Fn::GetAtt": ["SendersDomain", "RegionalDomainName"]}, "HasSendersDomain"),
    "SignInUrl": (LOGIN_URL, None),
    "PreTokenTrigger": ({"Ref": "PreTokenFunctionAliaslive"}, None),
    "TokenDays": ({"Ref": "TokenDays"}, None),
    "FailedRecords": ({"Ref": "FailedRecordsBucket"}, None),
    "Files": ({"Ref": "FilesBucket"}, None),
    "Facts": ({"Ref": "FactsBucket"}, "DeliversFacts"),
    "EventBusName": ({"Ref": "EventBus"}, "DeliversEvents"),
    "UserPoolId": ({"Ref": "UserPool"}, "OwnUserPool"),
    "UserPoolClientId": ({"Ref": "UserPoolClient"}, "OwnUserPool"),
}
"""Value and condition of each output."""


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def camel(variable: str) -> str:
    return "".join(word.capitalize() for word in variable.split("_"))


WITH_PAGES = {"MyApplicationsFunction", "SignInFunction", "ViewsFunction"}


def test_functions_have_exactly_their_settings(resources: dict[str, Any]) -> None:
    """A setting is the table, the bucket or the parameter of its name; others are the same for all functions."""
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()
        assert function["Handler"] == f"application_status.functions.{module}.lambda_handler"
        members = vars(importlib.import_module(f"application_status.functions.{module}"))
        settings = [kind for each, kind in members.items() if each.endswith("Settings") and isinstance(kind, type)]
        names = {field.upper() for kind in settings for field in kind.__annotations__}
        names |= {"FAILED_RECORDS_BUCKET", "STACK"} if "SetAside" in members else set()
        names |= {"BRAND_NAME", "BRAND_COLOR", "BRAND_LOGO"} if name in WITH_PAGES else set()
        expected: dict[str, Any] = {each: {"Ref": camel(each)} for each in names}
        expected |= {"STACK": {"Ref": "AWS::StackName"}} if "STACK" in names else {}
        expected |= {each: COMPUTED[each] for each in names & COMPUTED.keys()}
        expected |= {ENDPOINTS[each]: "" for each in names & ENDPOINTS.keys()}
        expected |= {"AWS_ENDPOINT_URL_KMS": ""} if "kms" in members else {}
        assert function["Environment"]["Variables"] == expected | OF_EVERY_FUNCTION, name


def test_policies_allow_named_actions_on_named_resources(resources: dict[str, Any]) -> None:
    """No action and no resource is a wildcard; which actions, test_permissions.py compares with the calls."""
    for role in of_type(resources, "AWS::IAM::Role").values():
        policies = [each["Fn::If"][1] if "Fn::If" in each else each for each in role["Policies"]]
        trust, granted = role["AssumeRolePolicyDocument"], [each["PolicyDocument"] for each in policies]
        assert granted
        assert {trust["Version"], *(each["Version"] for each in granted)} == {"2012-10-17"}
        assert trust["Statement"][0]["Effect"] == "Allow"
        for statement in (statement for each in granted for statement in each["Statement"]):
            assert statement["Effect"] == "Allow"
            assert not {"*"} & {*json.dumps(statement["Action"]).split('"')}
            assert all(isinstance(each, dict) for each in as_list(statement["Resource"]))


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_each_caller_of_a_function_is_allowed_for_its_source_alone(resources: dict[str, Any]) -> None:
    """API Gateway for each path and method, EventBridge for each schedule; CloudWatch Logs is in test_template.py."""
    sources: dict[str, list[str]] = {}
    for permission in of_type(resources, "AWS::Lambda::Permission").values():
        assert permission["Action"] == "lambda:InvokeFunction"
        sources.setdefault(permission["Principal"], []).append(json.dumps(permission["SourceArn"]))
    expected = [
        f"{'*' if route.method == 'any' else route.method.upper()}{re.sub(r'\{[^}]+\}', '*', route.path)}"
        for route in Template().routes()
    ]
    of_api = [json.loads(each)["Fn::Sub"][0] for each in sources["apigateway.amazonaws.com"]]
    assert sorted(each.partition("${__Stage__}/")[2] for each in of_api) == sorted(expected)
    rules = of_type(resources, "AWS::Events::Rule")
    assert sorted(sources["events.amazonaws.com"]) == sorted(
        json.dumps({"Fn::GetAtt": [rule, "Arn"]}) for rule in rules
    )
    for name, each in of_type(resources, "AWS::Logs::SubscriptionFilter").items():
        assert resources[name]["DependsOn"] == [f"{name}Permission"], each


@pytest.mark.parametrize("name", KEYS)
def test_tables_have_their_keys(resources: dict[str, Any], name: str) -> None:
    """Each attribute of a key, of the table's or of an index's, is a string or a number."""
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert tables.keys() == KEYS.keys()
    table = tables[name]
    kinds = ("HASH", "RANGE")
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(KEYS[name], kinds, strict=False)]
    assert table["KeySchema"] == schema
    schemas = [schema, *(index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", []))]
    used = {part["AttributeName"] for each in schemas for part in each}
    types = {attribute: "N" if attribute in NUMBERS else "S" for attribute in used}
    assert {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]} == types


def test_alarms_over_several_metrics_compare_one_result(resources: dict[str, Any]) -> None:
    """All other metrics are parts of its expression. The ids of metrics begin with a small letter, functions do not."""
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        metrics = []
        for each in alarm.get("Metrics", []):
            _, metric, _ = each.get("Fn::If", (None, each, None))
            metrics.append(metric)
        compared = [metric["Id"] for metric in metrics if metric.get("ReturnData", True)]
        expressions = " ".join(metric.get("Expression", "") for metric in metrics)
        ids = {metric["Id"] for metric in metrics}
        used = ids if "METRICS(" in expressions else {*re.findall(r"\b[a-z]\w*", expressions)}
        assert all("Expression" in metric or "MetricStat" in metric for metric in metrics), name
        assert {*used, *compared} == ids, name
        assert len(compared) == bool(metrics), name


def test_bucket_policies_are_written_in_the_current_language(resources: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"""
    policies = of_type(resources, "AWS::S3::BucketPolicy").values()
    assert {policy["PolicyDocument"]["Version"] for policy in policies} == {"2012-10-17"}


def test_users_outlive_the_stack(resources: dict[str, Any]) -> None:
    """Whoever deletes the stack, or a user pool by mistake, loses no user; an own pool needs none of this."""
    pool, client = resources["UserPool"], resources["UserPoolClient"]
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert pool["Properties"]["DeletionProtection"] == "ACTIVE"
    assert pool["Condition"] == client["Condition"] == "OwnUserPool"
    assert client["Properties"]["UserPoolId"] == {"Ref": "UserPool"}
    assert client["Properties"]["PreventUserExistenceErrors"] == "ENABLED"
    assert client["Properties"]["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def test_own_user_pool_is_made_unless_there_is_one(expanded: dict[str, Any]) -> None:
    """By the parameter's value."""
    assert expanded["Conditions"]["OwnUserPool"] == {"Fn::Equals": [{"Ref": "UserPoolArn"}, ""]}


def test_parameters_have_their_bounds(expanded: dict[str, Any]) -> None:
    """And each is described."""
    parameters = expanded["Parameters"]
    assert all(each["Description"] for each in parameters.values())
    found = {
        name: {key: part for key, part in each.items() if key != "Description"} for name, each in parameters.items()
    }
    assert found == {
        name: {"Type": kind, "Default": default, **bounds} for name, (kind, default, bounds) in PARAMETERS.items()
    }


def test_outputs_name_what_operators_need(expanded: dict[str, Any]) -> None:
    """And each is described."""
    assert all(each["Description"] for each in expanded["Outputs"].values())
    assert {name: (each["Value"], each.get("Condition")) for name, each in expanded["Outputs"].items()} == OUTPUTS
