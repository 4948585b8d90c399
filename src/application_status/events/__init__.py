"""Events: what changed in applications, for the board's other systems, on an Amazon EventBridge bus.

Open `rules.py` first: it decides which events a change leads to. `stream.py` reads the changes, `eventbridge.py` calls
AWS, and `due.py` publishes bad news when its delay is over.
"""
