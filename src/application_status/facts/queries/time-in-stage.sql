-- Entries into each status by ATS and day: how they ended, and the lower bound of the duration in hours.
WITH steps AS (
  SELECT application_statuses.*, lag(status) OVER (PARTITION BY application ORDER BY subject) AS before
  FROM application_statuses
),
-- A report that repeats the current status is no entry.
entries AS (
  SELECT application, ats, status, entered_ms, entered_day, day_only,
    lead(entered_ms) OVER (PARTITION BY application ORDER BY subject) AS left_ms,
    lead(day_only) OVER (PARTITION BY application ORDER BY subject) AS left_day_only
  FROM steps
  WHERE before IS NULL OR before <> status
),
stays AS (
  SELECT entries.ats, entries.entered_day, entries.status,
    CASE
      WHEN entries.status IN ('HIRED', 'REJECTED') THEN 'final'
      WHEN entries.left_ms IS NOT NULL THEN 'left'
      WHEN closed.closed_ms IS NOT NULL THEN 'position_closed'
      ELSE 'lasts'
    END AS ending,
    coalesce(entries.left_ms, closed.closed_ms) - entries.entered_ms AS stay_ms,
    coalesce(entries.day_only, false) OR coalesce(entries.left_day_only, closed.day_only, false) AS day_only
  FROM entries LEFT JOIN closed_applications AS closed ON closed.application = entries.application
),
buckets AS (
  SELECT ats, entered_day, status, ending, CASE
    WHEN ending IN ('final', 'lasts') THEN NULL
    WHEN day_only AND stay_ms < 86400000 THEN 12
    WHEN stay_ms < 3600000 THEN 0 WHEN stay_ms < 14400000 THEN 1 WHEN stay_ms < 43200000 THEN 4
    WHEN stay_ms < 86400000 THEN 12 WHEN stay_ms < 172800000 THEN 24 WHEN stay_ms < 259200000 THEN 48
    WHEN stay_ms < 345600000 THEN 72 WHEN stay_ms < 432000000 THEN 96 WHEN stay_ms < 518400000 THEN 120
    WHEN stay_ms < 604800000 THEN 144 WHEN stay_ms < 777600000 THEN 168 WHEN stay_ms < 950400000 THEN 216
    WHEN stay_ms < 1209600000 THEN 264 WHEN stay_ms < 1555200000 THEN 336 WHEN stay_ms < 1900800000 THEN 432
    WHEN stay_ms < 2246400000 THEN 528 WHEN stay_ms < 2592000000 THEN 624 WHEN stay_ms < 3283200000 THEN 720
    WHEN stay_ms < 4147200000 THEN 912 WHEN stay_ms < 5184000000 THEN 1152 WHEN stay_ms < 6480000000 THEN 1440
    WHEN stay_ms < 7776000000 THEN 1800 WHEN stay_ms < 9072000000 THEN 2160 WHEN stay_ms < 10368000000 THEN 2520
    WHEN stay_ms < 12960000000 THEN 2880 WHEN stay_ms < 15552000000 THEN 3600 WHEN stay_ms < 19440000000 THEN 4320
    WHEN stay_ms < 24624000000 THEN 5400 WHEN stay_ms < 31536000000 THEN 6840
    ELSE 8760 END AS from_hours
  FROM stays
)
SELECT ats, entered_day, status, ending, from_hours, count(*) AS entries
FROM buckets
GROUP BY ats, entered_day, status, ending, from_hours
ORDER BY ats, entered_day, status, ending, from_hours
