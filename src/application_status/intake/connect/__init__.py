"""Native webhooks of ATSs: a folder for each provider, and what they share.

events.py     what a webhook can report, in one form for all providers
providers.py  the table of providers
"""
