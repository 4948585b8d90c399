"""The texts of the pages for jobseekers, clients, ATSs and staff: `english.toml` and `german.toml`, read by `texts.py`.

Pages for integrators are in English only.
"""
