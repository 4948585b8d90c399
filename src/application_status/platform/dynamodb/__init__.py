"""The DynamoDB client, its two transports (boto3 and a minimal one for the webhook), and batch operations.

Start with `client.py`.
"""
