-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Spark SQL, Databricks, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: executed (Spark SQL on one machine, against the reference semantics on random logs)
-- losses: none
-- table: one JSON column
--
-- What the cascade does not explain.
CACHE TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(GET_JSON_OBJECT(event, '$[\'eventID\']'), '') AS event_id,
    UNIX_SECONDS(
      TRY_TO_TIMESTAMP(
        CASE
          WHEN SCHEMA_OF_VARIANT(TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'eventTime\']', 'variant')) = 'STRING'
          THEN TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'eventTime\']', 'string')
        END
      )
    ) AS event_time,
    NULLIF(GET_JSON_OBJECT(event, '$[\'eventSource\']'), '') AS event_source,
    NULLIF(GET_JSON_OBJECT(event, '$[\'eventName\']'), '') AS event_name,
    COALESCE(
      NULLIF(GET_JSON_OBJECT(event, '$[\'recipientAccountId\']'), ''),
      NULLIF(GET_JSON_OBJECT(event, '$[\'userIdentity\'][\'accountId\']'), '')
    ) AS account,
    NULLIF(
      NULLIF(GET_JSON_OBJECT(event, '$[\'userIdentity\'][\'principalId\']'), ''),
      'Anonymous'
    ) AS principal,
    NULLIF(GET_JSON_OBJECT(event, '$[\'userIdentity\'][\'accessKeyId\']'), '') AS access_key,
    NULLIF(GET_JSON_OBJECT(event, '$[\'userIdentity\'][\'type\']'), '') AS identity_type,
    NULLIF(
      NULLIF(
        CASE
          WHEN SCHEMA_OF_VARIANT(
            TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'additionalEventData\'][\'ARN\']', 'variant')
          ) = 'STRING'
          THEN TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'additionalEventData\'][\'ARN\']', 'string')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN SCHEMA_OF_VARIANT(
              TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'responseElements\'][\'arn\']', 'variant')
            ) = 'STRING'
            THEN TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'responseElements\'][\'arn\']', 'string')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN SCHEMA_OF_VARIANT(
              TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'responseElements\'][\'aRN\']', 'variant')
            ) = 'STRING'
            THEN TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'responseElements\'][\'aRN\']', 'string')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN SCHEMA_OF_VARIANT(
              TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'requestParameters\'][\'secretId\']', 'variant')
            ) = 'STRING'
            THEN TRY_VARIANT_GET(TRY_PARSE_JSON(event), '$[\'requestParameters\'][\'secretId\']', 'string')
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
      GET_JSON_OBJECT(event, '$[\'eventSource\']') = 'secretsmanager.amazonaws.com'
      AND GET_JSON_OBJECT(event, '$[\'eventName\']') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
    )
    AND NULLIF(GET_JSON_OBJECT(event, '$[\'errorCode\']'), '') IS NULL
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
      WHEN SCHEMA_OF_VARIANT(TRY_VARIANT_GET(TRY_PARSE_JSON(own.event), '$[\'eventType\']', 'variant')) = 'STRING'
      THEN TRY_VARIANT_GET(TRY_PARSE_JSON(own.event), '$[\'eventType\']', 'string')
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

DROP VIEW cascade_events;
