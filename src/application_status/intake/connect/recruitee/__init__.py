"""Recruitee, a product of Tellent: its webhooks, see https://docs.recruitee.com/docs/webhooks."""
