"""Makes applications for integrators to try the service with."""
