"""Alarms and dashboard: each metric is one that the code or AWS emits, and docs/operations.md describes each alarm."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

import pytest

from application_status.applications.rules.application import ReportResult
from application_status.intake.connect.receive import EventResult
from application_status.intake.files.imports import _METRICS as METRICS
from application_status.local.template import Template
from application_status.platform.errors import Refusal
from application_status.platform.http.endpoint import PROBLEMS
from prerequisites import ROOT

type Resource = Mapping[str, Any]
type Values = Mapping[str, float]

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
STACK = ("service", "stack")
AWS_METRICS: dict[str, dict[tuple[str, ...], set[str]]] = {
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    "AWS/ApiGateway": {("ApiName", "Stage"): {"4XXError", "5XXError", "Count", "Latency"}},
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {
        ("FunctionName",): {
            "AsyncEventsDropped",
            "DestinationDeliveryFailures",
            "Duration",
            "Errors",
            "IteratorAge",
            "Throttles",
        },
        ("EventSourceMappingUUID",): {"DroppedEventCount", "OnFailureDestinationDeliveredEventCount"},
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {("TableName",): {"ReadThrottleEvents", "WriteThrottleEvents"}},
    # https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
    "AWS/Firehose": {("DeliveryStreamName",): {"DeliveryToS3.DataFreshness", "FailedConversion.Records"}},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {("QueueName",): {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}},
}
NAMED_BY = {
    "FunctionName": "AWS::Lambda::Function",
    "EventSourceMappingUUID": "AWS::Lambda::EventSourceMapping",
    "TableName": "AWS::DynamoDB::Table",
    "DeliveryStreamName": "AWS::KinesisFirehose::DeliveryStream",
    "QueueName": "AWS::SQS::Queue",
}
"""The type of the resource that a dimension's value refers to."""


class Metric(NamedTuple):
    """A metric of an alarm; the value of a dimension is a text, a Ref or a GetAtt."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]


class Expected(NamedTuple):
    """What an alarm watches, for how many periods of how many seconds; examples that raise it, and that don't."""

    periods: int
    seconds: int
    raised: Values
    calm: Values
    missing: str = "notBreaching"


