"""The random number generator for the whole service: the operating system's.

A generator with its own state would return the same numbers in every function restored from the same snapshot.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import random

RANDOM = random.SystemRandom()  # noqa: TID251  # the one place
