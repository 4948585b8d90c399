"""The tests notice when the code is wrong.

The faults in `FAULTS` are chosen: each breaks one rule. The others are drawn from all small changes that mutmut would
make to the modules in `_FILES`: other operators, numbers and texts, and missing or empty arguments.
"""

from pathlib import Path
from typing import NamedTuple

from support.mutants import PACKAGE, Plan, changed, run
from support.proof import IN_FULL, Figure, amount

_TESTS = Path(__file__).parents[1]
_FILES = [
    *("applications/**/*.py", "intake/**/*.py", "labels/rules/*.py", "quality/rules/*.py", "jobseeker/rules/*.py"),
    *("access/rules.py", "access/tokens.py", "access/limits.py", "platform/dynamodb/*.py"),
    *("quality/counting/*.py", "quality/counters/*.py"),
]
_NO_RULES = ("__init__.py", "page.py")
_WITHOUT_THESE_FILES = ("*_cli.py", "*_page.py", "*template*", "*alarms*", "*terminal*", "*openapi*", "*portal*")
"""Tests that take long and reach other modules; _FILES are not their subject."""


class Fault(NamedTuple):
    """A rule, a change of the code that breaks it, and how the ids of the tests begin that notice it."""

    rule: str
    file: str
    before: str
    after: str
    tests: str


