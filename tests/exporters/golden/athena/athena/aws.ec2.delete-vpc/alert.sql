-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- Amazon Athena, Trino, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway, ec2:DeleteInternetGateway
-- explained by: ec2:DeleteVpc, or by aws.ec2.delete-internet-gateway
-- waits 15m for the window and 20m for late events
-- residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
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
    NULLIF(JSON_EXTRACT_SCALAR(responseelements, '$["credentials"]["accessKeyId"]'), '') AS handed_out,
    NULLIF(
      NULLIF(
        CASE
          WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["vpcId"]')), '"')
          THEN JSON_EXTRACT_SCALAR(requestparameters, '$["vpcId"]')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS vpc,
    TRANSLATE(
      SUBSTR(NULLIF(NULLIF(useragent, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''), 1, 1024),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS agent,
    NULLIF(
      NULLIF(
        CASE
          WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["internetGatewayId"]')), '"')
          THEN JSON_EXTRACT_SCALAR(requestparameters, '$["internetGatewayId"]')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS gateway
  FROM cloudtrail_logs
  WHERE
    (
      (
        eventsource = 'ec2.amazonaws.com'
        AND eventname IN (
          'DeleteVpc',
          'DetachInternetGateway',
          'DetachVpnGateway',
          'DeleteInternetGateway'
        )
      )
      OR (
        eventsource = 'sts.amazonaws.com'
        AND eventname IN (
          'AssumeRole',
          'AssumeRoleWithSAML',
          'AssumeRoleWithWebIdentity',
          'AssumeRoot',
          'GetFederationToken',
          'GetSessionToken'
        )
      )
    )
    AND NULLIF(errorcode, '') IS NULL
), told_events AS (
  SELECT
    *,
    NULLIF(
      CASE
        WHEN REGEXP_LIKE(agent, 'terraform')
        THEN 'terraform'
        WHEN REGEXP_LIKE(agent, 'opentofu')
        THEN 'opentofu'
        WHEN REGEXP_LIKE(agent, 'pulumi')
        THEN 'pulumi'
        WHEN REGEXP_LIKE(agent, 'ansible')
        THEN 'ansible'
        WHEN REGEXP_LIKE(agent, 'cloud-custodian|c7n')
        THEN 'cloud-custodian'
        WHEN REGEXP_LIKE(agent, 'aws-nuke')
        THEN 'aws-nuke'
        WHEN REGEXP_LIKE(agent, 'aws-cdk')
        THEN 'aws-cdk'
        WHEN REGEXP_LIKE(agent, 'aws-cli')
        THEN 'aws-cli'
        WHEN REGEXP_LIKE(agent, 'powershell')
        THEN 'aws-tools-for-powershell'
        WHEN REGEXP_LIKE(agent, 's3console|aws-internal/')
        THEN 'console'
        WHEN REGEXP_LIKE(agent, 'boto3')
        THEN 'boto3'
        WHEN REGEXP_LIKE(agent, 'botocore')
        THEN 'botocore'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-go')
        THEN 'aws-sdk-go'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-java')
        THEN 'aws-sdk-java'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-js|aws-sdk-nodejs')
        THEN 'aws-sdk-js'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-rust')
        THEN 'aws-sdk-rust'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-net|aws-sdk-dotnet')
        THEN 'aws-sdk-dotnet'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-ruby')
        THEN 'aws-sdk-ruby'
        WHEN REGEXP_LIKE(agent, 'aws-sdk-php')
        THEN 'aws-sdk-php'
        WHEN REGEXP_LIKE(agent, 'aws internal|console[.]amazonaws[.]com|signin[.]amazonaws[.]com|mozilla/')
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
)
SELECT
  own.*,
  CASE WHEN earlier.handed_out IS NULL THEN own.principal ELSE earlier.actor END AS actor
FROM unresolved_events AS own
LEFT JOIN holders_3 AS earlier
  ON earlier.handed_out = own.access_key;

WITH delete_vpc AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteVpc'
    )
    AND NOT event_id IS NULL
), detach_internet_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
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
  FROM cascade_events AS own
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
  FROM cascade_events AS own
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
  FROM cascade_events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteInternetGateway'
    )
    AND NOT event_id IS NULL
), detach_internet_gateway_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
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
    judged.event_source = 'ec2.amazonaws.com'
    AND judged.event_name IN ('DetachInternetGateway', 'DetachVpnGateway', 'DeleteInternetGateway')
  )
ORDER BY
  judged.event_time,
  judged.event_id;

DROP TABLE cascade_events;
