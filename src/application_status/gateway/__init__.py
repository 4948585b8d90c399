"""API Gateway's side of a function: proxy events in, proxy replies out, errors as problem details."""
