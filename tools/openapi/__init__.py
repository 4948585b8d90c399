"""Writes the description of the API (OpenAPI 3.1) from the models and routes that the functions use."""
