-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- Snowflake, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway
-- explained by: ec2:DeleteVpc
-- still alerts where explained by: aws.cloudformation.change-set-service-role, aws.cloudformation.create-stack,
--   aws.cloudformation.create-stack-service-role, aws.cloudformation.delete-stack,
--   aws.cloudformation.delete-stack-service-role, aws.cloudformation.execute-change-set,
--   aws.cloudformation.update-stack, aws.cloudformation.update-stack-service-role, aws.ec2.delete-internet-gateway
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour
--   before DeleteVpc is logged; that outage has no alert of its own.
-- checked: parsed (sqlglot's Snowflake grammar)
-- loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMPORARY TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(CAST(GET_PATH(event, '["eventID"]') AS VARCHAR), '') AS event_id,
    DATE_PART(
      EPOCH_SECOND,
      TRY_TO_TIMESTAMP_TZ(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["eventTime"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["eventTime"]') AS VARCHAR)
        END
      )
    ) AS event_time,
    NULLIF(CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR), '') AS event_source,
    NULLIF(CAST(GET_PATH(event, '["eventName"]') AS VARCHAR), '') AS event_name,
    COALESCE(
      NULLIF(CAST(GET_PATH(event, '["recipientAccountId"]') AS VARCHAR), ''),
      NULLIF(CAST(GET_PATH(event, '["userIdentity"]["accountId"]') AS VARCHAR), '')
    ) AS account,
    CASE
      WHEN NOT STARTSWITH(
        TRANSLATE(
          NULLIF(CAST(GET_PATH(event, '["userIdentity"]["principalId"]') AS VARCHAR), ''),
          'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
          'abcdefghijklmnopqrstuvwxyz'
        ),
        'anonymous'
      )
      THEN NULLIF(CAST(GET_PATH(event, '["userIdentity"]["principalId"]') AS VARCHAR), '')
    END AS principal,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["accessKeyId"]') AS VARCHAR), '') AS access_key,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["type"]') AS VARCHAR), '') AS identity_type,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["invokedBy"]') AS VARCHAR), '') AS invoked_by,
    NULLIF(CAST(GET_PATH(event, '["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]') AS VARCHAR), '') AS issuer,
    NULLIF(CAST(GET_PATH(event, '["responseElements"]["credentials"]["accessKeyId"]') AS VARCHAR), '') AS handed_out,
    NOT NULLIF(CAST(GET_PATH(event, '["errorCode"]') AS VARCHAR), '') IS NULL
    OR NOT NULLIF(CAST(GET_PATH(event, '["errorMessage"]') AS VARCHAR), '') IS NULL AS failed,
    NULLIF(
      NULLIF(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["requestParameters"]["vpcId"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["requestParameters"]["vpcId"]') AS VARCHAR)
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS vpc,
    TRANSLATE(
      SUBSTRING(
        NULLIF(
          NULLIF(
            CASE
              WHEN TYPEOF(GET_PATH(event, '["userAgent"]')) = 'VARCHAR'
              THEN CAST(GET_PATH(event, '["userAgent"]') AS VARCHAR)
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        1,
        1024
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS agent,
    NULLIF(
      NULLIF(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["sourceIPAddress"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["sourceIPAddress"]') AS VARCHAR)
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS address,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["userIdentity"]["sessionContext"]["attributes"]["creationDate"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["userIdentity"]["sessionContext"]["attributes"]["creationDate"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["userIdentity"]["accessKeyId"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["userIdentity"]["accessKeyId"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS credential,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN TYPEOF(GET_PATH(event, '["requestParameters"]["roleARN"]')) = 'VARCHAR'
            THEN CAST(GET_PATH(event, '["requestParameters"]["roleARN"]') AS VARCHAR)
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name_2,
    NULLIF(
      NULLIF(
        CASE
          WHEN TYPEOF(GET_PATH(event, '["requestParameters"]["internetGatewayId"]')) = 'VARCHAR'
          THEN CAST(GET_PATH(event, '["requestParameters"]["internetGatewayId"]') AS VARCHAR)
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS gateway,
    CASE
      WHEN TYPEOF(GET_PATH(event, '["userIdentity"]["invokedBy"]')) = 'VARCHAR'
      THEN CAST(GET_PATH(event, '["userIdentity"]["invokedBy"]') AS VARCHAR)
    END = 'cloudformation.amazonaws.com' AS invoked_by_is,
    event
  FROM cloudtrail_events
  WHERE
    (
      CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR) = 'ec2.amazonaws.com'
      AND CAST(GET_PATH(event, '["eventName"]') AS VARCHAR) IN ('DeleteVpc', 'DetachInternetGateway', 'DetachVpnGateway', 'DeleteInternetGateway')
    )
    OR (
      CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR) = 'cloudformation.amazonaws.com'
      AND CAST(GET_PATH(event, '["eventName"]') AS VARCHAR) IN ('CreateChangeSet', 'CreateStack', 'DeleteStack', 'ExecuteChangeSet', 'UpdateStack')
    )
    OR (
      CAST(GET_PATH(event, '["eventSource"]') AS VARCHAR) = 'sts.amazonaws.com'
      AND CAST(GET_PATH(event, '["eventName"]') AS VARCHAR) IN (
        'AssumeRole',
        'AssumeRoleWithSAML',
        'AssumeRoleWithWebIdentity',
        'AssumeRoot',
        'GetFederationToken',
        'GetSessionToken'
      )
    )
), distinct_events AS (
  SELECT DISTINCT
    *
  FROM read_events
  WHERE
    NOT event_id IS NULL
), unresolved_events AS (
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
), credentials AS (
  SELECT DISTINCT
    handed_out,
    principal,
    access_key
  FROM read_events
  WHERE
    NOT handed_out IS NULL
    AND NOT failed
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
), resolved_events AS (
  SELECT
    own.*,
    CASE WHEN earlier.handed_out IS NULL THEN own.principal ELSE earlier.actor END AS actor
  FROM unresolved_events AS own
  LEFT JOIN holders_3 AS earlier
    ON earlier.handed_out = own.access_key
)
SELECT
  *,
  NULLIF(
    CASE
      WHEN REGEXP_INSTR(agent, 'terraform') > 0
      THEN 'terraform'
      WHEN REGEXP_INSTR(agent, 'opentofu') > 0
      THEN 'opentofu'
      WHEN REGEXP_INSTR(agent, 'pulumi') > 0
      THEN 'pulumi'
      WHEN REGEXP_INSTR(agent, 'ansible') > 0
      THEN 'ansible'
      WHEN REGEXP_INSTR(agent, 'cloud-custodian|c7n') > 0
      THEN 'cloud-custodian'
      WHEN REGEXP_INSTR(agent, 'aws-nuke') > 0
      THEN 'aws-nuke'
      WHEN REGEXP_INSTR(agent, 'aws-cdk') > 0
      THEN 'aws-cdk'
      WHEN REGEXP_INSTR(agent, 'aws-cli') > 0
      THEN 'aws-cli'
      WHEN REGEXP_INSTR(agent, 'powershell') > 0
      THEN 'aws-tools-for-powershell'
      WHEN REGEXP_INSTR(agent, 's3console|aws-internal/') > 0
      THEN 'console'
      WHEN REGEXP_INSTR(agent, 'boto3') > 0
      THEN 'boto3'
      WHEN REGEXP_INSTR(agent, 'botocore') > 0
      THEN 'botocore'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-go') > 0
      THEN 'aws-sdk-go'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-java') > 0
      THEN 'aws-sdk-java'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-js|aws-sdk-nodejs') > 0
      THEN 'aws-sdk-js'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-rust') > 0
      THEN 'aws-sdk-rust'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-net|aws-sdk-dotnet') > 0
      THEN 'aws-sdk-dotnet'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-ruby') > 0
      THEN 'aws-sdk-ruby'
      WHEN REGEXP_INSTR(agent, 'aws-sdk-php') > 0
      THEN 'aws-sdk-php'
      WHEN REGEXP_INSTR(agent, 'aws internal|console[.]amazonaws[.]com|signin[.]amazonaws[.]com|mozilla/') > 0
      THEN 'console'
      ELSE REGEXP_REPLACE(REGEXP_REPLACE(agent, '^[^a-z]+', ''), '[^a-z0-9.+-]([^a]|a)*$', '')
    END,
    ''
  ) AS tool_family
FROM resolved_events;

WITH delete_vpc AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteVpc' AND NOT failed AND copies = 1
    )
    AND NOT event_id IS NULL
), effects_of_delete_vpc AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN delete_vpc AS parent
    ON own.vpc = parent.vpc
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      own.event_source = 'ec2.amazonaws.com'
      AND own.event_name IN ('DetachInternetGateway', 'DetachVpnGateway')
      AND NOT own.failed
      AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
    )
    AND own.copies = 1
), stricter_create_change_set AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_change_set AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_INSTR(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/') > 0, FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_stack AS parent
    ON own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_3 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_INSTR(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/') > 0, FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_4 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_delete_stack AS parent
    ON own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_5 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_delete_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_INSTR(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/') > 0, FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_execute_change_set AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'ExecuteChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_6 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_execute_change_set AS parent
    ON own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_update_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_7 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_update_stack AS parent
    ON own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_update_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_8 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_update_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_INSTR(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/') > 0, FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_internet_gateway AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteInternetGateway' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_9 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_delete_internet_gateway AS parent
    ON own.gateway = parent.gateway AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 600 AND parent.event_time
), explained_by_some AS (
  SELECT
    event_id,
    'aws.ec2.delete-vpc' AS cascade,
    'ec2:' || event_name AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM effects_of_delete_vpc
), explained_more_strictly AS (
  SELECT
    event_id,
    'aws.cloudformation.change-set-service-role' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.create-stack' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_2
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.create-stack-service-role' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_3
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.delete-stack' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_4
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.delete-stack-service-role' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_5
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.execute-change-set' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_6
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.update-stack' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_7
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.update-stack-service-role' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_8
  UNION ALL
  SELECT
    event_id,
    'aws.ec2.delete-internet-gateway' AS cascade,
    'ec2:DetachInternetGateway' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_internet_gateway_9
), explained AS (
  SELECT
    kept.*
  FROM explained_by_some AS kept
  LEFT JOIN (
    SELECT DISTINCT
      event_id
    FROM explained_more_strictly
  ) AS unwanted
    ON unwanted.event_id = kept.event_id
  WHERE
    unwanted.event_id IS NULL
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
  judged.address,
  judged.credential
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
    AND judged.event_name IN ('DetachInternetGateway', 'DetachVpnGateway')
  )
  AND judged.copy_number = 1
ORDER BY
  judged.event_time,
  judged.event_id;

DROP TABLE cascade_events;
