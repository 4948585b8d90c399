"""What several tests share, by what a test needs; each module's first line says what it provides.

The service and its requests
    world                   the real handlers over tables made from template.yaml: start here
    signals                 Selection Signals, and what they leave in the tables
    refusals                requests that the webhook refuses
    sandbox                 requests to the sandbox, and what they leave in the tables

Applications
    histories               one with a given history
    generated_applications  seeded lives, without a table
    simulated_board         a seeded job board, through the handlers

What reads the streams and the logs
    streams                 stream records, and their delivery
    unreliable_stream       their delivery with faults
    failed_records          the records that were set aside
    counters                the counters as stored and as they should be
    command_line            `application-status analytics`
    quality_pages           the quality report's page and JSON
    facts_queries           the project's queries over a folder of facts
    firehose                the way of the facts to S3
    log_lines               log lines on their way to the health function

Engines
    dynamodb_in_memory      DynamoDB in memory, for thousands of steps
    ministack               DynamoDB as a server, for calls at the same moment
    concurrency             callers that start at the same moment

Faults
    faults                  between the store and DynamoDB, in this process
    faulty_proxy            between a transport and the tables' server
    unreadable_items        in the conversion of items
"""
