-- aws.detection.session-lineage: Sessions of AssumeRole with the identity that began the chain
-- cloudcascade, for DuckDB; checked: executed
-- ATT&CK: T1550.001, T1078.004
-- misses: chains of more than three sessions, or whose first event is older than the log
-- misses: sessions by SAML and web identity begin the chain themselves
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
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."accessKeyId"'), '') AS access_key,
    NULLIF(JSON_EXTRACT_STRING(event, '$."responseElements"."credentials"."accessKeyId"'), '') AS handed_out,
    NULLIF(JSON_EXTRACT_STRING(event, '$."requestParameters"."roleArn"'), '') AS role,
    NULLIF(JSON_EXTRACT_STRING(event, '$."requestParameters"."roleSessionName"'), '') AS session_name
  FROM cloudtrail_events
  WHERE
    (
      NULLIF(JSON_EXTRACT_STRING(event, '$."eventSource"'), '') = 'sts.amazonaws.com'
      AND NULLIF(JSON_EXTRACT_STRING(event, '$."eventName"'), '') IN ('AssumeRole')
    )
    AND NULLIF(JSON_EXTRACT_STRING(event, '$."errorCode"'), '') IS NULL
), sessions AS (
  SELECT
    *
  FROM read_events
  WHERE
    NOT handed_out IS NULL
)
SELECT DISTINCT
  session_0.handed_out AS session_key,
  session_0.role AS role,
  session_0.session_name AS session_name,
  session_0.account AS account,
  session_0.event_time AS event_time,
  CASE
    WHEN NOT session_0.arn IS NULL
    AND COALESCE(session_0.identity_type, '') <> 'AssumedRole'
    THEN session_0.arn
    WHEN NOT session_1.arn IS NULL
    AND COALESCE(session_1.identity_type, '') <> 'AssumedRole'
    THEN session_1.arn
    WHEN NOT session_2.arn IS NULL
    AND COALESCE(session_2.identity_type, '') <> 'AssumedRole'
    THEN session_2.arn
  END AS initial_arn,
  CASE
    WHEN NOT session_0.arn IS NULL
    AND COALESCE(session_0.identity_type, '') <> 'AssumedRole'
    THEN 1
    WHEN NOT session_1.arn IS NULL
    AND COALESCE(session_1.identity_type, '') <> 'AssumedRole'
    THEN 2
    WHEN NOT session_2.arn IS NULL
    AND COALESCE(session_2.identity_type, '') <> 'AssumedRole'
    THEN 3
  END AS hops
FROM sessions AS session_0
LEFT JOIN sessions AS session_1
  ON session_1.handed_out = session_0.access_key
LEFT JOIN sessions AS session_2
  ON session_2.handed_out = session_1.access_key
ORDER BY
  event_time,
  session_key;
