"""template.yaml as SAM expands it for CloudFormation: the optional firewall and the optional key."""

import json
from typing import Any

from application_status.local.template import Template

BY_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
MANAGED = {
    "ip-reputation": "AWSManagedRulesAmazonIpReputationList",
    "known-bad-inputs": "AWSManagedRulesKnownBadInputsRuleSet",
    "common": "AWSManagedRulesCommonRuleSet",
}


def of_type(expanded: dict[str, Any], kind: str) -> dict[str, Any]:
    resources = expanded["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


def either(with_key: Any, without: Any) -> dict[str, Any]:
    return {"Fn::If": ["HasKmsKey", with_key, without]}


def test_own_key_encrypts_whatever_holds_data(expanded: dict[str, Any]) -> None:
    """Tables, buckets, logs, facts, events, results of queries, environments; AWS's keys do if there is none."""
    assert expanded["Conditions"]["HasKmsKey"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKeyArn"}, ""]}]}
    assert expanded["Parameters"]["KmsKeyArn"]["Default"] == ""
    for table in of_type(expanded, "AWS::DynamoDB::Table").values():
        kind = either("KMS", {"Ref": "AWS::NoValue"})
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": kind, "KMSMasterKeyId": BY_KEY}
    own = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "KmsKeyArn"}}}
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    for bucket in of_type(expanded, "AWS::S3::Bucket").values():
        rules = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules == either([own | {"BucketKeyEnabled": True}], [default])
    assert all(each["KmsKeyArn"] == BY_KEY for each in of_type(expanded, "AWS::Lambda::Function").values())
    assert all(group["KmsKeyId"] == BY_KEY for group in of_type(expanded, "AWS::Logs::LogGroup").values())
    (stream,) = of_type(expanded, "AWS::KinesisFirehose::DeliveryStream").values()
    kind = either("CUSTOMER_MANAGED_CMK", "AWS_OWNED_CMK")
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": kind, "KeyARN": BY_KEY}
    (bus,) = of_type(expanded, "AWS::Events::EventBus").values()
    assert bus["KmsKeyIdentifier"] == BY_KEY
    for name, queue in of_type(expanded, "AWS::SQS::Queue").items():
        if name in {"FilesQueue", "FilesDeadLetters"}:  # ids alone, which S3 sends without the key
            assert queue["SqsManagedSseEnabled"] is True
            continue
        assert queue["KmsMasterKeyId"] == BY_KEY
        assert queue["SqsManagedSseEnabled"] == either({"Ref": "AWS::NoValue"}, True)  # noqa: FBT003  # the value in YAML
    (group,) = of_type(expanded, "AWS::Athena::WorkGroup").values()
    results = group["WorkGroupConfiguration"]["ResultConfiguration"]["EncryptionConfiguration"]
    assert results == {"EncryptionOption": either("SSE_KMS", "SSE_S3"), "KmsKey": BY_KEY}


def test_secrets_of_connections_have_a_key_of_their_own(expanded: dict[str, Any]) -> None:
    """It outlives the stack, rotates, and only IAM policies say who may use it: one function may decrypt data keys."""
    ((name, key),) = of_type(expanded, "AWS::KMS::Key").items()
    resource = expanded["Resources"][name]
    assert (name, resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("SecretsKey", "Retain", "Retain")
    account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert key == {
        "Description": "Encrypts the secrets of connections to ATSs.",
        "EnableKeyRotation": True,
        "PendingWindowInDays": 30,
        "KeyPolicy": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}],
        },
    }
    granted = [
        (name, statement)
        for name, role in of_type(expanded, "AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in policy.get("PolicyDocument", {"Statement": []})["Statement"]
        if "kms" in json.dumps(statement)
    ]
    decrypt = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": {"Fn::GetAtt": ["SecretsKey", "Arn"]},
        "Condition": {"StringLike": {"kms:EncryptionContext:Connection": "*"}},
    }
    assert granted == [("ConnectRole", decrypt)]


def test_firewall_is_optional(expanded: dict[str, Any]) -> None:
    """All of its resources have the condition, which is false by default."""
    assert expanded["Conditions"]["HasWaf"] == {"Fn::Equals": [{"Ref": "Waf"}, "on"]}
    switch = expanded["Parameters"]["Waf"]
    assert (switch["Default"], switch["AllowedValues"]) == ("off", ["off", "on"])
    conditional = {name for name, each in expanded["Resources"].items() if each.get("Condition") == "HasWaf"}
    assert conditional == {
        name for name, each in expanded["Resources"].items() if "WAF" in each["Type"] or name == "WafLogs"
    }


