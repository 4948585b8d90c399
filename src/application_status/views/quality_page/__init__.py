"""The page that shows clients, ATSs and the board's staff how their applicants fare: questions, sections, plots."""
