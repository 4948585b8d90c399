"""template.yaml as SAM expands it for CloudFormation: the events for other systems, which are optional."""

from typing import Any

from application_status.local.template import Template

EVENTS = {
    "EventBus", "DueEventsSchedules", "DueEventsQueue", "DueEventsDeadLetters", "DueEventsMapping", "DueEventsRole",
    "DueEventsAlarm",
}  # fmt: skip


def test_events_are_published_only_if_switched_on(expanded: dict[str, Any]) -> None:
    """Exactly the resources for events have the condition, false by default; either switch makes the function."""
    assert expanded["Conditions"]["DeliversEvents"] == {"Fn::Equals": [{"Ref": "EventDelivery"}, "on"]}
    assert expanded["Parameters"]["EventDelivery"]["Default"] == "off"
    conditional = {name for name, each in expanded["Resources"].items() if each.get("Condition") == "DeliversEvents"}
    assert conditional == EVENTS
    either = {name for name, each in expanded["Resources"].items() if each.get("Condition") == "Delivers"}
    assert either == {name for name in expanded["Resources"] if name.startswith("Delivery")}
    assert expanded["Outputs"]["EventBusName"]["Condition"] == "DeliversEvents"
    assert expanded["Conditions"]["Delivers"] == {
        "Fn::Or": [{"Condition": "DeliversFacts"}, {"Condition": "DeliversEvents"}]
    }
    assert "DeliveryFunction" not in Template().handlers()
    for switch in ("FactsDelivery", "EventDelivery"):
        assert "DeliveryFunction" in Template({switch: "on"}).handlers()


def test_function_gets_the_settings_of_what_is_switched_on() -> None:
    """An empty name switches a part of the function off."""
    facts, events = (
        Template({each: "on"}).environment("DeliveryFunction") for each in ("FactsDelivery", "EventDelivery")
    )
    assert (facts["FACTS_STREAM"], facts["EVENT_BUS"]) == ("FactsStream", "")
    assert (events["FACTS_STREAM"], events["EVENT_BUS"], events["SCHEDULE_GROUP"]) == (
        "", "EventBus", "DueEventsSchedules",
    )  # fmt: skip


def test_function_may_do_what_is_switched_on(resources: dict[str, Any]) -> None:
    """Its other permissions depend on no switch; test_permissions.py compares them with what it does."""
    policies = resources["DeliveryRole"]["Properties"]["Policies"]
    conditions = [each["Fn::If"][0] if "Fn::If" in each else None for each in policies]
    assert conditions == [None, "DeliversFacts", "DeliversEvents"]
    assert [each["Fn::If"][2] for each in policies[1:]] == [{"Ref": "AWS::NoValue"}] * 2


def test_names_begin_with_the_stacks(resources: dict[str, Any]) -> None:
    """So an account can have several stacks."""
    assert resources["EventBus"]["Properties"]["Name"] == {"Fn::Sub": "${AWS::StackName}-events"}
    assert resources["DueEventsSchedules"]["Properties"] == {"Name": {"Fn::Sub": "${AWS::StackName}-due-events"}}


def test_messages_of_due_events_are_not_lost(resources: dict[str, Any]) -> None:
    """Both queues keep messages for 14 days; five failures lead to the dead letters."""
    queue, dead = (dict(resources[name]["Properties"]) for name in ("DueEventsQueue", "DueEventsDeadLetters"))
    assert queue.pop("RedrivePolicy") == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DueEventsDeadLetters", "Arn"]}, "maxReceiveCount": 5,
    }  # fmt: skip
    assert queue.pop("VisibilityTimeout") == 6 * resources["DeliveryFunction"]["Properties"]["Timeout"]
    assert queue.keys() == dead.keys() == {"SqsManagedSseEnabled", "KmsMasterKeyId", "MessageRetentionPeriod"}
    assert queue["MessageRetentionPeriod"] == dead["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert resources["DueEventsMapping"]["Properties"] == {
        "EventSourceArn": {"Fn::GetAtt": ["DueEventsQueue", "Arn"]},
        "FunctionName": {"Ref": "DeliveryFunctionAliaslive"},
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }


def test_schedules_may_only_send_to_the_queues(resources: dict[str, Any]) -> None:
    """EventBridge Scheduler assumes their role for this account alone."""
    role = resources["DueEventsRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    ((statement,),) = (each["PolicyDocument"]["Statement"] for each in role["Policies"])
    queues = [{"Fn::GetAtt": [name, "Arn"]} for name in ("DueEventsQueue", "DueEventsDeadLetters")]
    assert statement == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queues}
