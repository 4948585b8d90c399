CREATE OR REPLACE VIEW application_statuses AS
-- Every status of each application; recency 1 is the current one.
SELECT current_facts.*, row_number() OVER (PARTITION BY application ORDER BY subject DESC) AS recency
FROM current_facts
WHERE entered_ms IS NOT NULL
