-- aws.detection.discovery-burst: Ten of thirteen discovery calls within half an hour
-- cloudcascade, for DuckDB; checked: executed
-- ATT&CK: T1580, T1526
-- misses: inventories of your own alert until they are controllers in cascade.toml
-- misses: an intruder who takes more than half an hour
-- misses: calls without a principal are in no group
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
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."principalId"'), '') AS principal,
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."arn"'), '') AS arn,
    NULLIF(
      JSON_EXTRACT_STRING(event, '$."userIdentity"."sessionContext"."sessionIssuer"."arn"'),
      ''
    ) AS issuer,
    NULLIF(JSON_EXTRACT_STRING(event, '$."userIdentity"."invokedBy"'), '') AS invoked_by
  FROM cloudtrail_events
  WHERE
    NULLIF(JSON_EXTRACT_STRING(event, '$."eventSource"'), '') = 'ec2.amazonaws.com'
    AND NULLIF(JSON_EXTRACT_STRING(event, '$."eventName"'), '') IN (
      'DescribeImages',
      'DescribeInstances',
      'DescribeInternetGateways',
      'DescribeKeyPairs',
      'DescribeNetworkAcls',
      'DescribeNetworkInterfaces',
      'DescribeRegions',
      'DescribeRouteTables',
      'DescribeSecurityGroups',
      'DescribeSnapshots',
      'DescribeSubnets',
      'DescribeVolumes',
      'DescribeVpcs'
    )
), calls AS (
  SELECT DISTINCT
    account,
    principal,
    event_name,
    event_time
  FROM read_events
  WHERE
    NOT principal IS NULL AND invoked_by IS NULL
), counted AS (
  SELECT
    call.account AS account,
    call.principal AS principal,
    call.event_time AS event_time,
    COUNT(DISTINCT earlier.event_name) AS n
  FROM calls AS call
  JOIN calls AS earlier
    ON earlier.account = call.account
    AND earlier.principal = call.principal
    AND earlier.event_time BETWEEN call.event_time - 1800 AND call.event_time
  GROUP BY
    call.account,
    call.principal,
    call.event_time
)
SELECT
  account,
  principal,
  MIN(event_time) AS first_time,
  MAX(n) AS distinct_actions
FROM counted
WHERE
  n >= 10
GROUP BY
  account,
  principal
ORDER BY
  account NULLS FIRST,
  principal NULLS FIRST;
