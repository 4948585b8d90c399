"""Native webhooks of ATSs: a folder for each provider, and what they share.

events.py     what a webhook can report, in one form for all providers
providers.py  the table of providers
endpoint.py   receives deliveries; open it first. single_use.py binds signed tokens to bodies
receive.py    records events
activity.py   what a connection has sent lately; rules.py adds it up, page.py shows it
"""
