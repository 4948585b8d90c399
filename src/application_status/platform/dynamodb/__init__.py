"""platform/dynamodb."""
