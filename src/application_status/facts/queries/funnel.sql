-- Applications by ATS and day of applying: furthest stage and current outcome.
WITH stages AS (
  -- A hire counts as a stage only while it is the current status.
  SELECT application, max_by(status, stage_rank) FILTER (WHERE status <> 'HIRED' OR recency = 1) AS stage
  FROM application_statuses
  WHERE stage_rank IS NOT NULL
  GROUP BY application
),
stands AS (
  SELECT present.ats, present.applied_day, coalesce(stages.stage, 'LEAD') AS stage,
    CASE WHEN closed.application IS NULL THEN present.outcome ELSE 'position_closed' END AS outcome
  FROM application_statuses AS present
  LEFT JOIN stages ON stages.application = present.application
  LEFT JOIN closed_applications AS closed ON closed.application = present.application
  WHERE present.recency = 1
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
