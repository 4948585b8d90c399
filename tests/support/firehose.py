"""Firehose in moto, which delivers records to S3, with faults before, during or after a call."""

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import boto3
from botocore.exceptions import ClientError, ReadTimeoutError

STREAM, BUCKET = "FactsStream", "FactsBucket"


def open_stream(**client_options: Any) -> Any:
    """Make the stream and its bucket in moto, if it is not there; return the client."""
    with suppress(ClientError):
        boto3.client("s3", **client_options).create_bucket(Bucket=BUCKET)
    client = boto3.client("firehose", **client_options)
    client.create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/facts-delivery",
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "facts/",
        },
    )
    return client


def delivered() -> list[str]:
    """Return the objects of the bucket, as JSON, since moto does not convert records."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys]


class UnreliableFirehose:
    """A client that fails at random: entirely, for some records, or after all records were accepted."""

    def __init__(self, client: Any, chance: random.Random) -> None:
        self._client = client
        self._chance = chance
        self.calm = False

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[Any]) -> Any:  # noqa: N803  # botocore's
        fate = 1.0 if self.calm else self._chance.random()
        if fate < 0.1:
            raise ClientError({"Error": {"Code": "ServiceUnavailableException"}}, "PutRecordBatch")
        taken = [fate > 0.6 or self._chance.random() < 0.5 for _ in Records]
        sent = [record for record, good in zip(Records, taken, strict=True) if good]
        if sent:
            self._client.put_record_batch(DeliveryStreamName=DeliveryStreamName, Records=sent)
        if 0.6 < fate < 0.7:
            raise ReadTimeoutError(endpoint_url="https://firehose")
        results = [{"RecordId": "-"} if good else {"ErrorCode": "ServiceUnavailableException"} for good in taken]
        return {"FailedPutCount": len(Records) - len(sent), "RequestResponses": results}
