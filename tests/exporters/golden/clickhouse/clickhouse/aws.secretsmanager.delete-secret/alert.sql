-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- ClickHouse, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the
--   recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: executed (ClickHouse in process (chdb), against the reference semantics on random logs)
-- loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMPORARY TABLE cascade_events AS
WITH read_events AS (
  SELECT
    nullIf(nullIf(JSONExtractString(event, 'eventID'), ''), '') AS event_id,
    toInt64(
      toUnixTimestamp(
        parseDateTimeBestEffortOrNull(
          if(toString(JSONType(event, 'eventTime')) = 'String', nullIf(JSONExtractString(event, 'eventTime'), ''), NULL),
          'UTC'
        )
      )
    ) AS event_time,
    nullIf(nullIf(JSONExtractString(event, 'eventSource'), ''), '') AS event_source,
    nullIf(nullIf(JSONExtractString(event, 'eventName'), ''), '') AS event_name,
    COALESCE(
      nullIf(nullIf(JSONExtractString(event, 'recipientAccountId'), ''), ''),
      nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'accountId'), ''), '')
    ) AS account,
    CASE
      WHEN NOT startsWith(lower(nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'principalId'), ''), '')), 'anonymous')
      THEN nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'principalId'), ''), '')
    END AS principal,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'accessKeyId'), ''), '') AS access_key,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'type'), ''), '') AS identity_type,
    NOT (
      nullIf(nullIf(JSONExtractString(event, 'errorCode'), ''), '') IS NULL
    )
    OR NOT (
      nullIf(nullIf(JSONExtractString(event, 'errorMessage'), ''), '') IS NULL
    ) AS failed,
    nullIf(
      nullIf(
        if(
          toString(JSONType(event, 'additionalEventData', 'ARN')) = 'String',
          nullIf(JSONExtractString(event, 'additionalEventData', 'ARN'), ''),
          NULL
        ),
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'responseElements', 'arn')) = 'String',
            nullIf(JSONExtractString(event, 'responseElements', 'arn'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'responseElements', 'aRN')) = 'String',
            nullIf(JSONExtractString(event, 'responseElements', 'aRN'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'requestParameters', 'secretId')) = 'String',
            nullIf(JSONExtractString(event, 'requestParameters', 'secretId'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS secret_2,
    if(toString(JSONType(event, 'eventType')) = 'String', nullIf(JSONExtractString(event, 'eventType'), ''), NULL) = 'AwsServiceEvent' AS event_type_is_aws_service_event,
    event
  FROM cloudtrail_events
  WHERE
    nullIf(JSONExtractString(event, 'eventSource'), '') = 'secretsmanager.amazonaws.com'
    AND nullIf(JSONExtractString(event, 'eventName'), '') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
), distinct_events AS (
  SELECT DISTINCT
    *
  FROM read_events
  WHERE
    NOT (
      event_id IS NULL
    )
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
  event_id IS NULL
SETTINGS join_use_nulls = 1;

WITH delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret' AND NOT failed AND copies = 1
    )
    AND NOT (
      event_id IS NULL
    )
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
  judged.event_id
SETTINGS join_use_nulls = 1;

DROP TABLE cascade_events;
