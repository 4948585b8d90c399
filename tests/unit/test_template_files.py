"""template.yaml as SAM expands it for CloudFormation: the way of a file from its upload to its import."""

from typing import Any


def test_upload_sends_a_message_to_the_queue(resources: dict[str, Any]) -> None:
    """Uploads alone: what the import itself writes starts nothing. The bucket waits for the queue's policy."""
    bucket = resources["FilesBucket"]
    assert bucket["DependsOn"] == "FilesQueuePolicy"
    assert bucket["Properties"]["NotificationConfiguration"] == {
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "uploads/"}]}},
                "Queue": {"Fn::GetAtt": ["FilesQueue", "Arn"]},
            }
        ]
    }
    assert resources["FilesQueuePolicy"]["Properties"] == {
        "Queues": [{"Ref": "FilesQueue"}],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "EventsOfBuckets",
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": {"Fn::GetAtt": ["FilesQueue", "Arn"]},
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                        "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}},
                    },
                }
            ],
        },
    }


def test_messages_of_files_are_not_lost(resources: dict[str, Any]) -> None:
    """Both queues keep messages for 14 days; five failures lead to the dead letters.

    A message is hidden for longer than the function can run, so that no second worker gets it meanwhile.
    """
    queue, dead = (dict(resources[name]["Properties"]) for name in ("FilesQueue", "FilesDeadLetters"))
    assert queue.pop("RedrivePolicy") == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["FilesDeadLetters", "Arn"]}, "maxReceiveCount": 5,
    }  # fmt: skip
    assert queue.pop("VisibilityTimeout") > resources["FileImportFunction"]["Properties"]["Timeout"]
    assert queue == dead == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 24 * 3600}


def test_few_messages_are_processed_at_once(resources: dict[str, Any]) -> None:
    """Each alone, and as many at once as the parameter allows, so that imports leave the account's executions alone."""
    assert resources["FilesMapping"]["Properties"] == {
        "EventSourceArn": {"Fn::GetAtt": ["FilesQueue", "Arn"]},
        "FunctionName": {"Ref": "FileImportFunctionAliaslive"},
        "BatchSize": 1,
        "ScalingConfig": {"MaximumConcurrency": {"Ref": "FileWorkers"}},
    }


def test_import_may_send_messages_to_itself(resources: dict[str, Any]) -> None:
    """Lambda stops a function that calls itself again and again, unless it may."""
    allowed = {
        name: each["Properties"]["RecursiveLoop"]
        for name, each in resources.items()
        if "RecursiveLoop" in each.get("Properties", {})
    }
    assert allowed == {"FileImportFunction": "Allow"}


def test_what_was_not_uploaded_completely_is_deleted(resources: dict[str, Any]) -> None:
    """The parts of a multipart upload count as no object, so the other rules would keep them."""
    rules = resources["FilesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    aborted = [each["AbortIncompleteMultipartUpload"] for each in rules if "AbortIncompleteMultipartUpload" in each]
    assert aborted == [{"DaysAfterInitiation": 1}]
