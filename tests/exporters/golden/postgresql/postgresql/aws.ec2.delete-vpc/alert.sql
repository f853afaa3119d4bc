-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- PostgreSQL, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway, ec2:DeleteInternetGateway
-- explained by: ec2:DeleteVpc, or by aws.ec2.delete-internet-gateway
-- waits 15m for the window and 20m for late events
-- residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
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
      JSONB_EXTRACT_PATH_TEXT(event, 'responseElements', 'credentials', 'accessKeyId'),
      ''
    ) AS handed_out,
    NULLIF(
      NULLIF(
        CASE
          WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'requestParameters', 'vpcId')) = 'string'
          THEN JSONB_EXTRACT_PATH_TEXT(event, 'requestParameters', 'vpcId')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS vpc,
    TRANSLATE(
      SUBSTRING(NULLIF(
        NULLIF(
          CASE
            WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'userAgent')) = 'string'
            THEN JSONB_EXTRACT_PATH_TEXT(event, 'userAgent')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ) FROM 1 FOR 1024),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS agent,
    NULLIF(
      NULLIF(
        CASE
          WHEN JSONB_TYPEOF(JSONB_EXTRACT_PATH(event, 'requestParameters', 'internetGatewayId')) = 'string'
          THEN JSONB_EXTRACT_PATH_TEXT(event, 'requestParameters', 'internetGatewayId')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS gateway
  FROM cloudtrail_events
  WHERE
    (
      (
        JSONB_EXTRACT_PATH_TEXT(event, 'eventSource') = 'ec2.amazonaws.com'
        AND JSONB_EXTRACT_PATH_TEXT(event, 'eventName') IN (
          'DeleteVpc',
          'DetachInternetGateway',
          'DetachVpnGateway',
          'DeleteInternetGateway'
        )
      )
      OR (
        JSONB_EXTRACT_PATH_TEXT(event, 'eventSource') = 'sts.amazonaws.com'
        AND JSONB_EXTRACT_PATH_TEXT(event, 'eventName') IN (
          'AssumeRole',
          'AssumeRoleWithSAML',
          'AssumeRoleWithWebIdentity',
          'AssumeRoot',
          'GetFederationToken',
          'GetSessionToken'
        )
      )
    )
    AND NULLIF(JSONB_EXTRACT_PATH_TEXT(event, 'errorCode'), '') IS NULL
), told_events AS (
  SELECT
    *,
    NULLIF(
      CASE
        WHEN agent ~ 'terraform'
        THEN 'terraform'
        WHEN agent ~ 'opentofu'
        THEN 'opentofu'
        WHEN agent ~ 'pulumi'
        THEN 'pulumi'
        WHEN agent ~ 'ansible'
        THEN 'ansible'
        WHEN agent ~ 'cloud-custodian|c7n'
        THEN 'cloud-custodian'
        WHEN agent ~ 'aws-nuke'
        THEN 'aws-nuke'
        WHEN agent ~ 'aws-cdk'
        THEN 'aws-cdk'
        WHEN agent ~ 'aws-cli'
        THEN 'aws-cli'
        WHEN agent ~ 'powershell'
        THEN 'aws-tools-for-powershell'
        WHEN agent ~ 's3console|aws-internal/'
        THEN 'console'
        WHEN agent ~ 'boto3'
        THEN 'boto3'
        WHEN agent ~ 'botocore'
        THEN 'botocore'
        WHEN agent ~ 'aws-sdk-go'
        THEN 'aws-sdk-go'
        WHEN agent ~ 'aws-sdk-java'
        THEN 'aws-sdk-java'
        WHEN agent ~ 'aws-sdk-js|aws-sdk-nodejs'
        THEN 'aws-sdk-js'
        WHEN agent ~ 'aws-sdk-rust'
        THEN 'aws-sdk-rust'
        WHEN agent ~ 'aws-sdk-net|aws-sdk-dotnet'
        THEN 'aws-sdk-dotnet'
        WHEN agent ~ 'aws-sdk-ruby'
        THEN 'aws-sdk-ruby'
        WHEN agent ~ 'aws-sdk-php'
        THEN 'aws-sdk-php'
        WHEN agent ~ 'aws internal|console[.]amazonaws[.]com|signin[.]amazonaws[.]com|mozilla/'
        THEN 'console'
        ELSE REGEXP_REPLACE(REGEXP_REPLACE(agent, '^[^a-z]+', ''), '[^a-z0-9.+-]([^a]|a)*$', '')
      END,
      ''
    ) AS tool_family
  FROM read_events
), numbered_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time) AS copy_number
  FROM told_events
), unresolved_events AS (
  SELECT
    *
  FROM numbered_events
  WHERE
    copy_number = 1 OR event_id IS NULL
), credentials AS (
  SELECT DISTINCT
    handed_out,
    principal,
    access_key
  FROM unresolved_events
  WHERE
    NOT handed_out IS NULL
    AND event_source = 'sts.amazonaws.com'
    AND COALESCE(identity_type, '') <> 'AWSService'
), callers_1 AS (
  SELECT
    given.handed_out,
    given.access_key,
    CASE WHEN earlier.handed_out IS NULL THEN given.principal ELSE NULL END AS caller
  FROM credentials AS given
  LEFT JOIN (
    SELECT DISTINCT
      handed_out
    FROM credentials
  ) AS earlier
    ON earlier.handed_out = given.access_key
), holders_1 AS (
  SELECT
    handed_out,
    CASE
      WHEN COUNT(DISTINCT caller) + MAX(CASE WHEN caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(caller)
      WHEN COUNT(DISTINCT CASE WHEN NOT access_key IS NULL THEN caller END) + MAX(CASE WHEN NOT access_key IS NULL AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT access_key IS NULL THEN caller END)
    END AS actor
  FROM callers_1
  GROUP BY
    handed_out
), callers_2 AS (
  SELECT
    given.handed_out,
    given.access_key,
    CASE WHEN earlier.handed_out IS NULL THEN given.principal ELSE earlier.actor END AS caller
  FROM credentials AS given
  LEFT JOIN (
    SELECT DISTINCT
      handed_out,
      actor
    FROM holders_1
  ) AS earlier
    ON earlier.handed_out = given.access_key
), holders_2 AS (
  SELECT
    handed_out,
    CASE
      WHEN COUNT(DISTINCT caller) + MAX(CASE WHEN caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(caller)
      WHEN COUNT(DISTINCT CASE WHEN NOT access_key IS NULL THEN caller END) + MAX(CASE WHEN NOT access_key IS NULL AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT access_key IS NULL THEN caller END)
    END AS actor
  FROM callers_2
  GROUP BY
    handed_out
), callers_3 AS (
  SELECT
    given.handed_out,
    given.access_key,
    CASE WHEN earlier.handed_out IS NULL THEN given.principal ELSE earlier.actor END AS caller
  FROM credentials AS given
  LEFT JOIN (
    SELECT DISTINCT
      handed_out,
      actor
    FROM holders_2
  ) AS earlier
    ON earlier.handed_out = given.access_key
), holders_3 AS (
  SELECT
    handed_out,
    CASE
      WHEN COUNT(DISTINCT caller) + MAX(CASE WHEN caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(caller)
      WHEN COUNT(DISTINCT CASE WHEN NOT access_key IS NULL THEN caller END) + MAX(CASE WHEN NOT access_key IS NULL AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT access_key IS NULL THEN caller END)
    END AS actor
  FROM callers_3
  GROUP BY
    handed_out
), events AS (
  SELECT
    own.*,
    CASE WHEN earlier.handed_out IS NULL THEN own.principal ELSE earlier.actor END AS actor
  FROM unresolved_events AS own
  LEFT JOIN holders_3 AS earlier
    ON earlier.handed_out = own.access_key
), delete_vpc AS (
  SELECT
    *,
    event_id AS instance
  FROM events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteVpc'
    )
    AND NOT event_id IS NULL
), detach_internet_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM events AS own
  INNER JOIN delete_vpc AS parent
    ON own.vpc = parent.vpc
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), detach_vpn_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM events AS own
  INNER JOIN delete_vpc AS parent
    ON own.vpc = parent.vpc
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachVpnGateway'
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), delete_internet_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM events AS own
  INNER JOIN detach_internet_gateway AS parent
    ON own.gateway = parent.gateway
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DeleteInternetGateway'
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 900
), delete_internet_gateway_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteInternetGateway'
    )
    AND NOT event_id IS NULL
), detach_internet_gateway_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM events AS own
  INNER JOIN delete_internet_gateway_2 AS parent
    ON own.gateway = parent.gateway
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND own.event_time BETWEEN parent.event_time - 600 AND parent.event_time
), explained AS (
  SELECT
    event_id,
    'aws.ec2.delete-vpc' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM detach_internet_gateway
  UNION ALL
  SELECT
    event_id,
    'aws.ec2.delete-vpc' AS cascade,
    'ec2:DetachVpnGateway' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM detach_vpn_gateway
  UNION ALL
  SELECT
    event_id,
    'aws.ec2.delete-vpc' AS cascade,
    'ec2:DeleteInternetGateway' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM delete_internet_gateway
  UNION ALL
  SELECT
    event_id,
    'aws.ec2.delete-internet-gateway' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM detach_internet_gateway_2
)
SELECT
  judged.event_id,
  judged.event_time,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  judged.vpc,
  judged.tool_family,
  judged.gateway
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
    judged.event_source = 'ec2.amazonaws.com'
    AND judged.event_name IN ('DetachInternetGateway', 'DetachVpnGateway', 'DeleteInternetGateway')
  )
ORDER BY
  judged.event_time,
  judged.event_id;
