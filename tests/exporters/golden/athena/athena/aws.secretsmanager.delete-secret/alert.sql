-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Amazon Athena, Trino, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the
--   recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: executed (Trino 435 on one machine, against the reference semantics on random logs)
-- loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
-- table: Athena's CloudTrail table
--
-- What the cascade does not explain. Run events.sql before, drop.sql when done.
WITH delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_secretsmanager_delete_secret
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret' AND NOT failed AND copies = 1
    )
    AND NOT event_id IS NULL
), effects_of_delete_secret AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_secretsmanager_delete_secret AS own
  INNER JOIN delete_secret AS parent
    ON own.secret = parent.secret_2 AND own.account = parent.account
  WHERE
    (
      own.event_source = 'secretsmanager.amazonaws.com'
      AND own.event_name IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
      AND NOT own.failed
      AND own.event_type_is_aws_service_event
      AND own.event_time BETWEEN parent.event_time AND parent.event_time + 2678400
    )
    AND own.copies = 1
), explained AS (
  SELECT
    event_id,
    'aws.secretsmanager.delete-secret' AS cascade,
    CONCAT(CAST('secretsmanager:' AS VARCHAR), CAST(event_name AS VARCHAR)) AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM effects_of_delete_secret
)
SELECT
  judged.event_id,
  judged.event_time,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  judged.secret
FROM cascade_events_aws_secretsmanager_delete_secret AS judged
LEFT JOIN (
  SELECT DISTINCT
    event_id
  FROM explained
) AS known
  ON known.event_id = judged.event_id
WHERE
  known.event_id IS NULL
  AND (
    judged.event_source = 'secretsmanager.amazonaws.com'
    AND judged.event_name IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
  )
  AND judged.copy_number = 1
ORDER BY
  judged.event_time,
  judged.event_id;
