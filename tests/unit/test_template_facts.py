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
    table = resources["FactsTable"]["Properties"]["TableInput"]["StorageDescriptor"]
    assert {each["Name"]: each["Type"] for each in table["Columns"]} == COLUMNS
    assert table["Location"] == {"Fn::Sub": "s3://${FactsBucket}/facts/"}


def test_stream_makes_parquet_where_the_table_finds_it(resources: dict[str, Any]) -> None:
    """The files have the table's columns and location; unconvertible records go to another prefix."""
    stream = resources["FactsStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert (stream["BucketARN"], stream["Prefix"]) == ({"Fn::GetAtt": ["FactsBucket", "Arn"]}, "facts/")
    assert stream["ErrorOutputPrefix"].startswith("failed/")
    conversion = stream["DataFormatConversionConfiguration"]
    assert conversion["Enabled"] is True
    assert conversion["SchemaConfiguration"]["TableName"] == {"Ref": "FactsTable"}
    assert conversion["OutputFormatConfiguration"]["Serializer"].keys() == {"ParquetSerDe"}
    assert stream["BufferingHints"]["SizeInMBs"] >= 64, "the least with a conversion"


def test_queries_results_are_kept_for_a_week(resources: dict[str, Any]) -> None:
    """Queries run in a work group whose location for results users can't change."""
    group = resources["FactsWorkGroup"]["Properties"]["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["ResultConfiguration"]["OutputLocation"] == {"Fn::Sub": "s3://${FactsBucket}/results/"}
    rules = resources["FactsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "results/"] == [7]


def test_template_contains_no_sql() -> None:
    """The queries are in the package alone, where the tests run them."""
    assert not re.search(r"\b(SELECT|NamedQuery)\b", PATH.read_text(encoding="utf-8"))
