"""Lever: its webhooks, see https://hire.lever.co/developer/documentation#webhooks."""
