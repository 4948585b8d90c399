"""Status reports in files: CSV files that ATSs upload, by the ATSi contract's file channel.

`endpoint.py` creates files, and `worker.py` reads uploads and imports their rows, with `lanes.py`; `imports.py` stores
how far each file is. `csv_format.py` splits an upload into rows, `rows.py` converts a row to a report, and `refused.py`
lists the rows that were refused. Start with `worker.py`.
"""
