"""Storage of the quality counters in DynamoDB: item shapes, the journal, merges, reads, and rebuilds.

Open `items.py` first: it describes the table.
"""