FAULTS = [
    Fault(
        "the write checks that the application is the caller's",
        "applications/record.py",
        "update.conditions.insert(0, _IS_THE_CALLERS)",
        'update.conditions.insert(0, "attribute_exists(AtsiApplicationId) AND (AtsId = :ats OR AtsId <> :ats)")',
        "integration/test_semantics.py::test_first_contact_owns_the_application_where_that_is_allowed[boto3",
    ),
    Fault(
        "the reply checks that the application is the caller's",
        "applications/record.py",
        ' or failed.item["AtsId"]["S"] != report.ats_id:',
        ":",
        "integration/test_semantics.py::test_unknown_and_foreign_applications_look_the_same[boto3",
    ),
    Fault(
        "the write checks that the application exists",
        "applications/record.py",
        "update.conditions.insert(0, _IS_THE_CALLERS)",
        'update.conditions.insert(0, "(attribute_not_exists(AtsId) OR AtsId = :ats)")',
        "integration/test_erasure.py::test_late_report_is_answered_like_one_of_another_application",
    ),
    Fault(
        "a tombstone drops reports",
        "applications/record.py",
        "items.is_tombstone(failed.item) or ",
        "",
        "integration/test_erasure.py::test_late_report_is_answered_like_one_of_another_application",
    ),
    Fault(
        "the write checks that the transition is unknown",
        "applications/record.py",
        "[Application.IS_UNKNOWN, Application.HAS_ROOM, Application.IS_NOT_FOLDED]",
        "[Application.HAS_ROOM, Application.IS_NOT_FOLDED]",
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[IS_UNKNOWN]",
    ),
    Fault(
        "the write checks that the history has room",
        "applications/record.py",
        '{"N": str(HISTORY_LIMIT - len(effect.added))}',
        '{"N": str(2 * HISTORY_LIMIT)}',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[HAS_ROOM]",
    ),
    Fault(
        "the write checks that the report is the newest",
        "applications/record.py",
        "    update.conditions.append(Application.IS_NEWEST)\n",
        "    pass\n",
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[IS_NEWEST]",
    ),
    Fault(
        "the write checks that no snapshot is newer",
        "applications/record.py",
        'update.values[":order"] = {"S": key}',
        'update.values[":order"] = {"S": "9999"}',
        "integration/test_event_order.py::test_repeated_snapshot_is_unchanged_whatever_its_time",
    ),
    Fault(
        "the write checks that a snapshot changes the status or label",
        "applications/record.py",
        '{"S": label_key(head.raw_status)}',
        '{"S": "no label"}',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[CHANGES_STATUS_OR_LABEL]",
    ),
    Fault(
        "the write checks that a snapshot changes the status",
        "applications/record.py",
        "update.conditions.append(Application.CHANGES_STATUS)\n",
        "pass\n",
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[CHANGES_STATUS]",
    ),
    Fault(
        "the write checks that no end came before a snapshot",
        "applications/record.py",
        '{":hired": {"S": Status.HIRED}, ":rejected": {"S": Status.REJECTED}}',
        '{":hired": {"S": "-"}, ":rejected": {"S": "--"}}',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[HAS_NO_END]",
    ),
    Fault(
        "the write checks that a first contact is not before the application",
        "applications/record.py",
        '{"S": to_text(head.latest)}',
        '{"S": "9999"}',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[IS_NOT_TOO_EARLY]",
    ),
    Fault(
        "the write checks that nothing is folded",
        "applications/record.py",
        "[Application.IS_UNKNOWN, Application.HAS_ROOM, Application.IS_NOT_FOLDED]",
        "[Application.IS_UNKNOWN, Application.HAS_ROOM]",
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[IS_NOT_FOLDED]",
    ),
    Fault(
        "a previous state replaces no stored one",
        "applications/record.py",
        "becomes_head = effect.head is each",
        "becomes_head = False",
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[EARLIER_IS_UNKNOWN]",
    ),
    Fault(
        "the write checks that the Idempotency-Key is unknown",
        "applications/record.py",
        '":resend": {"S": key},',
        '":resend": {"S": "-"},',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[RESEND_KEY_IS_UNKNOWN]",
    ),
    Fault(
        "the write checks that there is room for an Idempotency-Key",
        "applications/record.py",
        '":keys": {"N": str(RESEND_KEYS_LIMIT)},',
        '":keys": {"N": "9999"},',
        "integration/test_conditions.py::test_each_condition_keeps_a_report_from_being_written_as_the_newest[HAS_ROOM_FOR_A_KEY]",
    ),
    Fault(
        "the write checks that the Idempotency-Keys have not changed",
        "applications/record.py",
        "update.conditions.append(_KEYS_ARE_AS_SEEN)",
        'update.conditions.append("(ResendKeys = :seen_keys OR attribute_exists(ResendKeys))")',
        "integration/test_conditions.py::test_report_that_another_overtakes_leaves_it_in_the_history",
    ),
    Fault(
        "a rewrite checks the version",
        "applications/record.py",
        'self.conditions.append("Version = :seen")',
        'self.conditions.append("(Version = :seen OR Version <> :seen)")',
        "integration/test_conditions.py::test_report_that_another_overtakes_leaves_it_in_the_history",
    ),
    Fault(
        "a created application replaces none",
        "applications/record.py",
        'ConditionExpression="attribute_not_exists(AtsiApplicationId)",',
        'ConditionExpression="attribute_not_exists(Nothing)",',
        "integration/test_conditions.py::test_first_report_that_another_overtakes_creates_nothing",
    ),
    Fault(
        "an unchanged report writes nothing",
        "applications/record.py",
        "        if update.sets:\n",
        "        update.increment_version(report.received_at)\n        if update.sets:\n",
        "integration/test_signals.py::test_sample_sent_again_changes_nothing",
    ),
    Fault(
        "a resend after a lost reply finds its own write",
        "applications/record.py",
        "if (failed.in_doubt or in_doubt) and (own :=",
        "if False and (own :=",
        "integration/test_repeated_recording.py::test_a_repetition_in_doubt_returns_the_first_result",
    ),
    Fault(
        "an older report is late",
        "applications/rules/application.py",
        "if head and not self.is_newest(head):",
        "if False:",
        "unit/test_application.py::test_what_a_report_after_a_history_is",
    ),
    Fault(
        "an older event than a snapshot is late",
        "applications/rules/application.py",
        "if head and self.seen_until and not self.is_newer_than_snapshots(head):",
        "if False:",
        "unit/test_application.py::test_event_from_before_a_repeated_snapshot_is_late",
    ),
    Fault(
        "a known transition is unchanged",
        "applications/rules/application.py",
        " for each in reported if not self.has_recorded(each)]",
        " for each in reported]",
        "unit/test_application.py::test_what_a_report_after_a_history_is",
    ),
    Fault(
        "a known Idempotency-Key is unchanged",
        "applications/rules/application.py",
        "if self.has_resend_key(report) else self._receive_at_its_time(report)",
        "if False else self._receive_at_its_time(report)",
        "unit/test_application.py::test_what_a_report_after_a_history_is",
    ),
    Fault(
        "a repeated snapshot is unchanged",
        "applications/rules/application.py",
        "if report.is_unchanged_if_repeated and self.repeats_newest(report.interpretation):",
        "if False:",
        "unit/test_application.py::test_event_from_before_a_repeated_snapshot_is_late",
    ),
    Fault(
        "an old snapshot does not undo an end",
        "applications/rules/application.py",
        "return Effect(ReportResult.UNCHANGED)\n        transition =",
        "pass\n        transition =",
        "unit/test_application.py::test_what_a_report_after_a_history_is",
    ),
    Fault(
        "a full history is folded",
        "applications/rules/application.py",
        "folded(after, self.registration) if len(after) > HISTORY_LIMIT else after",
        "after",
        "unit/test_application.py::test_full_history_keeps_first_entries_and_counts_what_it_removes",
    ),
    Fault(
        "folding keeps what is essential",
        "applications/rules/application.py",
        "if excess > 0 and each.key not in essential:",
        "if excess > 0:",
        "unit/test_application.py::test_full_history_keeps_first_entries_and_counts_what_it_removes",
    ),
    Fault(
        "folding counts what it removes",
        "applications/rules/application.py",
        "result[-1] = _with_folded(result[-1], each)\n",
        "pass\n",
        "unit/test_application.py::test_full_history_keeps_first_entries_and_counts_what_it_removes",
    ),
    Fault(
        "a report in a folded range is known",
        "applications/rules/application.py",
        "return bool(earlier) and self.transitions[max(earlier)].folded is not None",
        "return False",
        "unit/test_application.py::test_full_history_keeps_first_entries_and_counts_what_it_removes",
    ),
    Fault(
        "a first contact before the application never counts",
        "applications/rules/application.py",
        "return early and registration is not None and transition.latest < registration.applied_at",
        "return False",
        "unit/test_application.py::test_what_a_report_after_a_history_is",
    ),
    Fault(
        "a decision follows the head",
        "applications/rules/report.py",
        "if after is None or transition.key > after:",
        "if True:",
        "unit/test_application.py::test_untimed_report_after_a_head_from_the_future_is_sorted_after_it",
    ),
    Fault(
        "an alias is the ATS's own",
        "applications/aliases.py",
        'if item is None or item["AtsId"]["S"] != ats_id:',
        "if item is None:",
        "integration/test_aliases.py::test_alias_names_the_application_to_its_own_ats_only",
    ),
    Fault(
        "a token expires",
        "applications/aliases.py",
        'if "ExpiresAt" in item and int(item["ExpiresAt"]["N"]) <= now().timestamp():',
        "if False:",
        "integration/test_aliases.py::test_token_lives_180_days_from_its_first_registration",
    ),
    Fault(
        "an alias is not taken from another application",
        "applications/aliases.py",
        '"ConditionExpression": _IS_FREE_OR_OWN_OR_ENDED,',
        '"ConditionExpression": f"({_IS_FREE_OR_OWN_OR_ENDED}) OR attribute_exists(Alias)",',
        "integration/test_aliases.py::test_alias_of_another_application_refuses_all",
    ),
    Fault(
        "another registration is a conflict",
        "applications/register.py",
        "if differing:",
        "if False:",
        "integration/test_registry.py::test_another_identity_is_a_conflict",
    ),
    Fault(
        "another ATS can't complete a registration",
        "applications/register.py",
        "if stored.ats_id != registration.ats_id:",
        "if False:",
        "integration/test_registry.py::test_registration_for_another_ats_than_reported_is_a_conflict",
    ),
    Fault(
        "an erased application can't be registered",
        "applications/register.py",
        "if failed.item is not None and items.is_tombstone(failed.item):",
        "if False:",
        "integration/test_erasure.py::test_registration_does_not_bring_it_back",
    ),
    Fault(
        "an erasure does not overwrite a report that it has not seen",
        "applications/erase.py",
        '{"ConditionExpression": _IS_AS_SEEN,',
        '{"ConditionExpression": f"({_IS_AS_SEEN} OR Version <> :seen)",',
        "integration/test_erasure.py::test_what_is_written_meanwhile_is_erased_too",
    ),
    Fault(
        "a reader sees its own applications only",
        "applications/read.py",
        'return item if ats_id in (None, item["AtsId"]["S"]) else None',
        "return item",
        "integration/test_read_back.py::test_others_applications_can_not_be_probed",
    ),
    Fault(
        "an outage stops at the first record",
        "platform/streams.py",
        "self.end = min(self.end, index)",
        "self.end = max(self.end, index)",
        "unit/test_streams.py::test_first_outage",
    ),
    Fault(
        "nothing is processed after an outage",
        "platform/streams.py",
        "self.stop(index, error)\n                    return\n",
        "self.stop(index, error)\n                    continue\n",
        "unit/test_streams.py::test_outage_ends_a_batch",
    ),
    Fault(
        "a record that can't be read stops no other",
        "platform/streams.py",
        "                self.failures[index] = error\n",
        "                self.stop(index, error)\n                return\n",
        "unit/test_streams.py::test_outage_ends_a_batch",
    ),
    Fault(
        "an outage is no failure of a record",
        "platform/streams.py",
        "                if is_outage(error):\n                    self.stop",
        "                if False:\n                    self.stop",
        "unit/test_streams.py::test_outage_ends_a_batch",
    ),
    Fault(
        "the batch is sent again from the first unprocessed record",
        "platform/streams.py",
        "batch.unprocessed()[:1]",
        "batch.unprocessed()[1:2]",
        "integration/test_analytics.py::test_unavailable_store_is_reported_from_the_first_uncounted_record",
    ),
    Fault(
        "a sink stops at its first refused message",
        "platform/streams.py",
        "for index, _ in messages[accepted:][:1]:",
        "for index, _ in messages[accepted:][1:2]:",
        "integration/test_facts_handler.py::test_records_refused_for_good_are_reported",
    ),
    Fault(
        "counting stops at the first record not counted",
        "quality/counting/stream.py",
        "batch.stop(min(index",
        "batch.stop(max(index",
        "integration/test_analytics.py::test_unavailable_store_is_reported_from_the_first_uncounted_record",
    ),
    Fault(
        "the newest record of an application counts",
        "quality/counting/stream.py",
        "if known is None or record.change.version > known.change.version:",
        "if known is None:",
        "integration/test_analytics.py::test_newest_record_of_an_application_counts_wherever_it_stands",
    ),
    Fault(
        "an older version never counts",
        "quality/counters/write.py",
        " if update.change.version > update.counted.version]",
        " if update.change.version != update.counted.version]",
        "integration/test_quality_faults.py::test_another_function_counts_between_reading_and_writing",
    ),
    Fault(
        "a version counts once",
        "quality/counters/write.py",
        " if update.change.version > update.counted.version]",
        " if update.change.version >= update.counted.version]",
        "integration/test_quality_faults.py::test_lost_reply_of_a_transaction_counts_once",
    ),
    Fault(
        "a marker changes only from what was read",
        "quality/counters/write.py",
        'put["ConditionExpression"] = "#revision = :counted"',
        'put["ConditionExpression"] = "(#revision = :counted OR attribute_exists(#revision))"',
        "integration/test_quality_faults.py::test_another_function_counts_between_reading_and_writing",
    ),
    Fault(
        "a new marker replaces none",
        "quality/counters/write.py",
        '"ConditionExpression": "attribute_not_exists(#scope)",',
        '"ConditionExpression": "(attribute_not_exists(#scope) OR attribute_exists(#scope))",',
        "integration/test_quality_faults.py::test_another_function_counts_between_reading_and_writing",
    ),
    Fault(
        "what counted before is taken back",
        "quality/counters/write.py",
        "for of, sign in ((update.target, 1), (update.counted, -1)):",
        "for of, sign in ((update.target, 1),):",
        "unit/test_counter_updates.py::test_removed_application_is_taken_away",
    ),
    Fault(
        "a token is compared in constant time",
        "access/rules.py",
        "hmac.compare_digest(self.sha256, sha256(text))",
        "self.sha256 == sha256(text)",
        "unit/test_token.py::test_secrets_are_compared_in_constant_time",
    ),
    Fault(
        "the key of a connection is compared in constant time",
        "access/connections.py",
        "hmac.compare_digest(found.key_sha256 if found else _NO_KEY, sha256(key))",
        "(found.key_sha256 if found else _NO_KEY) == sha256(key)",
        "unit/test_token.py::test_secrets_are_compared_in_constant_time",
    ),
    Fault(
        "a signature is compared in constant time",
        "intake/connect/events.py",
        'hmac.compare_digest(received.encode(errors="replace"), each.encode())',
        'received.encode(errors="replace") == each.encode()',
        "unit/test_token.py::test_secrets_are_compared_in_constant_time",
    ),
    Fault(
        "a token must match",
        "access/rules.py",
        "return hmac.compare_digest(self.sha256, sha256(text))",
        "hmac.compare_digest(self.sha256, sha256(text))\n        return True",
        "integration/test_bad_callers.py::test_bad_token_is_refused",
    ),
    Fault(
        "a revoked token is refused",
        "access/rules.py",
        "self.revoked_at is None and ",
        "",
        "unit/test_token.py::test_token_is_live_until_it_expires_or_is_revoked",
    ),
    Fault(
        "an expired token is refused",
        "access/rules.py",
        "moment < self.expires_at",
        "True",
        "unit/test_token.py::test_token_is_live_until_it_expires_or_is_revoked",
    ),
    Fault(
        "a cached token is checked again",
        "access/tokens.py",
        "if token and proves(token) and token.is_live(now()):",
        "if token and token.is_live(now()):",
        "integration/test_bad_callers.py::test_live_token_of_our_form_is_known",
    ),
    Fault(
        "two different tokens are refused",
        "access/tokens.py",
        'presented[0] if len(presented) == 1 else ""',
        "presented[0]",
        "integration/test_bad_callers.py::test_two_different_tokens_are_refused",
    ),
    Fault(
        "a test token reaches the sandbox only",
        "access/tokens.py",
        "return self.sandbox if ats.in_sandbox else self.live",
        "return self.live",
        "integration/test_sandbox_separation.py::test_neither_world_can_be_probed_from_the_other",
    ),
    Fault(
        "the guessing of tokens is limited",
        "access/tokens.py",
        "            self._count_invalid(address)\n        return None",
        "            pass\n        return None",
        "integration/test_limits.py::test_guessing_is_limited_by_address",
    ),
    Fault(
        "an ATS is limited",
        "access/tokens.py",
        "self._buckets.take(key, limit_of_ats(self._requests_per_second), requests)",
        "pass",
        "integration/test_limits.py::test_over_the_limit_a_report_gets_a_429",
    ),
    Fault(
        "an empty bucket refuses",
        "access/limits.py",
        "if left < amount:\n                    if left < 1:",
        "if False:\n                    if left < 1:",
        "integration/test_limits.py::test_over_the_limit_a_report_gets_a_429",
    ),
    Fault(
        "the path names the ATS of the token",
        "intake/atsi/receive.py",
        'if request.path_parameters.get("ATS_ID", ats.id) != ats.id:',
        "if False:",
        "integration/test_bad_callers.py::test_token_is_good_for_its_own_path_only",
    ),
    Fault(
        "a request is authenticated before its body is read",
        "intake/atsi/receive.py",
        "ats = sender(request, tokens)\n        received_at =",
        "json_object(request, _BODY_LIMIT_BYTES)\n        ats = sender(request, tokens)\n        received_at =",
        "integration/test_bad_callers.py::test_token_comes_before_the_body",
    ),
    Fault(
        "a body has a limit",
        "platform/http/endpoint.py",
        "        if len(body) > limit:\n            raise",
        "        if False:\n            raise",
        "integration/test_bad_input.py::test_body_limit_is_in_bytes",
    ),
    Fault(
        "an encoded body is not decoded beyond the limit",
        "platform/http/endpoint.py",
        "if len(self.encoded_body) > 2 * limit:",
        "if False:",
        "integration/test_bad_input.py::test_too_large_body_is_refused_before_it_is_decoded",
    ),
    Fault(
        "duplicate keys are refused",
        "platform/http/body.py",
        "catch_duplicate_keys=True",
        "catch_duplicate_keys=False",
        "integration/test_bad_input.py::test_malformed_body_is_refused",
    ),
    Fault(
        "an outage tells when to retry",
        "platform/http/endpoint.py",
        "_problem(failure_details(problem, request), retry_later())",
        "_problem(failure_details(problem, request), {})",
        "integration/test_faults.py::test_lasting_faults_are_a_503",
    ),
    Fault(
        "a limit tells when to retry",
        "platform/http/endpoint.py",
        '                "Retry-After": str(error.retry_after),\n                "RateLimit-Policy"',
        '                "RateLimit-Policy"',
        "integration/test_limits.py::test_over_the_limit_a_report_gets_a_429",
    ),
    Fault(
        "an unexpected error is a 503",
        "platform/http/endpoint.py",
        "return fail(UNEXPECTED, request)",
        'return fail(Problem(500, "unexpected", ""), request)',
        "integration/test_faults.py::test_unexpected_failure_is_logged_with_its_place",
    ),
    Fault(
        "a future time is refused",
        "platform/values.py",
        "(at := instant(parsed)) > received_at + CLOCK_SKEW",
        "(at := instant(parsed)) > received_at + CLOCK_SKEW * 1000",
        "integration/test_semantics.py::test_effective_time_that_can_not_be_is_refused[boto3",
    ),
    Fault(
        "a future day is refused",
        "platform/values.py",
        "(at := instant(midnight)) > received_at + CLOCK_SKEW",
        "(at := instant(midnight)) > received_at + CLOCK_SKEW * 1000",
        "unit/test_csv_rows.py::test_refused_rows",
    ),
    Fault(
        "a time before 2000 is refused",
        "platform/values.py",
        "if int(year) < _FIRST_YEAR:",
        "if False:",
        "integration/test_semantics.py::test_effective_time_that_can_not_be_is_refused[boto3",
    ),
    Fault(
        "a signature is checked",
        "intake/connect/endpoint.py",
        "    if wrong:\n",
        "    if False:\n",
        "integration/test_connections.py::test_changed_signature_is_refused",
    ),
    Fault(
        "a signed value is used once",
        "intake/connect/endpoint.py",
        "if value is None or not single_use.use(",
        "if value is None or None is single_use.use(",
        "integration/test_connections.py::TestSingleUse::test_token_is_for_one_body_alone",
    ),
    Fault(
        "an unsigned delivery waits for the secret",
        "intake/connect/endpoint.py",
        "if not events or not all(isinstance(each, Test) for each in events):",
        "if False:",
        "integration/test_connections.py::TestAwaitingSecret::test_tests_are_accepted_and_events_come_again",
    ),
    Fault(
        "a throttled call is tried again",
        "platform/dynamodb/client.py",
        "if not error.is_retryable:",
        "if True:",
        "integration/test_faults.py::test_one_fault_is_not_seen",
    ),
    Fault(
        "a reply is checked by its checksum",
        "platform/dynamodb/client.py",
        "if checksum is not None and checksum != str(zlib.crc32(content)):",
        "if False:",
        "unit/test_deadlines.py::test_reply_with_another_checksum_is_none",
    ),
    Fault(
        "unprocessed keys are read again",
        "platform/dynamodb/client.py",
        'wanted = _pause_before_retry("BatchGetItem", reply.get("UnprocessedKeys", {}))',
        "wanted = {}",
        "unit/test_deadlines.py::test_what_is_left_unprocessed_is_read_and_written_again",
    ),
    Fault(
        "a cached value expires",
        "platform/dynamodb/client.py",
        "if self.clock() < until:",
        "if True:",
        "unit/test_cache.py",
    ),
]


