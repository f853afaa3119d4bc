-- aws.detection.first-caller-identity: GetCallerIdentity by an identity that has not called it in 15 days
-- cloudcascade, for DuckDB; checked: executed
-- ATT&CK: T1033, T1078.004
-- misses: stolen credentials of roles
-- misses: in the first 15 days of a log everybody is new
-- misses: calls without an ARN equal nobody and are left out
-- table: one JSON column
WITH read_events AS (
  SELECT DISTINCT
    CAST(FLOOR(
      EPOCH(
        TRY_CAST(CASE
          WHEN JSON_TYPE(event, '$."eventTime"') = 'VARCHAR'
          THEN JSON_EXTRACT_STRING(event, '$."eventTime"')
        END AS TIMESTAMPTZ)
      )
    ) AS BIGINT) AS event_time,
    NULLIF(JSON_EXTRACT_STRING(event, '$."eventName"'), '') AS event_name,
    COALESCE(
      COALESCE(
        NULLIF(JSON_EXTRACT_STRING(event, '$."recipientAccountId"'), ''),
        NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."accountId"'), '')
      ),
      ''
    ) AS account,
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."arn"'), '') AS arn,
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."type"'), '') AS identity_type,
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."invokedBy"'), '') AS invoked_by
  FROM cloudtrail_events
  WHERE
    NULLIF(JSON_EXTRACT_STRING(event, '$."eventSource"'), '') = 'sts.amazonaws.com'
    AND NULLIF(JSON_EXTRACT_STRING(event, '$."eventName"'), '') IN ('GetCallerIdentity')
), calls AS (
  SELECT DISTINCT
    account,
    arn,
    event_time
  FROM read_events
  WHERE
    NOT arn IS NULL
    AND invoked_by IS NULL
    AND COALESCE(identity_type, '') <> 'AssumedRole'
)
SELECT
  call.account AS account,
  call.arn AS arn,
  call.event_time AS event_time
FROM calls AS call
LEFT JOIN calls AS earlier
  ON earlier.account = call.account
  AND earlier.arn = call.arn
  AND earlier.event_time < call.event_time
  AND earlier.event_time >= call.event_time - 1296000
WHERE
  earlier.event_time IS NULL
ORDER BY
  call.event_time,
  call.account,
  call.arn;
