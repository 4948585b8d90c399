"""Status reports in files: CSV files that ATSs upload, by the ATSi contract's file channel.

`endpoint.py` creates files, `worker.py` reads uploads and imports their rows in `lanes.py`, and `imports.py` stores how
far that is (`file.py`). `csv_format.py` splits an upload (`upload.py`) into rows, `rows.py` converts a row to a report,
and `refused.py` lists the rows that were refused. Start with `worker.py`.
"""
