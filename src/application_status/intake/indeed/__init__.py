"""Indeed's Disposition Sync (GraphQL): the schema, the rules, and the recording of dispositions.

Start with `dispositions.py`.
"""
