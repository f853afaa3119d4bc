-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- BigQuery, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's BigQuery grammar)
-- losses: none
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMP TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(JSON_VALUE(event, '$."eventID"'), '') AS event_id,
    UNIX_SECONDS(
      SAFE_CAST(CASE
        WHEN JSON_TYPE(JSON_QUERY(event, '$."eventTime"')) = 'string'
        THEN JSON_VALUE(event, '$."eventTime"')
      END AS TIMESTAMP)
    ) AS event_time,
    NULLIF(JSON_VALUE(event, '$."eventSource"'), '') AS event_source,
    NULLIF(JSON_VALUE(event, '$."eventName"'), '') AS event_name,
    COALESCE(
      NULLIF(JSON_VALUE(event, '$."recipientAccountId"'), ''),
      NULLIF(JSON_VALUE(event, '$."userIdentity"."accountId"'), '')
    ) AS account,
    NULLIF(NULLIF(JSON_VALUE(event, '$."userIdentity"."principalId"'), ''), 'Anonymous') AS principal,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."accessKeyId"'), '') AS access_key,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."type"'), '') AS identity_type,
    NULLIF(
      NULLIF(
        CASE
          WHEN JSON_TYPE(JSON_QUERY(event, '$."additionalEventData"."ARN"')) = 'string'
          THEN JSON_VALUE(event, '$."additionalEventData"."ARN"')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."arn"')) = 'string'
            THEN JSON_VALUE(event, '$."responseElements"."arn"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."aRN"')) = 'string'
            THEN JSON_VALUE(event, '$."responseElements"."aRN"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."secretId"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."secretId"')
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
      JSON_VALUE(event, '$."eventSource"') = 'secretsmanager.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
    )
    AND NULLIF(JSON_VALUE(event, '$."errorCode"'), '') IS NULL
), numbered_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time NULLS LAST) AS copy_number
  FROM read_events
)
SELECT
  *
FROM numbered_events
WHERE
  copy_number = 1 OR event_id IS NULL;

WITH delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret'
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
    own.event_source = 'secretsmanager.amazonaws.com'
    AND own.event_name IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
    AND CASE
      WHEN JSON_TYPE(JSON_QUERY(own.event, '$."eventType"')) = 'string'
      THEN JSON_VALUE(own.event, '$."eventType"')
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
ORDER BY
  judged.event_time,
  judged.event_id;

DROP TABLE cascade_events;
