-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Amazon Athena, Trino, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's Athena and Trino grammars; the same steps run in DuckDB on tables of these layouts)
-- losses: none
-- table: Athena's CloudTrail table
--
-- What the cascade does not explain.
CREATE TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(eventid, '') AS event_id,
    CAST(FLOOR(TO_UNIXTIME(TRY(FROM_ISO8601_TIMESTAMP(eventtime)))) AS BIGINT) AS event_time,
    NULLIF(eventsource, '') AS event_source,
    NULLIF(eventname, '') AS event_name,
    COALESCE(NULLIF(recipientaccountid, ''), NULLIF(useridentity.accountid, '')) AS account,
    NULLIF(NULLIF(useridentity.principalid, ''), 'Anonymous') AS principal,
    NULLIF(useridentity.accesskeyid, '') AS access_key,
    NULLIF(useridentity.type, '') AS identity_type,
    NULLIF(
      NULLIF(
        CASE
          WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(additionaleventdata, '$["ARN"]')), '"')
          THEN JSON_EXTRACT_SCALAR(additionaleventdata, '$["ARN"]')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS secret,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["arn"]')), '"')
            THEN JSON_EXTRACT_SCALAR(responseelements, '$["arn"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["aRN"]')), '"')
            THEN JSON_EXTRACT_SCALAR(responseelements, '$["aRN"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["secretId"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["secretId"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS secret_2,
    eventtype
  FROM cloudtrail_logs
  WHERE
    (
      eventsource = 'secretsmanager.amazonaws.com'
      AND eventname IN ('DeleteSecret', 'StartSecretVersionDelete', 'EndSecretVersionDelete')
    )
    AND NULLIF(errorcode, '') IS NULL
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
    AND own.eventtype = 'AwsServiceEvent'
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 2678400
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