BURN = {"requests": 10_000.0}
ALARMS = {
    "FailedRequests1HourAlarm": Expected(1, 3600, BURN | {"answered": 135}, BURN | {"answered": 134, "failed": 134}),
    "FailedRequests5MinutesAlarm": Expected(1, 300, {"requests": 300, "failed": 5}, {"requests": 4, "failed": 4}),
    "FailedRequests6HoursAlarm": Expected(1, 21600, BURN | {"failed": 57}, BURN | {"answered": 56}),
    "FailedRequests30MinutesAlarm": Expected(1, 1800, BURN | {"answered": 57}, BURN | {"answered": 99, "awaiting": 43}),
    "RefusedShareAlarm": Expected(1, 900, {"requests": 100, "refused": 21}, {"requests": 99, "refused": 99}),
    "LatencyAlarm": Expected(3, 300, {"Latency": 1001}, {"Latency": 1000}),
    "IntakeErrorsAlarm": Expected(1, 300, {"files": 2, "webhook": 3}, {"webhook": 4}),
    "ApiErrorsAlarm": Expected(1, 300, {"views": 2, "registry": 3}, {"views": 4}),
    "BackgroundErrorsAlarm": Expected(3, 300, {"delivery": 1}, {"delivery": 0}),
    "IntakeThrottlesAlarm": Expected(1, 300, {"sandbox": 5}, {"sandbox": 4}),
    "ApiThrottlesAlarm": Expected(1, 300, {"views": 5}, {"views": 4}),
    "BackgroundThrottlesAlarm": Expected(3, 300, {"merge": 1}, {"merge": 0}),
    "IntakeTimeoutAlarm": Expected(2, 300, {"signals": 22_401}, {"signals": 22_400, "webhook": 8_000}),
    "ApiTimeoutAlarm": Expected(2, 300, {"views": 22_401}, {"views": 22_400, "registry": 8_000}),
    "LostEventsAlarm": Expected(1, 300, {"health": 1}, {"health": 0}),
    "GivenUpRecordsAlarm": Expected(1, 300, {"positions_dropped": 1}, {"positions": 0}),
    "SetAsideAlarm": Expected(1, 300, {"SetAside": 1}, {"SetAside": 0}),
    "StreamAgeAlarm": Expected(2, 300, {"analytics": 300_001}, {"analytics": 300_000, "delivery": 300_000}),
    "TableReadThrottlesAlarm": Expected(3, 300, {"tokens": 1}, {"tokens": 0}),
    "TableWriteThrottlesAlarm": Expected(3, 300, {"files": 1}, {"files": 0}),
    "StoreRetriesAlarm": Expected(3, 300, {"StoreRetries": 100}, {"StoreRetries": 99}),
    "UnauthenticatedAlarm": Expected(1, 300, {"Unauthenticated": 300}, {"Unauthenticated": 299}),
    "WrongSignaturesAlarm": Expected(1, 3600, {"WrongSignature": 20}, {"WrongSignature": 19}),
    "UnknownApplicationsAlarm": Expected(1, 300, {"UnknownApplication": 300}, {"UnknownApplication": 299}),
    "SilentAtsAlarm": Expected(1, 3 * 3600, {"SilentAts": 1}, {"SilentAts": 0}, "breaching"),
    "UnmappedAlarm": Expected(1, 3600, {"recorded": 89, "unmapped": 11}, {"late": 10, "unmapped": 89}),
    "DriftAlarm": Expected(1, 3 * 3600, {"Drift": 1}, {"Drift": 0}, "breaching"),
    "TokensExpiringAlarm": Expected(1, 3 * 3600, {"TokensExpiring": 1}, {"TokensExpiring": 0}),
    "MergeAlarm": Expected(1, 3600, {"Merged": 0}, {"Merged": 1}, "breaching"),
    "FilesFailedAlarm": Expected(1, 300, {"FilesFailed": 1}, {"FilesFailed": 0}),
    "FilesDeadLettersAlarm": Expected(
        1, 300, {"ApproximateNumberOfMessagesVisible": 1}, {"ApproximateNumberOfMessagesVisible": 0}
    ),
    "FilesAgeAlarm": Expected(2, 300, {"ApproximateAgeOfOldestMessage": 3601}, {"ApproximateAgeOfOldestMessage": 3600}),
    "FactsDelayAlarm": Expected(2, 300, {"DeliveryToS3.DataFreshness": 901}, {"DeliveryToS3.DataFreshness": 900}),
    "FactsConversionAlarm": Expected(1, 300, {"FailedConversion.Records": 1}, {"FailedConversion.Records": 0}),
    "DueEventsAlarm": Expected(
        1, 300, {"ApproximateNumberOfMessagesVisible": 1}, {"ApproximateNumberOfMessagesVisible": 0}
    ),
}
COMPOSITES = {
    "FastBurnAlarm": ("FailedRequests1HourAlarm", "FailedRequests5MinutesAlarm"),
    "SlowBurnAlarm": ("FailedRequests6HoursAlarm", "FailedRequests30MinutesAlarm"),
}
INTAKE = {f"{name}Function" for name in ("Webhook", "Batch", "Signals", "Oauth", "Connect", "Files", "Sandbox")}
"""The functions that receive what ATSs send."""

COMPARISONS = {
    "GreaterThanThreshold": float.__gt__,
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "LessThanThreshold": float.__lt__,
}


def alarms(resources: dict[str, Resource]) -> dict[str, Resource]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}


def queries(alarm: Resource) -> Iterator[Resource]:
    """Yield the metrics and expressions of metric math, those under a condition too."""
    for each in alarm.get("Metrics", ()):
        yield each["Fn::If"][1] if "Fn::If" in each else each


def metric_of(described: Resource) -> Metric:
    dimensions = {each["Name"]: each["Value"] for each in described["Dimensions"]}
    return Metric(described["Namespace"], described["MetricName"], dimensions)


