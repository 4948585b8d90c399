"""Ashby: its webhooks, see https://developers.ashbyhq.com/docs/setting-up-webhooks."""
