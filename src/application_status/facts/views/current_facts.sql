CREATE OR REPLACE VIEW current_facts AS
-- The newest version of each fact, without erased applications.
SELECT *
FROM (
  SELECT facts.*, row_number() OVER (PARTITION BY application, kind, subject ORDER BY version DESC, fact_id) AS version_rank
  FROM facts
  WHERE application NOT IN (SELECT application FROM facts WHERE kind = 'erased')
) AS versions
WHERE version_rank = 1
