-- Applications by ATS and the day of applying: how far they came at most, and how they stand.
WITH newest AS (
  SELECT facts.*, row_number() OVER (PARTITION BY application, kind, subject ORDER BY version DESC, fact_id) AS telling
  FROM facts
  WHERE application NOT IN (SELECT application FROM facts WHERE kind = 'erased')
),
-- What an application went through, its present status first.
moves AS (
  SELECT application, ats, applied_day, status, stage_rank, outcome, effective_ms,
    row_number() OVER (PARTITION BY application ORDER BY subject DESC) AS place,
    first_value(status) OVER (PARTITION BY application ORDER BY subject DESC) AS present
  FROM newest
  WHERE telling = 1 AND entered_ms IS NOT NULL
),
heads AS (
  SELECT * FROM moves WHERE place = 1
),
-- A hire counts as a stage only while it stands.
stages AS (
  SELECT application,
    max_by(status, stage_rank) FILTER (WHERE stage_rank IS NOT NULL AND (status <> 'HIRED' OR present = 'HIRED')) AS stage
  FROM moves
  GROUP BY application
),
-- Open applications whose position ended after their last news.
closed AS (
  SELECT DISTINCT heads.application
  FROM heads JOIN newest ON newest.application = heads.application
  WHERE newest.telling = 1 AND newest.kind = 'position' AND newest.outcome = 'position_closed'
    AND heads.outcome = 'open'
    AND newest.effective_ms + CASE WHEN newest.day_only THEN 86399999 ELSE 0 END > heads.effective_ms
),
stands AS (
  SELECT heads.ats, heads.applied_day, coalesce(stages.stage, 'LEAD') AS stage,
    CASE WHEN closed.application IS NULL THEN heads.outcome ELSE 'position_closed' END AS outcome
  FROM heads
  JOIN stages ON stages.application = heads.application
  LEFT JOIN closed ON closed.application = heads.application
)
SELECT ats, applied_day, count(*) AS applications,
  count(*) FILTER (WHERE stage = 'LEAD') AS stage_lead,
  count(*) FILTER (WHERE stage = 'APPLIED') AS stage_applied,
  count(*) FILTER (WHERE stage = 'CONTACT') AS stage_contact,
  count(*) FILTER (WHERE stage = 'PRE_INTERVIEW') AS stage_pre_interview,
  count(*) FILTER (WHERE stage = 'INTERVIEW') AS stage_interview,
  count(*) FILTER (WHERE stage = 'POST_INTERVIEW') AS stage_post_interview,
  count(*) FILTER (WHERE stage = 'OFFER') AS stage_offer,
  count(*) FILTER (WHERE stage = 'HIRED') AS stage_hired,
  count(*) FILTER (WHERE outcome = 'open') AS outcome_open,
  count(*) FILTER (WHERE outcome = 'hired') AS outcome_hired,
  count(*) FILTER (WHERE outcome = 'not_selected') AS outcome_not_selected,
  count(*) FILTER (WHERE outcome = 'candidate_withdrew') AS outcome_candidate_withdrew,
  count(*) FILTER (WHERE outcome = 'offer_declined') AS outcome_offer_declined,
  count(*) FILTER (WHERE outcome = 'position_closed') AS outcome_position_closed,
  count(*) FILTER (WHERE outcome = 'ended_unknown') AS outcome_ended_unknown
FROM stands
GROUP BY ats, applied_day
ORDER BY ats, applied_day
