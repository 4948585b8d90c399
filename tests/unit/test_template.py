"""template.yaml as SAM expands it for CloudFormation: functions, permissions, tables and streams."""

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import pytest

from application_status.access.assignments import PROVIDER, OidcUsers
from application_status.access.sessions import SIGN_OUT_PATH
from application_status.cli.target import Target
from application_status.local.template import PATH, Schedule, Template
from application_status.platform.settings import read
from application_status.quality.counters.items import Marker, label_item, marker_item
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.sign_in.endpoint import _SESSION_SECONDS, CALLBACK_PATH
from support.world import APPLICATION

TABLES = (
    "AliasesTable",
    "ApplicationsTable",
    "AuditTable",
    "ConnectionsTable",
    "FeedbackTable",
    "FilesTable",
    "QualityTable",
    "TokensTable",
    "UsersTable",
)
SANDBOX_TABLES = {"SandboxApplicationsTable": "ApplicationsTable", "SandboxAliasesTable": "AliasesTable"}
REQUESTS_TABLE = "SandboxRequestsTable"
NAMES = (
    "Webhook",
    "Batch",
    "Signals",
    "Oauth",
    "Connect",
    "Files",
    "FileImport",
    "Registry",
    "Sandbox",
    "Analytics",
    "Merge",
    "Positions",
    "Views",
    "MyApplications",
    "SignIn",
    "PreToken",
    "Health",
    "Verification",
    "Retention",
    "Delivery",
)
FUNCTIONS = {f"{name}Function": name for name in NAMES}

type Resource = Mapping[str, Any]


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Resource]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def attribute(resource: str, name: str = "Arn") -> str:
    return json.dumps({"Fn::GetAtt": [resource, name]})


def sub(text: str) -> str:
    return json.dumps({"Fn::Sub": text})


