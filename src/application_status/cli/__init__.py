"""The operators' command line, `application-status`: a module for each group of commands.

Open `main.py` first.
"""