def metrics(alarm: Resource) -> dict[str, Metric]:
    """Return an alarm's metrics by their ids; without metric math, a metric's name is its id."""
    if "Metrics" not in alarm:
        return {alarm["MetricName"]: metric_of(alarm)}
    return {each["Id"]: metric_of(each["MetricStat"]["Metric"]) for each in queries(alarm) if "MetricStat" in each}


def is_raised(alarm: Resource, given: Values) -> bool:
    """Return whether the values of one period are over the threshold; what is not given is 0.

    Metric math is Python, as far as the alarms use it.
    """
    assert given.keys() <= metrics(alarm).keys()
    values: dict[str, Any] = dict.fromkeys(metrics(alarm), 0.0) | {name: float(each) for name, each in given.items()}
    functions = {
        "SUM": sum,
        "MAX": max,
        "FILL": lambda value, _: value,
        "METRICS": lambda: [values[name] for name in metrics(alarm)],
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
    }
    found = next(iter(values.values())) if "Metrics" not in alarm else None
    for each in reversed([*queries(alarm)]):  # an expression stands before those that it uses
        if "Expression" in each:
            found = values[each["Id"]] = eval(each["Expression"], functions, values)  # noqa: S307  # of the template
    assert found is not None
    return COMPARISONS[alarm["ComparisonOperator"]](float(found), float(alarm["Threshold"]))


def emitted() -> set[str]:
    """Return the names of the metrics in the code: texts given to add_metric, results of reports, kinds of refusals."""
    found = {each.value.capitalize() for each in ReportResult} | {
        each.__name__ for each in PROBLEMS if issubclass(each, Refusal)
    }
    found |= {f"Event{each.capitalize()}" for each in EventResult} | {*METRICS.values()}
    for path in (ROOT / "src" / "application_status").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"add_metric", "metrics.add_metric", "_log"}:
                for given in (*call.args[:1], *(each.value for each in call.keywords if each.arg == "name")):
                    if isinstance(given, ast.Constant):
                        found.add(str(given.value))
    return found


EMITTED = emitted()


def assert_emitted(metric: Metric, resources: dict[str, Resource]) -> None:
    """Fail if neither the code nor AWS emits a metric with exactly these dimensions."""
    if metric.namespace == "ApplicationStatus":
        assert metric.name in EMITTED
        assert metric.dimensions == {"service": "application-status", "stack": {"Ref": "AWS::StackName"}}
        return
    assert metric.name in AWS_METRICS[metric.namespace][tuple(metric.dimensions)]
    for name, value in metric.dimensions.items():
        if name in NAMED_BY:
            named = value["Fn::GetAtt"][0] if name == "QueueName" else value["Ref"]  # a queue's Ref is its address
            assert resources[named]["Type"] == NAMED_BY[name]


def test_api_has_the_name_that_its_metrics_have(resources: dict[str, Resource]) -> None:
    """The dimensions ApiName and Stage are the names of the API and of its stage."""
    (stage,) = (each["Properties"] for each in resources.values() if each["Type"] == "AWS::ApiGateway::Stage")
    named = {"ApiName": resources["Api"]["Properties"]["Name"], "Stage": stage["StageName"]}
    watched = [each for name in ALARMS for each in metrics(alarms(resources)[name]).values()]
    found = [dict(each.dimensions) for each in watched if each.namespace == "AWS/ApiGateway"]
    assert found
    assert all(each == named for each in found)
    (settings,) = stage["MethodSettings"]
    assert settings["MetricsEnabled"] is True


