CREATE OR REPLACE VIEW closed_applications AS
-- Open applications whose position ended after their last status, and the time of that end.
SELECT present.application, min(ended.effective_ms) AS closed_ms, min_by(ended.day_only, ended.effective_ms) AS day_only
FROM application_statuses AS present JOIN current_facts AS ended ON ended.application = present.application
WHERE present.recency = 1 AND present.outcome = 'open'
  AND ended.kind = 'position' AND ended.outcome = 'position_closed'
  AND ended.effective_ms + CASE WHEN ended.day_only THEN 86399999 ELSE 0 END > present.effective_ms
GROUP BY present.application
