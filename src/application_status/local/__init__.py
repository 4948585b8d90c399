"""An embedded stand-in for AWS: the real handlers on one machine, put together from template.yaml."""