def test_every_alarm_is_expected(resources: dict[str, Resource]) -> None:
    """Add a new alarm above."""
    assert alarms(resources).keys() == ALARMS.keys()
    composites = {name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::CompositeAlarm"}
    assert composites == COMPOSITES.keys()


@pytest.mark.parametrize("name", ALARMS)
def test_metrics_of_alarms_are_emitted(resources: dict[str, Resource], name: str) -> None:
    """Under the namespace and the dimensions that the code and AWS use; CloudWatch allows ten in an alarm."""
    found = metrics(alarms(resources)[name])
    assert 1 <= len(found) <= 10
    for each in found.values():
        assert_emitted(each, resources)


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_is_raised_at_its_threshold(resources: dict[str, Resource], name: str) -> None:
    """It watches for the time that it should, and says where its meaning is described."""
    alarm, expected = alarms(resources)[name], ALARMS[name]
    periods = {each["MetricStat"]["Period"] for each in queries(alarm) if "MetricStat" in each} or {alarm["Period"]}
    assert (alarm["EvaluationPeriods"], periods) == (expected.periods, {expected.seconds})
    assert alarm["TreatMissingData"] == expected.missing
    assert is_raised(alarm, expected.raised)
    assert not is_raised(alarm, expected.calm)
    assert "see docs/operations.md" in alarm["AlarmDescription"]


STATISTICS = {
    "ApproximateAgeOfOldestMessage": "Maximum",
    "ApproximateNumberOfMessagesVisible": "Maximum",
    "Drift": "Maximum",
    "Duration": "p99",
    "IteratorAge": "Maximum",
    "Latency": "p99",
    "Merged": "SampleCount",
    "DeliveryToS3.DataFreshness": "Maximum",
    "SilentAts": "Maximum",
    "TokensExpiring": "Maximum",
}


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_has_its_metrics_statistic(resources: dict[str, Resource], name: str) -> None:
    """Amounts are added up; of ages the greatest counts, of durations the 99th percentile."""
    alarm = alarms(resources)[name]
    found = [
        (each["MetricStat"]["Metric"], each["MetricStat"]["Stat"]) for each in queries(alarm) if "MetricStat" in each
    ]
    found = found or [(alarm, alarm.get("Statistic") or alarm["ExtendedStatistic"])]
    assert all(statistic == STATISTICS.get(metric["MetricName"], "Sum") for metric, statistic in found)


@pytest.mark.parametrize("name", [*ALARMS, *COMPOSITES])
def test_alarm_notifies_the_topic(expanded: dict[str, Any], name: str) -> None:
    """When it is raised and when it ends, if there is a topic; the parts of a composite don't."""
    alarm = expanded["Resources"][name]["Properties"]
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    actions = [alarm.get("AlarmActions"), alarm.get("OKActions")]
    part = any(name in parts for parts in COMPOSITES.values())
    assert actions == ([None, None] if part else [topic, topic])
    assert expanded["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopic"}, ""]}]}


@pytest.mark.parametrize("name", COMPOSITES)
def test_burn_rate_needs_the_long_and_the_short_window(resources: dict[str, Resource], name: str) -> None:
    """The thresholds are 2 % of the error budget of four weeks in one hour, and 5 % in six hours."""
    long, short = COMPOSITES[name]
    rule = resources[name]["Properties"]["AlarmRule"]
    assert rule == {"Fn::Sub": f'ALARM("${{{long}}}") AND ALARM("${{{short}}}")'}
    share, hours = {"FastBurnAlarm": (0.02, 1), "SlowBurnAlarm": (0.05, 6)}[name]
    budget = 0.1  # % of the requests: the objective is 99.9 %
    for each in (long, short):
        assert alarms(resources)[each]["Threshold"] == round(budget * share * 28 * 24 / hours, 2)


@pytest.mark.parametrize("kind", ["Intake", "Api", "Background"])
def test_every_function_raises_the_alarm_of_its_kind(resources: dict[str, Resource], kind: str) -> None:
    """Those that receive what ATSs send, the others behind the API, and those behind streams, queues and schedules."""
    functions = {each for each, resource in resources.items() if resource["Type"] == "AWS::Lambda::Function"}
    behind_api = {route.function for route in Template().routes()}
    expected = {"Intake": INTAKE, "Api": behind_api - INTAKE, "Background": functions - behind_api}[kind]
    for name in (f"{kind}ErrorsAlarm", f"{kind}ThrottlesAlarm"):
        alarm = alarms(resources)[name]
        assert {each.dimensions["FunctionName"]["Ref"] for each in metrics(alarm).values()} == expected
        for each in metrics(alarm):
            assert is_raised(alarm, {each: alarm["Threshold"]})


