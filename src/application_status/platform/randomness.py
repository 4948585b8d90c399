"""The one source of random numbers: the operating system's.

Functions that are restored from one snapshot would all draw the same numbers from a generator with a state of its own.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import random

RANDOM = random.SystemRandom()  # noqa: TID251  # the one place
