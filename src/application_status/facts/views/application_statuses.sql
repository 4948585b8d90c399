CREATE OR REPLACE VIEW application_statuses AS
-- Each status that an application has had; recency 1 is the present one.
SELECT current_facts.*, row_number() OVER (PARTITION BY application ORDER BY subject DESC) AS recency
FROM current_facts
WHERE entered_ms IS NOT NULL