_SHARE = 0.95
"""The least part of the drawn changes that the tests have to find."""


def test_every_named_fault_is_noticed(figure: Figure) -> None:
    """The tests find each fault that is put into a rule which keeps reports complete, exact and private."""
    mutants = [changed(each.file, each.before, each.after, [f"tests/{each.tests}"]) for each in FAULTS]
    found = run(Plan(sorted({of.partition("::")[0] for each in mutants for of in each.tests}), mutants))
    outcomes = {fault.rule: outcome for fault, (_, outcome) in zip(FAULTS, found, strict=True)}
    assert not {rule: outcome for rule, outcome in outcomes.items() if not outcome.is_noticed}
    figure(f"{len(FAULTS)} of {len(FAULTS)}")


def test_most_small_changes_are_noticed(figure: Figure) -> None:
    """The tests find small random changes to the code that receives, interprets, stores and counts reports.

    With every commit, only changes to a module that few tests reach.
    """
    if IN_FULL:
        files = sorted({path for pattern in _FILES for path in PACKAGE.glob(pattern) if path.name not in _NO_RULES})
        tests = [
            path for folder in ("unit", "integration", "wire") for path in sorted((_TESTS / folder).glob("test_*.py"))
        ]
        tests = [path for path in tests if not any(path.match(pattern) for pattern in _WITHOUT_THESE_FILES)]
    else:
        files, tests = [PACKAGE / "access" / "rules.py"], [_TESTS / "unit" / "test_token.py"]
    plan = Plan(
        [str(path.relative_to(_TESTS.parent)) for path in tests],
        files=[str(path.relative_to(PACKAGE)) for path in files],
        amount=amount(12, 300),
        seed=18,
    )
    found = run(plan)
    missed = [str(mutant) for mutant, outcome in found if not outcome.failed]
    share = 1 - len(missed) / len(found)
    assert share >= _SHARE, "\n".join(missed)
    figure(f"{len(found) - len(missed):,} of {len(found):,} drawn ({share:.1%})")
