"""The only callers of DynamoDB: one door, and one module for each table behind it."""