def test_firewall_is_in_front_of_the_api(expanded: dict[str, Any]) -> None:
    """It is associated with the stage, and lets requests pass that no rule refuses."""
    (acl,) = of_type(expanded, "AWS::WAFv2::WebACL").values()
    (association,) = of_type(expanded, "AWS::WAFv2::WebACLAssociation").values()
    (stage,) = of_type(expanded, "AWS::ApiGateway::Stage")
    assert (acl["Scope"], acl["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    assert association == {
        "WebACLArn": {"Fn::GetAtt": ["WebAcl", "Arn"]},
        "ResourceArn": {
            "Fn::Sub": f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/restapis/${{Api}}/stages/${{{stage}}}"
        },
    }


def test_requests_of_one_address_are_capped(expanded: dict[str, Any]) -> None:
    """The first rule answers 429 with a problem, from so many requests on that a sender's backfill stays below."""
    (acl,) = of_type(expanded, "AWS::WAFv2::WebACL").values()
    (rate,) = (rule for rule in acl["Rules"] if rule["Priority"] == 0)
    limit = {"Limit": {"Ref": "WafRequestsPerIp"}, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}
    assert rate["Name"] == "requests-per-ip"
    assert rate["Statement"] == {"RateBasedStatement": limit}
    response = rate["Action"]["Block"]["CustomResponse"]
    assert response == {
        "ResponseCode": 429,
        "CustomResponseBodyKey": "throttled",
        "ResponseHeaders": [{"Name": "Retry-After", "Value": "60"}],
    }
    body = acl["CustomResponseBodies"]["throttled"]
    assert body["ContentType"] == "APPLICATION_JSON"
    content, parts = body["Content"]["Fn::Sub"]
    assert parts == {"Prefix": {"Fn::If": ["HasDomain", "", "/v1"]}}
    problem = json.loads(content.replace("${Prefix}", "/v1"))
    assert problem.keys() == {"type", "title", "status", "detail"}
    gateways = json.loads(Template().gateway_response("THROTTLED").body)
    assert [problem[name] for name in ("type", "title", "status")] == [
        gateways[name] for name in ("type", "title", "status")
    ]
    parameter = expanded["Parameters"]["WafRequestsPerIp"]
    assert (parameter["Type"], parameter["Default"], parameter["MinValue"]) == ("Number", 30_000, 10)
    assert parameter["Default"] / 300 >= 2 * expanded["Parameters"]["RequestsPerSecond"]["Default"]


def test_managed_rules_refuse_no_report_for_its_body(expanded: dict[str, Any]) -> None:
    """Rules of the common set that look at bodies only count, as reports have free text and GraphQL documents."""
    (acl,) = of_type(expanded, "AWS::WAFv2::WebACL").values()
    rules = {rule["Name"]: rule for rule in acl["Rules"] if rule["Priority"]}
    assert len(acl["Rules"]) == len({rule["Priority"] for rule in acl["Rules"]}) == len(MANAGED) + 1
    counted = (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_BODY",
        "NoUserAgent_HEADER",
    )
    for name, managed in MANAGED.items():
        overrides = [{"Name": rule, "ActionToUse": {"Count": {}}} for rule in counted] if name == "common" else None
        expected = {"VendorName": "AWS", "Name": managed, "RuleActionOverrides": overrides}
        assert rules[name]["Statement"] == {
            "ManagedRuleGroupStatement": {key: value for key, value in expected.items() if value}
        }
        assert rules[name]["OverrideAction"] == {"None": {}}, "the set's own actions"


def test_firewall_stores_no_token(expanded: dict[str, Any]) -> None:
    """No samples, and a log without credentials, paths and query strings, of refused and counted requests alone."""
    (acl,) = of_type(expanded, "AWS::WAFv2::WebACL").values()
    views = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert views == [
        {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": False}
        for name in ("all", "requests-per-ip", *MANAGED)
    ]
    (logging,) = of_type(expanded, "AWS::WAFv2::LoggingConfiguration").values()
    headers = [{"SingleHeader": {"Name": name}} for name in ("x-atsitoken", "authorization", "cookie")]
    log_group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${WafLogs}"
    assert logging == {
        "ResourceArn": {"Fn::GetAtt": ["WebAcl", "Arn"]},
        "LogDestinationConfigs": [{"Fn::Sub": log_group}],
        "RedactedFields": [*headers, {"QueryString": {}}, {"UriPath": {}}],
        "LoggingFilter": {
            "DefaultBehavior": "DROP",
            "Filters": [
                {
                    "Behavior": "KEEP",
                    "Requirement": "MEETS_ANY",
                    "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                }
            ],
        },
    }
    name = expanded["Resources"]["WafLogs"]["Properties"]["LogGroupName"]
    assert name == {"Fn::Sub": "aws-waf-logs-${AWS::StackName}"}