DELIVERY_ALLOWED = {
    sub("${FactsBucket.Arn}/*"): {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
    attribute("FactsBucket"): {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
    **{
        sub(f"arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:{part}"): {
            f"glue:{each}" for each in ("GetTable", "GetTableVersion", "GetTableVersions")
        }
        for part in ("catalog", "database/${FactsDatabase}", "table/${FactsDatabase}/${FactsTable}")
    },
    attribute("FactsDeliveryLogs"): {"logs:PutLogEvents"},
}
SERVICES = {"FactsDeliveryRole": "firehose.amazonaws.com", "DueEventsRole": "scheduler.amazonaws.com"}


def test_each_role_is_for_one_service_alone(resources: dict[str, Resource]) -> None:
    """One for each function, for Firehose and for EventBridge Scheduler, without managed policies or boundaries.

    test_permissions.py compares what they allow with what the functions do.
    """
    roles = of_type(resources, "AWS::IAM::Role")
    assert roles.keys() == {*(f"{name}Role" for name in NAMES), *SERVICES}
    assert of_type(resources, "AWS::Lambda::Function").keys() == FUNCTIONS.keys()
    assert not of_type(resources, "AWS::IAM::Policy") | of_type(resources, "AWS::IAM::ManagedPolicy")
    for name, role in roles.items():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument", "Policies"}
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = SERVICES.get(name, "lambda.amazonaws.com")
        assert (trust["Principal"], trust["Action"]) == ({"Service": service}, "sts:AssumeRole")


def test_delivery_may_do_what_firehose_asks_for(resources: dict[str, Resource]) -> None:
    """Write objects and read the table's columns: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""
    assert allowed(resources["FactsDeliveryRole"]["Properties"]) == DELIVERY_ALLOWED


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
    behind = ("AnalyticsFunction", "PositionsFunction", "HealthFunction", "VerificationFunction", "DeliveryFunction")
    seconds = dict.fromkeys(behind, 60)
    seconds |= dict.fromkeys(("BatchFunction", "SignalsFunction", "ViewsFunction"), 28) | {
        "FileImportFunction": 300,
        "MergeFunction": 300,
        "PreTokenFunction": 5,
        "RetentionFunction": 900,
    }
    assert properties["Timeout"] == seconds.get(function, 10)


def test_template_is_in_the_order_of_the_data() -> None:
    """Senders, counting, readers, operation, delivery; each function is followed by its role."""
    order = re.findall(r"^  (\w+(?:Function|Role)):$", PATH.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for service_role in SERVICES:
        order.remove(service_role)
    assert order == [f"{name}{part}" for name in NAMES for part in ("Function", "Role")]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_called_through_their_alias(resources: dict[str, Resource], function: str) -> None:
    """SnapStart serves published versions only, so everything calls the alias, which follows the newest version."""
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


def test_functions_start_from_snapshots_exactly_where_a_caller_waits(resources: dict[str, Resource]) -> None:
    """Snapshots are billed, so only the functions behind the API have one, each of its newest version alone."""
    functions = of_type(resources, "AWS::Lambda::Function")
    snapshots = {
        name: each["Properties"]["SnapStart"] for name, each in functions.items() if "SnapStart" in each["Properties"]
    }
    assert snapshots == {route.function: {"ApplyOn": "PublishedVersions"} for route in Template().routes()}
    assert {each["DeletionPolicy"] for each in of_type(resources, "AWS::Lambda::Version").values()} == {"Delete"}


def test_functions_are_built_for_arm64_by_default(expanded: dict[str, Any]) -> None:
    """Graviton costs less; sam local on an x86 machine needs x86_64."""
    assert expanded["Parameters"]["Architecture"]["Default"] == "arm64"
    functions = of_type(expanded["Resources"], "AWS::Lambda::Function").values()
    assert all(function["Properties"]["Architectures"] == [{"Ref": "Architecture"}] for function in functions)


def test_concurrency_is_reserved_for_reports_and_signals_only(expanded: dict[str, Any]) -> None:
    """Off by default, as an account may have too few; with a number, only the functions for reports reserve it."""
    parameter = expanded["Parameters"]["ReservedConcurrency"]
    assert (parameter["Type"], parameter["Default"], parameter["MinValue"]) == ("Number", 0, 0)
    assert expanded["Conditions"]["ReservesConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}]
    }
    reserved = {
        name: function["Properties"]["ReservedConcurrentExecutions"]
        for name, function in of_type(expanded["Resources"], "AWS::Lambda::Function").items()
        if "ReservedConcurrentExecutions" in function["Properties"]
    }
    either = {"Fn::If": ["ReservesConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    assert reserved == dict.fromkeys(("WebhookFunction", "BatchFunction", "SignalsFunction"), either)


def test_new_code_gets_all_calls_at_once_by_default(expanded: dict[str, Any]) -> None:
    """A deployment shifts them slowly only if the parameter says how; each of its values has its mapping."""
    assert not [each for each in expanded["Resources"].values() if each["Type"].startswith("AWS::CodeDeploy")]
    assert not [name for name, each in expanded["Resources"].items() if "UpdatePolicy" in each]
    parameter, gradual = expanded["Parameters"]["Canary"], expanded["Mappings"]["Deployment"]
    assert parameter["Default"] == "off"
    assert {value: gradual[value]["IsGradual"] for value in parameter["AllowedValues"]} == {
        value: str(value != "off").lower() for value in parameter["AllowedValues"]
    }


@pytest.mark.parametrize("function", sorted(FUNCTIONS.keys() - {"PreTokenFunction"}))
def test_canary_goes_back_on_alarms(with_canary: dict[str, Any], function: str) -> None:
    """CodeDeploy moves the alias to the new version in steps, and back if requests or functions fail."""
    resources = with_canary["Resources"]
    group = f"{function}DeploymentGroup"
    assert resources[f"{function}Aliaslive"]["UpdatePolicy"] == {
        "CodeDeployLambdaAliasUpdate": {
            "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
            "DeploymentGroupName": {"Ref": group},
        }
    }
    properties = resources[group]["Properties"]
    alarms = ("FailedRequests5MinutesAlarm", "IntakeErrorsAlarm", "ApiErrorsAlarm", "BackgroundErrorsAlarm")
    assert properties["AlarmConfiguration"] == {"Enabled": True, "Alarms": [{"Name": {"Ref": each}} for each in alarms]}
    assert all(resources[each]["Type"] == "AWS::CloudWatch::Alarm" for each in alarms)
    assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
    configuration = {"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Canary10Percent30Minutes"}]}
    assert properties["DeploymentConfigName"] == configuration
    assert resources[group].get("Condition") == resources[function].get("Condition")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_metrics_of_functions_have_their_stack(resources: dict[str, Resource], function: str) -> None:
    """The stack's name is a dimension of all metrics, so stacks in one account have separate alarms."""
    assert resources[function]["Properties"]["Environment"]["Variables"]["STACK"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_with_heavy_requests_have_a_full_processor(resources: dict[str, Resource], function: str) -> None:
    """Lambda gives a function a full processor from 1,769 MB on; those with CPU-heavy work have it."""
    whole = {
        "BatchFunction",
        "SignalsFunction",
        "FileImportFunction",
        "MergeFunction",
        "ViewsFunction",
        "RetentionFunction",
    }
    assert resources[function]["Properties"]["MemorySize"] == (1769 if function in whole else 512)


@pytest.mark.parametrize("table", TABLES)
def test_tables_outlive_mistakes(resources: dict[str, Resource], table: str) -> None:
    """The data survives a deleted stack and deleted items; it is encrypted at rest."""
    assert of_type(resources, "AWS::DynamoDB::Table").keys() == {*TABLES, *SANDBOX_TABLES, REQUESTS_TABLE}
    resource = resources[table]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = resource["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["SSEEnabled"] is True
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("table", SANDBOX_TABLES)
def test_sandbox_tables_have_no_stream_and_expire(resources: dict[str, Resource], table: str) -> None:
    """They share only the key with the live table, and the index by ATS: no stream; items expire."""
    resource, live = resources[table], resources[SANDBOX_TABLES[table]]["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Delete", "Delete")
    properties = {**resource["Properties"]}
    key = [each["AttributeName"] for each in properties["KeySchema"]]
    if table == "SandboxApplicationsTable":
        assert properties.pop("GlobalSecondaryIndexes") == [BY_ATS]
        key.append("AtsId")
    assert properties.pop("AttributeDefinitions") == [
        each for each in live["AttributeDefinitions"] if each["AttributeName"] in key
    ]
    assert properties == {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": live["KeySchema"],
        "TimeToLiveSpecification": {"AttributeName": "ExpiresAt", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": live["SSESpecification"],
    }


def test_requests_with_test_tokens_expire(resources: dict[str, Resource]) -> None:
    """Their table has no stream and no index, and goes with the stack; functions that take test tokens write to it."""
    resource = resources[REQUESTS_TABLE]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Delete", "Delete")
    key = {"TokenId": "HASH", "Place": "RANGE"}
    assert resource["Properties"] == {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in key],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in key.items()],
        "TimeToLiveSpecification": {"AttributeName": "ExpiresAt", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": resources["ApplicationsTable"]["Properties"]["SSESpecification"],
    }
    variable = {"Ref": REQUESTS_TABLE}
    assert {
        each for each in FUNCTIONS if variable in resources[each]["Properties"]["Environment"]["Variables"].values()
    } == {f"{each}Function" for each in ("Webhook", "Batch", "Signals", "Files", "Sandbox", "Views")}


def test_only_functions_with_a_token_use_the_sandbox(resources: dict[str, Resource]) -> None:
    """The function that fills the sandbox uses no other table of applications."""
    knowing: dict[str, set[str]] = {}
    for function in FUNCTIONS:
        for name, value in resources[function]["Properties"]["Environment"]["Variables"].items():
            if isinstance(value, dict) and value.get("Ref") in SANDBOX_TABLES:
                assert name == {"SandboxApplicationsTable": "SANDBOX_APPLICATIONS_TABLE"}.get(
                    value["Ref"], "SANDBOX_ALIASES_TABLE"
                )
                knowing.setdefault(function, set()).add(value["Ref"])
    both, one = set(SANDBOX_TABLES), {"SandboxApplicationsTable"}
    assert knowing == {
        **dict.fromkeys(("WebhookFunction", "BatchFunction", "FileImportFunction", "ViewsFunction"), one),
        **dict.fromkeys(("SignalsFunction", "SandboxFunction"), both),
    }
    variables = resources["SandboxFunction"]["Properties"]["Environment"]["Variables"].values()
    refs = {value["Ref"] for value in variables if isinstance(value, dict)}
    assert refs == {"TokensTable", "RequestsPerSecond", *SANDBOX_TABLES, REQUESTS_TABLE, "AWS::StackName"}


def test_labels_and_jobseekers_are_found_by_indexes(resources: dict[str, Resource]) -> None:
    """Each index has keys alone: those of labels sort them, and those of applications change with no report.

    The two other indexes are those of release 1.0, which a later release deletes. No item has their keys.
    """
    tables = of_type(resources, "AWS::DynamoDB::Table")
    indexes = {name: table["Properties"].get("GlobalSecondaryIndexes", []) for name, table in tables.items()}
    assert {name: found for name, found in indexes.items() if found} == {
        "QualityTable": [
            index("ByApplications", ["LabelOf", "Applications"]),
            index("ByClient", ["Client", "Job"], "Contribution"),
            index("ByUnmapped", ["UnmappedAt"], "UnmappedLabels"),
        ],
        "ApplicationsTable": [BY_ATS, index("ByJobseeker", ["JobseekerId", "AppliedAt"])],
        "SandboxApplicationsTable": [BY_ATS],
    }
    attributes = tables["QualityTable"]["Properties"]["AttributeDefinitions"]
    assert {each["AttributeName"]: each["AttributeType"] for each in attributes}["Applications"] == "N"
    marker = Marker(1, 1, {}, "client-1", "job-1", ("Stage 3",), "names")
    items = [marker_item(1, APPLICATION, marker), label_item(1, "demo-ats", "Stage 3", applications=1)]
    assert not {"Client", "UnmappedAt"} & {name for item in items for name in item}


def index(name: str, keys: list[str], *included: str) -> dict[str, Any]:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [*included]}
    return {
        "IndexName": name,
        "KeySchema": schema,
        "Projection": projection if included else {"ProjectionType": "KEYS_ONLY"},
    }


BY_ATS = index("ByAts", ["AtsId", "AtsiApplicationId"])

NO_PARKED_EVENTS = '{"dynamodb":{"Keys":{"Alias":{"S":[{"prefix":"position#"},{"prefix":"native#"}]}}}}'
STREAMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Analytics": ("ApplicationsTable", "NEW_AND_OLD_IMAGES", {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 1}),
    "Delivery": ("ApplicationsTable", "NEW_AND_OLD_IMAGES", {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 1}),
    "Positions": (
        "AliasesTable",
        "NEW_IMAGE",
        {
            "BatchSize": 10,
            "FilterCriteria": {"Filters": [{"Pattern": NO_PARKED_EVENTS}]},
        },
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams_lose_nothing(resources: dict[str, Resource], name: str) -> None:
    """Records have the old image, to count removals; failed records are kept with their payload and block nothing."""
    table, view, batches = STREAMS[name]
    assert resources[table]["Properties"]["StreamSpecification"] == {"StreamViewType": view}
    (mapping,) = (
        each["Properties"]
        for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if each["Properties"]["FunctionName"] == {"Ref": f"{name}FunctionAliaslive"}
        and "StartingPosition" in each["Properties"]
    )
    assert mapping == {
        "EventSourceArn": {"Fn::GetAtt": [table, "StreamArn"]},
        "FunctionName": {"Ref": f"{name}FunctionAliaslive"},
        "StartingPosition": "TRIM_HORIZON",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "MaximumRetryAttempts": 100,
        "MaximumRecordAgeInSeconds": 43200,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["FailedRecordsBucket", "Arn"]}}},
        **batches,
    }


@pytest.mark.parametrize("name", STREAMS)
def test_stream_functions_set_aside_where_lambda_does(resources: dict[str, Resource], name: str) -> None:
    """They use the bucket of the mapping's destination."""
    variables = resources[f"{name}Function"]["Properties"]["Environment"]["Variables"]
    assert variables["FAILED_RECORDS_BUCKET"] == {"Ref": "FailedRecordsBucket"}


def test_lines_that_are_not_counted_are_kept(resources: dict[str, Resource]) -> None:
    """Lambda writes what it gives up after an asynchronous call to the bucket of failed records.

    The scheduled functions have no such destination: their next run does what a failed one did not.
    """
    ((name, kept),) = of_type(resources, "AWS::Lambda::EventInvokeConfig").items()
    assert (name, kept["DependsOn"]) == ("HealthFunctionEventInvokeConfig", ["HealthFunctionAliaslive"])
    bucket = {"Fn::GetAtt": ["FailedRecordsBucket", "Arn"]}
    assert kept["Properties"] == {
        "FunctionName": {"Ref": "HealthFunction"},
        "Qualifier": "live",
        "DestinationConfig": {"OnFailure": {"Destination": bucket}},
    }


def test_items_with_an_expiry_are_deleted(resources: dict[str, Resource]) -> None:
    """Aliases of tracking tokens, what connections sent, files, ids of counted batches, limits, the sandbox."""
    ends = {
        name: table["Properties"]["TimeToLiveSpecification"]
        for name, table in of_type(resources, "AWS::DynamoDB::Table").items()
        if "TimeToLiveSpecification" in table["Properties"]
    }
    expires_at = {"AttributeName": "ExpiresAt", "Enabled": True}
    assert ends == {
        **dict.fromkeys(
            (
                *("AliasesTable", "ConnectionsTable", "FeedbackTable", "FilesTable", "QualityTable"),
                *(*SANDBOX_TABLES, REQUESTS_TABLE),
            ),
            expires_at,
        ),
        "TokensTable": {"AttributeName": "DeleteAt", "Enabled": True},
    }


SENDERS_LOGS = ["BatchLogs", "ConnectLogs", "FileImportLogs", "FilesLogs", "SignalsLogs", "WebhookLogs"]


def test_health_gets_the_lines_of_authenticated_callers_alone(resources: dict[str, Resource]) -> None:
    """Only lines with a channel, of which a function may have several; Logs may call the alias for these groups only.

    The functions log in Lambda's default format, text: a line is the logger's JSON, unwrapped.
    """
    filters = of_type(resources, "AWS::Logs::SubscriptionFilter").values()
    alias = {"Ref": "HealthFunctionAliaslive"}
    assert all(each["Properties"]["DestinationArn"] == alias for each in filters)
    patterns = {each["Properties"]["LogGroupName"]["Ref"]: each["Properties"]["FilterPattern"] for each in filters}
    assert patterns == dict.fromkeys(SENDERS_LOGS, '{ $.channel = "*" }')
    allowed_groups = []
    for name, each in of_type(resources, "AWS::Lambda::Permission").items():
        if name.startswith("HealthFunction") and each["Properties"]["Principal"] != "events.amazonaws.com":
            permission = each["Properties"]
            assert (permission["FunctionName"], permission["Principal"]) == (alias, "logs.amazonaws.com")
            text, names = permission["SourceArn"]["Fn::Sub"]
            assert text.endswith(":log-group:${__LogGroupName__}:*")
            allowed_groups.append(names["__LogGroupName__"]["Ref"])
    assert sorted(allowed_groups) == SENDERS_LOGS


def test_merges_checks_and_retention_are_scheduled(expanded: dict[str, Any]) -> None:
    """Those with an alarm run at least three times in its period, through their alias."""
    rules = [each["Properties"] for each in of_type(expanded["Resources"], "AWS::Events::Rule").values()]
    assert {target["Arn"]["Ref"]: rule["ScheduleExpression"] for rule in rules for target in rule["Targets"]} == {
        "MergeFunctionAliaslive": "rate(5 minutes)",
        "HealthFunctionAliaslive": "rate(1 hour)",
        "VerificationFunctionAliaslive": {"Fn::Sub": "rate(${VerificationRate})"},
        "RetentionFunctionAliaslive": "rate(1 hour)",
    }
    rate = expanded["Parameters"]["VerificationRate"]
    assert (rate["Default"], rate["AllowedValues"]) == ("1 hour", ["15 minutes", "30 minutes", "1 hour"])
    for value, seconds in (("1 hour", 3600), ("15 minutes", 900)):
        schedules = Template({"VerificationRate": value}).schedules()
        assert schedules == [
            Schedule("MergeFunction", 300),
            Schedule("HealthFunction", 3600),
            Schedule("VerificationFunction", seconds),
            Schedule("RetentionFunction", 3600),
        ]


def test_journal_is_merged_within_a_day_by_default(expanded: dict[str, Any]) -> None:
    """It can wait for at most a week."""
    hours = expanded["Parameters"]["JournalHours"]
    assert (hours["Type"], hours["Default"], hours["MinValue"], hours["MaxValue"]) == ("Number", 24, 0, 24)


def test_command_line_counts_locally_as_the_template_does() -> None:
    """The zone of the local service is the template's default."""
    assert Target(None, "").analytics() == read(AnalyticsSettings, Template().environment("AnalyticsFunction"))


def test_tokens_expire_after_a_year_by_default(expanded: dict[str, Any]) -> None:
    """Locally too; the command line reads a stack's value from its output."""
    assert Target(None, "").token_days() == expanded["Parameters"]["TokenDays"]["Default"] == 365
    assert expanded["Outputs"]["TokenDays"]["Value"] == {"Ref": "TokenDays"}


def test_rejections_have_no_delay_by_default(expanded: dict[str, Any]) -> None:
    """The delay is at most 30 days."""
    delay = expanded["Parameters"]["BadNewsDelayHours"]
    assert (delay["Default"], delay["MinValue"], delay["MaxValue"]) == (0, 0, 30 * 24)


def test_no_user_chooses_whose_applications_to_see(resources: dict[str, Resource]) -> None:
    """Only administrators create users, and the trigger decides whom a user stands for, not an attribute or a group.

    The attributes of release 1.0 stay, as a pool can't lose any, but no token contains them.
    """
    (pool,) = (each["Properties"] for each in of_type(resources, "AWS::Cognito::UserPool").values())
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["LambdaConfig"] == {"PreTokenGeneration": {"Ref": "PreTokenFunctionAliaslive"}}
    ids = ("ats_id", "client_id", "jobseeker_id")
    assert sorted(pool["Schema"], key=lambda each: str(each["Name"])) == [
        {"Name": name, "AttributeDataType": "String", "Mutable": False} for name in ids
    ]
    (client,) = (each["Properties"] for each in of_type(resources, "AWS::Cognito::UserPoolClient").values())
    assert client["ReadAttributes"] == client["WriteAttributes"] == ["email"]
    assert not of_type(resources, "AWS::Cognito::UserPoolGroup")
    permission = resources["PreTokenPermission"]["Properties"]
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "PreTokenFunctionAliaslive"},
        "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": {"Fn::If": ["OwnUserPool", {"Fn::GetAtt": ["UserPool", "Arn"]}, {"Ref": "UserPoolArn"}]},
    }


