-- Unmapped labels, the most frequent first.
SELECT ats, raw_label, count(*) AS reports, min(effective_day) AS first_day, max(effective_day) AS last_day
FROM current_facts
WHERE kind = 'transition' AND status IS NULL AND raw_label IS NOT NULL
GROUP BY ats, raw_label
ORDER BY reports DESC, ats, raw_label
