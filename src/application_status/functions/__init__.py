"""One module per Lambda function: reads its settings, connects its parts to their tables, and exports `lambda_handler`.

Only these modules need environment variables to be imported. Start with `webhook.py`.
"""
