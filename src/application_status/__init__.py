"""ATSi Application Status: reports of applicant tracking systems, checked, stored once, streamed and counted.

A report's way through the package:

    gateway.request    API Gateway's event becomes a Request
    webhook.handler    the token is looked up (store.tokens), the body becomes a Report (webhook.message)
    store.applications one conditional UpdateItem records it; model.application decides what it runs into
    analytics.handler  the table's stream brings the changed item; model.quality says what it contributes
    store.quality      one transaction adds the difference to what was counted of it before
    views.handler      reads the counters (store.quality_reader); model.quality_report says what they tell
    applicant.handler  reads the items of a jobseeker (store.of_jobseekers); model.status says what they are told

The views also let an ATS read back its own application (views.application) and show the API (views.pages).

What became of it is logged, and the log's line brings it to health.handler and store.health: each ATS's day.
Where it is switched on, facts.handler reads the same stream and delivers what is new as flat facts (model.facts).
The registry puts the applications there beforehand; `local` runs all of it on one machine, `cli` is the operators'.
Test tokens lead to tables of their own (gateway.token), which the sandbox fills and no stream leaves.
"""
