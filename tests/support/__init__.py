"""Helpers that several tests share. Open `world.py` first: the service under test.

The service and its requests
    world                   the real handlers over tables made from template.yaml
    signals                 Selection Signals, and readers of their effect in the tables
    refusals                requests that the webhook refuses
    generated_requests      requests to all intakes, at the extremes of what they accept
    sandbox                 requests to the sandbox, and readers of their effect in the tables
    native_flow             customers of the providers of native webhooks, and their events
    native_senders          the providers' retries, with faults

Applications
    histories               applications with a given history
    generated_applications  applications with random histories, without a table
    simulated_board         a simulated job board, through the handlers

Streams, logs and reports
    streams                 stream records, and their delivery
    unreliable_stream       delivery with faults
    failed_records          the store of failed records, and the operator who sends them again
    counters                the counters as stored and as they should be
    command_line            `application-status analytics`
    quality_pages           the quality report's page and JSON
    facts_queries           the project's queries over a folder of facts
    firehose                delivery of facts to S3
    eventbridge             an event bus and schedules
    log_lines               log lines as the health function receives them

Engines
    dynamodb_in_memory      DynamoDB in memory, for thousands of steps
    ministack               DynamoDB as a server, for calls at the same moment
    concurrency             simultaneous callers

Faults
    faults                  between the store and DynamoDB, in this process
    faulty_proxy            between a transport and the tables' server
    unreadable_items        in the conversion of items
"""
