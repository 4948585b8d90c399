"""Status reports in files: CSV files that ATSs upload, by the ATSi contract's file channel.

`csv_format.py` scans an upload and splits it into rows, `rows.py` converts a row to a report, and `refused.py` lists
the rows that were refused. Start with `csv_format.py`.
"""
