-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- BigQuery, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the
--   recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's BigQuery grammar)
-- loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMP TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(JSON_VALUE(event, '$."eventID"'), '') AS event_id,
    UNIX_SECONDS(
      SAFE_CAST(CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."eventTime"')) = 'string' THEN JSON_VALUE(event, '$."eventTime"') END AS TIMESTAMP)
    ) AS event_time,
    NULLIF(JSON_VALUE(event, '$."eventSource"'), '') AS event_source,
    NULLIF(JSON_VALUE(event, '$."eventName"'), '') AS event_name,
    COALESCE(
      NULLIF(JSON_VALUE(event, '$."recipientAccountId"'), ''),
      NULLIF(JSON_VALUE(event, '$."userIdentity"."accountId"'), '')
    ) AS account,
    CASE
      WHEN NOT STARTS_WITH(
        translate(
          NULLIF(JSON_VALUE(event, '$."userIdentity"."principalId"'), ''),
          'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
          'abcdefghijklmnopqrstuvwxyz'
        ),
        'anonymous'
      )
      THEN NULLIF(JSON_VALUE(event, '$."userIdentity"."principalId"'), '')
    END AS principal,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."accessKeyId"'), '') AS access_key,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."type"'), '') AS identity_type,
    NOT COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."errorCode"')), 'null') IN ('null', '""')
    OR NOT COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."errorMessage"')), 'null') IN ('null', '""') AS failed,
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
    CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."eventType"')) = 'string' THEN JSON_VALUE(event, '$."eventType"') END = 'AwsServiceEvent' AS event_type_is_aws_service_event,
    event
  FROM cloudtrail_events
  WHERE
    JSON_VALUE(event, '$."eventSource"') = 'secretsmanager.amazonaws.com'
    AND JSON_VALUE(event, '$."eventName"') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
), distinct_events AS (
  SELECT
    *
  FROM read_events
  WHERE
    NOT event_id IS NULL
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY TO_JSON_STRING(read_events) ORDER BY event_time NULLS LAST) = 1
)
SELECT
  *,
  ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time NULLS LAST) AS copy_number,
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
