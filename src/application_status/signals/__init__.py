"""Receives SEEK's Selection Signals: GraphQL over HTTP, free-text labels."""