@pytest.mark.parametrize("kind", ["Intake", "Api"])
def test_durations_are_compared_with_each_functions_timeout(resources: dict[str, Resource], kind: str) -> None:
    """The alarm is raised when one request in a hundred takes more than 80 % of it."""
    alarm = alarms(resources)[f"{kind}TimeoutAlarm"]
    found = {name: each.dimensions["FunctionName"]["Ref"] for name, each in metrics(alarm).items()}
    behind_api = {route.function for route in Template().routes()}
    assert set(found.values()) == (INTAKE if kind == "Intake" else behind_api - INTAKE)
    for name, function in found.items():
        milliseconds = resources[function]["Properties"]["Timeout"] * 1000
        assert is_raised(alarm, {name: 0.81 * milliseconds})
        assert not is_raised(alarm, {name: 0.79 * milliseconds})


def test_events_and_records_of_all_functions_are_watched(resources: dict[str, Resource]) -> None:
    """What a function gets asynchronously can be dropped; what it gets from a stream can be late or given up."""
    kinds = {"DynamoDB": set(), "Schedule": set(), "CloudWatchLogs": set()}  # type: dict[str, set[str]]
    template = Template({"FactsDelivery": "on"})
    for kind, found in kinds.items():
        found |= {function for function, _ in template._events(kind)}  # noqa: SLF001  # of any kind
    streams, asynchronous = kinds["DynamoDB"], kinds["Schedule"] | kinds["CloudWatchLogs"]
    lost = metrics(alarms(resources)["LostEventsAlarm"]).values()
    assert {(each.name, each.dimensions["FunctionName"]["Ref"]) for each in lost} == {
        *(("AsyncEventsDropped", function) for function in asynchronous),
        *(("DestinationDeliveryFailures", function) for function in streams | kinds["CloudWatchLogs"]),
    }
    ages = metrics(alarms(resources)["StreamAgeAlarm"]).values()
    assert {each.dimensions["FunctionName"]["Ref"] for each in ages} == streams
    given_up = metrics(alarms(resources)["GivenUpRecordsAlarm"]).values()
    mappings = {
        name
        for name, each in resources.items()
        if each["Type"] == "AWS::Lambda::EventSourceMapping" and "StartingPosition" in each["Properties"]
    }
    assert {(each.name, each.dimensions["EventSourceMappingUUID"]["Ref"]) for each in given_up} == {
        (name, mapping)
        for name in ("DroppedEventCount", "OnFailureDestinationDeliveredEventCount")
        for mapping in mappings
    }


def test_every_table_that_lasts_is_watched(resources: dict[str, Resource]) -> None:
    """Reads and writes; not the sandbox's tables, and not those that only operators and the sign-in use."""
    tables = {
        name
        for name, each in resources.items()
        if each["Type"] == "AWS::DynamoDB::Table"
        and each["DeletionPolicy"] == "Retain"
        and name not in {"AuditTable", "UsersTable"}
    }
    for kind in ("Read", "Write"):
        found = metrics(alarms(resources)[f"Table{kind}ThrottlesAlarm"]).values()
        assert {each.name for each in found} == {f"{kind}ThrottleEvents"}
        assert {each.dimensions["TableName"]["Ref"] for each in found} == tables


OPTIONAL_WIDGETS = {"FactsWidget": "DeliversFacts", "EventsWidget": "DeliversEvents"}


def widgets(resources: dict[str, Resource]) -> list[Any]:
    """Return the dashboard's widgets, where ${X} is the text of a reference, with those of facts and events."""
    assert resources["Dashboard"]["Properties"]["DashboardName"] == {"Ref": "AWS::StackName"}
    text, parts = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    complete = without = text
    for name, condition in OPTIONAL_WIDGETS.items():
        given, widget, otherwise = parts[name]["Fn::If"]
        assert (given, otherwise) == (condition, "")
        complete, without = complete.replace(f"${{{name}}}", widget["Fn::Sub"]), without.replace(f"${{{name}}}", "")
    found: list[Any] = json.loads(complete)["widgets"]
    assert len(json.loads(without)["widgets"]) == len(found) - len(OPTIONAL_WIDGETS)
    return found


