"""Storage of the quality counters in DynamoDB: item shapes, exact updates, reads, and rebuilds.

Open `items.py` first: it describes the table.
"""
