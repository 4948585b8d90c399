-- Unmapped labels, by volume.
WITH newest AS (
  SELECT facts.*, row_number() OVER (PARTITION BY application, kind, subject ORDER BY version DESC, fact_id) AS telling
  FROM facts
  WHERE application NOT IN (SELECT application FROM facts WHERE kind = 'erased')
)
SELECT ats, raw_label, count(*) AS reports, min(effective_day) AS first_day, max(effective_day) AS last_day
FROM newest
WHERE telling = 1 AND kind = 'transition' AND status IS NULL AND raw_label IS NOT NULL
GROUP BY ats, raw_label
ORDER BY reports DESC, ats, raw_label
