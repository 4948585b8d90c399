"""Greenhouse Recruiting: its webhooks, see https://developers.greenhouse.io/webhooks.html."""
