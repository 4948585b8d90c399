"""This webhook over other transports than its own `store/wire.py`: what that file saves, measured by `make bench`."""
