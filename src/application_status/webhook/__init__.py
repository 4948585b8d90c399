"""Receives status reports in both forms of the ATSi contract."""
