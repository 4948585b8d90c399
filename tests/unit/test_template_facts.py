"""template.yaml as SAM expands it for CloudFormation: the delivery of facts, which is optional."""

import re
from typing import Any

from application_status.facts.rules import COLUMNS
from application_status.local.template import PATH, Template


def test_facts_are_delivered_only_if_switched_on(expanded: dict[str, Any]) -> None:
    """Exactly the resources for facts have the condition, which is false by default."""
    assert expanded["Conditions"]["DeliversFacts"] == {"Fn::Equals": [{"Ref": "FactsDelivery"}, "on"]}
    assert expanded["Parameters"]["FactsDelivery"]["Default"] == "off"
    conditional = {name for name, each in expanded["Resources"].items() if each.get("Condition") == "DeliversFacts"}
    kinds = ("Firehose", "Glue", "Athena")
    assert conditional == {
        name
        for name, each in expanded["Resources"].items()
        if name.startswith("Facts") or any(kind in each["Type"] for kind in kinds)
    }
    assert expanded["Outputs"]["Facts"]["Condition"] == "DeliversFacts"


def test_local_service_delivers_none() -> None:
    """Firehose is AWS's; on one machine `facts export` writes the facts."""
    assert "DeliveryFunction" not in Template().handlers()
    assert "DeliveryFunction" in Template({"FactsDelivery": "on"}).handlers()


def test_table_has_the_columns_of_a_fact(resources: dict[str, Any]) -> None:
    """Firehose drops fields that the table has no column for."""
    properties = resources["FactsTable"]["Properties"]
    database = resources["FactsDatabase"]["Properties"]
    assert properties["DatabaseName"] == {"Ref": "FactsDatabase"}
    assert properties["CatalogId"] == database["CatalogId"] == {"Ref": "AWS::AccountId"}
    assert database["DatabaseInput"]["Name"] == {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}
    table = properties["TableInput"]
    assert (table["Name"], table["TableType"]) == ("facts", "EXTERNAL_TABLE")
    assert table["Parameters"] == {"EXTERNAL": "TRUE", "classification": "parquet"}
    files = table["StorageDescriptor"]
    assert {each["Name"]: each["Type"] for each in files["Columns"]} == COLUMNS
    assert files["Location"] == {"Fn::Sub": "s3://${FactsBucket}/facts/"}
    formats = (files["InputFormat"], files["OutputFormat"], files["SerdeInfo"]["SerializationLibrary"])
    assert all(".parquet." in each for each in formats)


def test_stream_makes_parquet_where_the_table_finds_it(resources: dict[str, Any]) -> None:
    """The files have the table's columns and location; unconvertible records go to another prefix."""
    assert resources["FactsStream"]["Properties"]["DeliveryStreamType"] == "DirectPut"
    stream = resources["FactsStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert (stream["BucketARN"], stream["Prefix"]) == ({"Fn::GetAtt": ["FactsBucket", "Arn"]}, "facts/")
    assert stream["ErrorOutputPrefix"].startswith("failed/")
    conversion = stream["DataFormatConversionConfiguration"]
    assert conversion["Enabled"] is True
    role = {"Fn::GetAtt": ["FactsDeliveryRole", "Arn"]}
    assert conversion["SchemaConfiguration"] == {
        "RoleARN": role,
        "CatalogId": {"Ref": "AWS::AccountId"},
        "Region": {"Ref": "AWS::Region"},
        "DatabaseName": {"Ref": "FactsDatabase"},
        "TableName": {"Ref": "FactsTable"},
        "VersionId": "LATEST",
    }
    assert conversion["InputFormatConfiguration"] == {"Deserializer": {"OpenXJsonSerDe": {}}}
    assert conversion["OutputFormatConfiguration"] == {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}}
    assert (stream["RoleARN"], stream["CompressionFormat"]) == (role, "UNCOMPRESSED")
    assert stream["BufferingHints"]["SizeInMBs"] >= 64, "the least with a conversion"
    assert stream["BufferingHints"]["IntervalInSeconds"] <= 300


def test_failures_of_the_delivery_are_logged(resources: dict[str, Any]) -> None:
    """Firehose writes them to a stream of its own log group."""
    stream = resources["FactsStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert stream["CloudWatchLoggingOptions"] == {
        "Enabled": True,
        "LogGroupName": {"Ref": "FactsDeliveryLogs"},
        "LogStreamName": {"Ref": "FactsDeliveryLogStream"},
    }
    assert resources["FactsDeliveryLogStream"]["Properties"] == {"LogGroupName": {"Ref": "FactsDeliveryLogs"}}


def test_only_firehose_of_this_account_delivers(resources: dict[str, Any]) -> None:
    """Against a confused deputy: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""
    (trust,) = resources["FactsDeliveryRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_queries_results_are_kept_for_a_week(resources: dict[str, Any]) -> None:
    """Queries run in a work group whose location for results users can't change."""
    properties = resources["FactsWorkGroup"]["Properties"]
    assert properties["Name"] == {"Fn::Sub": "${AWS::StackName}-facts"}
    assert properties["RecursiveDeleteOption"] is True
    group = properties["WorkGroupConfiguration"]
    assert group["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["ResultConfiguration"]["OutputLocation"] == {"Fn::Sub": "s3://${FactsBucket}/results/"}
    rules = resources["FactsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    uploads = [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert uploads == [{"DaysAfterInitiation": 7}], "unfinished uploads are deleted"
    assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "results/"] == [7]


def test_template_contains_no_sql() -> None:
    """The queries are in the package alone, where the tests run them."""
    assert not re.search(r"\b(SELECT|NamedQuery)\b", PATH.read_text(encoding="utf-8"))
