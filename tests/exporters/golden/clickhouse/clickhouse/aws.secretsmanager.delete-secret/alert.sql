-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- ClickHouse, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: executed (ClickHouse in process (chdb), against the reference semantics on random logs)
-- losses: none
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
          if(
            toString(JSONType(event, 'eventTime')) = 'String',
            nullIf(JSONExtractString(event, 'eventTime'), ''),
            NULL
          ),
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
    nullIf(
      nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'principalId'), ''), ''),
      'Anonymous'
    ) AS principal,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'accessKeyId'), ''), '') AS access_key,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'type'), ''), '') AS identity_type,
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
    event
  FROM cloudtrail_events
  WHERE
    (
      nullIf(JSONExtractString(event, 'eventSource'), '') = 'secretsmanager.amazonaws.com'
      AND nullIf(JSONExtractString(event, 'eventName'), '') IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
    )
    AND nullIf(nullIf(JSONExtractString(event, 'errorCode'), ''), '') IS NULL
), numbered_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time) AS copy_number
  FROM read_events
)
SELECT
  *
FROM numbered_events
WHERE
  copy_number = 1 OR event_id IS NULL
SETTINGS join_use_nulls = 1;

WITH delete_secret AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'secretsmanager.amazonaws.com' AND event_name = 'DeleteSecret'
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
    own.event_source = 'secretsmanager.amazonaws.com'
    AND own.event_name IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
    AND if(
      toString(JSONType(own.event, 'eventType')) = 'String',
      nullIf(JSONExtractString(own.event, 'eventType'), ''),
      NULL
    ) = 'AwsServiceEvent'
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
  judged.event_id
SETTINGS join_use_nulls = 1;

DROP TABLE cascade_events;