def test_people_sign_in_with_a_code_at_the_pool_s_login_pages(resources: dict[str, Resource]) -> None:
    """Managed login with a style, without which it shows no page; only the code grant, and no scope for attributes."""
    (domain,) = of_type(resources, "AWS::Cognito::UserPoolDomain").values()
    own = {"Fn::Sub": "${AWS::StackName}-${AWS::AccountId}"}
    assert domain["Properties"] == {
        "UserPoolId": {"Ref": "UserPool"},
        "Domain": {"Fn::If": ["HasSignInPrefix", {"Ref": "SignInPrefix"}, own]},
        "ManagedLoginVersion": 2,
    }
    assert resources["UserPool"]["Properties"]["UserPoolTier"] == "ESSENTIALS"
    assert resources["LoginStyle"]["Properties"] == {
        "UserPoolId": {"Ref": "UserPool"}, "ClientId": {"Ref": "UserPoolClient"}, "UseCognitoProvidedValues": True,
    }  # fmt: skip
    client = resources["UserPoolClient"]["Properties"]
    assert (client["AllowedOAuthFlows"], client["AllowedOAuthScopes"]) == (["code"], ["openid"])
    assert client["AllowedOAuthFlowsUserPoolClient"] is client["EnableTokenRevocation"] is True
    assert "GenerateSecret" not in client
    assert [each["Fn::Sub"][0] for each in client["CallbackURLs"]] == [f"${{Url}}{CALLBACK_PATH}"]
    assert [each["Fn::Sub"][0] for each in client["LogoutURLs"]] == [f"${{Url}}{SIGN_OUT_PATH}"]
    assert client["TokenValidityUnits"] == dict.fromkeys(("IdToken", "AccessToken", "RefreshToken"), "minutes")
    assert client["IdTokenValidity"] == client["AccessTokenValidity"] == 15  # until a changed assignment takes effect
    assert client["RefreshTokenValidity"] * 60 == _SESSION_SECONDS
    conditional = ("UserPool", "LoginDomain", "UserPoolClient", "LoginStyle")
    assert {resources[name]["Condition"] for name in conditional} == {"OwnUserPool"}


