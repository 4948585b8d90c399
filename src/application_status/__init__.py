"""ATSi Application Status: receives status reports for job applications, stores them, and counts their quality.

A report, from the request to DynamoDB:

    functions/webhook.py               settings, and the tables that the parts use
    platform/http/endpoint.py          parses API Gateway's event into a Request, and converts errors to replies
    intake/atsi/receive.py             the handler: authenticates, validates, records, replies
    access/tokens.py                   looks up the ATS of the token, and limits its requests (access/limits.py)
    platform/http/body.py              parses the JSON body
    labels/rules/interpretation.py     interprets the label of a rejection; vocabulary.py and overrides.py map it
    applications/record.py             writes the report with one conditional UpdateItem
    applications/rules/application.py  the conditions of this write, and what happens if one does not hold
    applications/items.py              converts an application from and to an item
    platform/dynamodb/client.py        retries the call; wire.py sends it

A batch of reports:

    functions/batch.py                 settings, and the tables that the parts use
    platform/http/endpoint.py          as above
    intake/atsi/batch.py               the handler: checks each report as receive.py does, records them, replies
    intake/side_by_side.py             records reports of different applications at the same time
    applications/record.py             as above; platform/dynamodb/wire.py has a connection for each thread

A signal, or a disposition:

    functions/signals.py               settings, and the tables that the parts use
    platform/http/endpoint.py          as above
    intake/graphql/endpoint.py         the handler: authenticates (access/tokens.py), parses and executes the document
    intake/graphql/limits.py           limits the document's size; size.py limits what it sends and asks for
    intake/graphql/schema.py           the schema and its resolvers
    intake/seek/signals.py             the mutations, which record each signal; rules.py validates it
    intake/indeed/dispositions.py      the mutation, which records each disposition; rules.py validates it
    applications/aliases.py            finds the application; applications/positions.py stores states of positions
    labels/rules/interpretation.py     interprets the label of a signal; dispositions.py a disposition
    applications/record.py             as above; platform/dynamodb/boto.py sends the calls

A native webhook:

    functions/connect.py               settings, the tables and KMS
    platform/http/endpoint.py          as above
    intake/connect/endpoint.py         the handler: finds the connection, verifies the signature, reads the events
    access/connections.py              looks up the connection; envelope.py decrypts its secrets
    intake/connect/providers.py        the table of providers, whose modules verify signatures and read bodies
    intake/connect/receive.py          records each event, or parks it (applications/parked.py)
    intake/connect/activity.py         what a connection has sent lately, for page.py

A file:

    functions/files.py                 settings, the tables and the bucket
    intake/files/endpoint.py           the handler: creates a file with a form for its upload, and returns its state
    functions/file_import.py           settings, the tables, the bucket and the queue
    intake/files/worker.py             the handler of messages: reads an upload, or imports the next rows of it
    intake/files/imports.py            stores the state of files (file.py), and how far each import is
    intake/files/upload.py             expands an upload, and tells its encoding
    intake/files/csv_format.py         scans an upload, and splits it into rows
    intake/files/lanes.py              imports rows in blocks
    intake/files/rows.py               converts a row to a report
    intake/side_by_side.py             records reports at the same time
    applications/record.py             as above
    intake/files/refused.py            lists the refused rows

A record of the Applications table's stream:

    functions/analytics.py             settings, and the tables that the parts use
    platform/streams.py                processes the batch, and sets failed records aside in S3
    quality/counting/stream.py         the handler: takes the newest record of each application
    applications/items.py              parses the item
    quality/rules/contribution.py      what an application adds to the counters
    quality/counters/write.py          writes the difference to what was counted before, to a journal
    quality/counters/items.py          the items of the counters
    platform/dynamodb/client.py        as above

Reports add the journal to the totals (quality/counters/read.py); functions/merge.py merges it into them later.

Each folder's docstring says what is in it and which file to open first.
"""
