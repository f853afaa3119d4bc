-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- PostgreSQL, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: executed (a PostgreSQL server, against the reference semantics on random logs)
-- losses: none
-- table: one JSON column
--
-- What the cascade does not explain.
WITH read_events AS (
  SELECT
    NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'eventID'), '') AS event_id,
    CAST(FLOOR(
      EXTRACT(EPOCH FROM CASE
        WHEN CASE
          WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'eventTime')) = 'string'
          THEN JSONB_EXTRACT_PATH_TEXT(event, 'eventTime')
        END ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d+)?Z$'
        THEN CAST(CASE
          WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'eventTime')) = 'string'
          THEN JSONB_EXTRACT_PATH_TEXT(event, 'eventTime')
        END AS TIMESTAMPTZ)
      END)
    ) AS BIGINT) AS event_time,
    NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'eventSource'), '') AS event_source,
    NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'eventName'), '') AS event_name,
    COALESCE(
      NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'recipientAccountId'), ''),
      NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'userIdentity', 'accountId'), '')
    ) AS account,
    NULLIF(
      NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'userIdentity', 'principalId'), ''),
      'Anonymous'
    ) AS principal,
    NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'userIdentity', 'accessKeyId'), '') AS access_key,
    NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'userIdentity', 'type'), '') AS identity_type,
    NULLIF(
      NULLIF(
        CASE
          WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'additionalEventData', 'ARN')) = 'string'
          THEN JSONB_EXTRACT_PATH_TEXT(event, 'additionalEventData', 'ARN')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'responseElements', 'arn')) = 'string'
            THEN JSONB_EXTRACT_PATH_TEXT(event, 'responseElements', 'arn')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'responseElements', 'aRN')) = 'string'
            THEN JSONB_EXTRACT_PATH_TEXT(event, 'responseElements', 'aRN')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'requestParameters', 'secretId')) = 'string'
            THEN JSONB_EXTRACT_PATH_TEXT(event, 'requestParameters', 'secretId')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS secret_2,
    event
  FROM cloudtrail_events
  WHERE
    (
      JSONB_EXTRACT_PATH_TEXT(event, 'eventSource') = 'secretsmanager.amazonaws.com'
      AND JSONB_EXTRACT_PATH_TEXT(event, 'eventName') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
    )
    AND NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'errorCode'), '') IS NULL
), numbered_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time) AS copy_number
  FROM read_events
), events AS (
  SELECT
    *
  FROM numbered_events
  WHERE
    copy_number = 1 OR event_id IS NULL
), delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM events
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret'
    )
    AND NOT event_id IS NULL
), effects_of_delete_secret AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM events AS own
  INNER JOIN delete_secret AS parent
    ON own.secret = parent.secret_2 AND own.account = parent.account
  WHERE
    own.event_source = 'secretsmanager.amazonaws.com'
    AND own.event_name IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
    AND CASE
      WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(own.event, 'eventType')) = 'string'
      THEN JSONB_EXTRACT_PATH_TEXT(own.event, 'eventType')
    END = 'AwsServiceEvent'
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 2678400
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
FROM events AS judged
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
ORDER BY
  judged.event_time,
  judged.event_id;