def shown(widget: Any) -> Iterator[Metric]:
    """Yield a graph's metrics; "." repeats a value of the metric before, and "..." all values up to those that follow.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    before: list[str] = []
    for row in widget["properties"].get("metrics", ()):
        given = [each for each in row if isinstance(each, str)]
        if given[0] == "...":
            given = before[: len(before) - len(given) + 1] + given[1:]
        before = [old if new == "." else new for old, new in zip_longest(before, given) if new is not None]
        namespace, name, *dimensions = before
        values = [reference(each) for each in dimensions[1::2]]
        yield Metric(namespace, name, dict(zip(dimensions[::2], values, strict=True)))


def reference(text: str) -> Any:
    name = text[2:-1]
    found = {"Fn::GetAtt": name.split(".")} if "." in name else {"Ref": name}
    return found if text.startswith("${") else text


def test_dashboard_shows_metrics_that_are_emitted(resources: dict[str, Resource]) -> None:
    """Of this stack, in its region; what it refers to exists."""
    found = [metric for widget in widgets(resources) for metric in shown(widget)]
    for metric in found:
        assert_emitted(metric, resources)
    text = json.dumps(resources["Dashboard"])
    names = set(re.findall(r"\$\{(\w+)\}", text)) - OPTIONAL_WIDGETS.keys()
    assert names <= resources.keys()
    graphs = [each for each in widgets(resources) if each["type"] != "text"]
    assert {each["properties"]["region"] for each in graphs} == {"${AWS::Region}"}
    assert {each["type"] for each in graphs} == {"metric", "log"}


def test_dashboard_shows_each_function_and_table_and_what_alarms_watch(resources: dict[str, Resource]) -> None:
    """Errors, throttles and durations of all functions; throttles of tables; all metrics of the code with an alarm."""
    found = [metric for widget in widgets(resources) for metric in shown(widget)]
    functions = {
        name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function" and "Condition" not in each
    }
    for name in ("Errors", "Throttles", "Duration"):
        assert {each.dimensions["FunctionName"]["Ref"] for each in found if each.name == name} == functions
    tables = {each.dimensions["TableName"]["Ref"] for each in found if each.namespace == "AWS/DynamoDB"}
    watched = [metric for alarm in alarms(resources).values() for metric in metrics(alarm).values()]
    assert tables == {each.dimensions["TableName"]["Ref"] for each in watched if each.namespace == "AWS/DynamoDB"}
    own = {each.name for each in watched if each.namespace == "ApplicationStatus"}
    assert own <= {each.name for each in found}


def test_runbook_describes_exactly_the_alarms() -> None:
    """A row of the table of docs/operations.md for each alarm that notifies, with what to do."""
    rows = re.findall(r"^\| `(\w+Alarm)` \| (.+) \| (.+) \|$", OPERATIONS, flags=re.MULTILINE)
    assert all(len(meaning) > 10 and len(to_do) > 10 for _, meaning, to_do in rows)
    names = [name for name, _, _ in rows]
    parts = {part for each in COMPOSITES.values() for part in each}
    assert sorted(names) == sorted({*ALARMS, *COMPOSITES} - parts)


def test_the_share_of_unmapped_labels_is_one_of_all_results(resources: dict[str, Any]) -> None:
    """Of all reports and signals that are not refused."""
    metrics = [each for each in resources["UnmappedAlarm"]["Properties"]["Metrics"] if "MetricStat" in each]
    counted = {each["MetricStat"]["Metric"]["MetricName"] for each in metrics}
    assert counted == {result.capitalize() for result in ReportResult}


def test_latency_needs_enough_requests(resources: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    assert resources["LatencyAlarm"]["Properties"]["EvaluateLowSampleCountPercentile"] == "ignore"