def test_board_s_own_provider_is_optional(expanded: dict[str, Any]) -> None:
    """With an issuer, the app client offers it; its secret is read from Secrets Manager and is in no parameter."""
    provider = expanded["Resources"]["BoardIdentityProvider"]
    assert (provider["Condition"], provider["Properties"]["ProviderName"]) == ("Federates", PROVIDER)
    assert provider["Properties"]["UserPoolId"] == {"Ref": "UserPool"}
    assert provider["Properties"]["ProviderType"] == "OIDC"
    assert provider["Properties"]["ProviderDetails"] == {
        "oidc_issuer": {"Ref": "OidcIssuer"},
        "client_id": {"Ref": "OidcClientId"},
        "client_secret": {"Fn::Sub": "{{resolve:secretsmanager:${OidcClientSecretArn}}}"},
        "authorize_scopes": "openid",
        "attributes_request_method": "GET",
    }
    is_set = {name: {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in ("SignInPrefix", "OidcIssuer")}
    assert expanded["Conditions"]["HasSignInPrefix"] == is_set["SignInPrefix"]
    federates = {"Fn::And": [{"Condition": "OwnUserPool"}, is_set["OidcIssuer"]]}
    assert expanded["Conditions"]["Federates"] == federates
    offered = expanded["Resources"]["UserPoolClient"]["Properties"]["SupportedIdentityProviders"]
    own = {"Fn::If": ["Federates", {"Ref": "BoardIdentityProvider"}, {"Ref": "AWS::NoValue"}]}
    assert offered == ["COGNITO", own]
    users = expanded["Parameters"]["OidcUsers"]
    assert (users["Default"], users["AllowedValues"]) == (OidcUsers.ASSIGNED, [*OidcUsers])


def test_functions_know_the_pool_by_its_issuer_and_the_app_client_by_the_stage(resources: dict[str, Resource]) -> None:
    """The client's id can't be in a function's environment: the client needs the API, and that the functions."""
    issuer = {
        json.dumps(resources[f"{name}Function"]["Properties"]["Environment"]["Variables"]["USER_POOL_ISSUER"])
        for name in ("Views", "MyApplications", "SignIn")
    }
    assert len(issuer) == 1
    address, pool = json.loads(issuer.pop())["Fn::Sub"]
    assert address == "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Id}"
    assert pool["Id"]["Fn::If"][:2] == ["OwnUserPool", {"Ref": "UserPool"}]
    (stage,) = of_type(resources, "AWS::ApiGateway::Stage").values()
    client = {"Fn::If": ["OwnUserPool", {"Ref": "UserPoolClient"}, {"Ref": "UserPoolClientId"}]}
    assert stage["Properties"]["Variables"] == {"UserPoolClientId": client}


def test_dependencies_of_resources_have_no_cycle(expanded: dict[str, Any], with_canary: dict[str, Any]) -> None:
    """CloudFormation refuses a template with one, and nothing checks it before."""
    for template in (expanded, with_canary):
        resources = template["Resources"]
        graph = {name: {*named_in(each)} & resources.keys() for name, each in resources.items()}
        tuple(TopologicalSorter(graph).static_order())


def named_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, argument in value.items():
            if name == "Ref":
                yield argument
            elif name == "Fn::GetAtt":
                yield argument[0] if isinstance(argument, list) else argument.partition(".")[0]
            elif name == "Fn::Sub":
                text = argument[0] if isinstance(argument, list) else argument
                yield from re.findall(r"\$\{(\w+)", text)
            elif name == "DependsOn":
                yield from as_list(argument)
            yield from named_in(argument)
    elif isinstance(value, list):
        for each in value:
            yield from named_in(each)


EXPIRY: dict[str, dict[str, Any]] = {
    "FilesBucket": {"uploads/": 7, "expanded/": 7, "refused/": 30},
    "FailedRecordsBucket": {"": 90},
    "FactsBucket": {"facts/": {"Ref": "FactsRetentionDays"}, "failed/": 90, "results/": 7},
}


@pytest.mark.parametrize("name", EXPIRY)
def test_buckets_are_private_and_objects_expire(resources: dict[str, Resource], name: str) -> None:
    """They contain personal data: encrypted, never public, only over TLS, with an expiry."""
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert buckets.keys() == EXPIRY.keys()
    bucket = buckets[name]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["Properties"]["PublicAccessBlockConfiguration"]) == 4
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    days = {each.get("Prefix", ""): each["ExpirationInDays"] for each in rules if "ExpirationInDays" in each}
    assert days == EXPIRY[name]
    (policy,) = (
        each["Properties"]
        for each in of_type(resources, "AWS::S3::BucketPolicy").values()
        if each["Properties"]["Bucket"] == {"Ref": name}
    )
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_logs_expire(expanded: dict[str, Any]) -> None:
    """Each log group has a retention of at most a year."""
    groups = of_type(expanded["Resources"], "AWS::Logs::LogGroup")
    assert groups.keys() == {f"{name}Logs" for name in FUNCTIONS.values()} | {"FactsDeliveryLogs", "ApiLogs", "WafLogs"}
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    retention = expanded["Parameters"]["LogRetentionDays"]
    assert retention["Default"] == 30
    assert 0 < min(retention["AllowedValues"]) < max(retention["AllowedValues"]) <= 365


def test_new_values_of_parameters_reach_the_alias(resources: dict[str, Resource]) -> None:
    """SAM publishes no version for a new parameter value, so its description names each one the environment uses."""
    parameters = {
        "UnknownApplications", "ReportingTimeZone", "JournalHours", "BadNewsDelayHours", "OidcUsers", "SignInPrefix",
        "UserPoolArn", "UserPoolDomain",
    }  # fmt: skip
    for function in FUNCTIONS:
        variables = json.dumps(resources[function]["Properties"]["Environment"]["Variables"])
        used = {*re.findall(r'"Ref": "(\w+)"|\$\{(\w+)\}', variables)}
        used = {name for names in used for name in names} & parameters
        (version,) = (v for name, v in resources.items() if name.startswith(f"{function}Version"))
        described = json.dumps(version["Properties"].get("Description", ""))
        assert all(f"${{{name}}}" in described for name in used), function
