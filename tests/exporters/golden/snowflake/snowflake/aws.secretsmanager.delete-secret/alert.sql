-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Snowflake, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the
--   recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's Snowflake grammar)
-- loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMPORARY TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(CAST(GET_PATH(event, '["eventID"]') AS VARCHAR), '') AS event_id,
    DATE_PART(
      EPOCH_SECOND,
      TRY_TO_TIMESTAMP_TZ(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["eventTime"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["eventTime"]') AS VARCHAR)
        END
      )
    ) AS event_time,
    NULLIF(CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR), '') AS event_source,
    NULLIF(CAST(GET_PATH(event, '["eventName"]') AS VARCHAR), '') AS event_name,
    COALESCE(
      NULLIF(CAST(GET_PATH(event, '["recipientAccountId"]') AS VARCHAR), ''),
      NULLIF(CAST(GET_PATH(event, '["userIdentity"]["accountId"]') AS VARCHAR), '')
    ) AS account,
    CASE
      WHEN NOT STARTSWITH(
        TRANSLATE(
          NULLIF(CAST(GET_PATH(event, '["userIdentity"]["principalId"]') AS VARCHAR), ''),
          'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
          'abcdefghijklmnopqrstuvwxyz'
        ),
        'anonymous'
      )
      THEN NULLIF(CAST(GET_PATH(event, '["userIdentity"]["principalId"]') AS VARCHAR), '')
    END AS principal,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["accessKeyId"]') AS VARCHAR), '') AS access_key,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["type"]') AS VARCHAR), '') AS identity_type,
    NOT NULLIF(CAST(GET_PATH(event, '["errorCode"]') AS VARCHAR), '') IS NULL
    OR NOT NULLIF(CAST(GET_PATH(event, '["errorMessage"]') AS VARCHAR), '') IS NULL AS failed,
    NULLIF(
      NULLIF(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["additionalEventData"]["ARN"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["additionalEventData"]["ARN"]') AS VARCHAR)
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["responseElements"]["arn"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["responseElements"]["arn"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["responseElements"]["aRN"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["responseElements"]["aRN"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["requestParameters"]["secretId"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["requestParameters"]["secretId"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS secret_2,
    CASE
      WHEN TYPEOF(GET_PATH(event, '["eventType"]')) = 'VARCHAR'
      THEN CAST(GET_PATH(event, '["eventType"]') AS VARCHAR)
    END = 'AwsServiceEvent' AS event_type_is_aws_service_event,
    event
  FROM cloudtrail_events
  WHERE
    CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR) = 'secretsmanager.amazonaws.com'
    AND CAST(GET_PATH(event, '["eventName"]') AS VARCHAR) IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
), distinct_events AS (
  SELECT DISTINCT
    *
  FROM read_events
  WHERE
    NOT event_id IS NULL
)
SELECT
  *,
  ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time) AS copy_number,
  COUNT(*) OVER (PARTITION BY event_id) AS copies
FROM distinct_events
UNION ALL
SELECT
  *,
  1 AS copy_number,
  1 AS copies
FROM read_events
WHERE
  event_id IS NULL;

WITH delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret' AND NOT failed AND copies = 1
    )
    AND NOT event_id IS NULL
), effects_of_delete_secret AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
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
    'secretsmanager:' || event_name AS effect,
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
FROM cascade_events AS judged
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

DROP TABLE cascade_events;
