-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- BigQuery, SQL over a whole table, actors followed to the initial principal
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
-- checked: parsed (sqlglot's BigQuery grammar)
-- loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMP TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(JSON_VALUE(event, '$."eventID"'), '') AS event_id,
    UNIX_SECONDS(
      SAFE_CAST(CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."eventTime"')) = 'string' THEN JSON_VALUE(event, '$."eventTime"') END AS TIMESTAMP)
    ) AS event_time,
    NULLIF(JSON_VALUE(event, '$."eventSource"'), '') AS event_source,
    NULLIF(JSON_VALUE(event, '$."eventName"'), '') AS event_name,
    COALESCE(
      NULLIF(JSON_VALUE(event, '$."recipientAccountId"'), ''),
      NULLIF(JSON_VALUE(event, '$."userIdentity"."accountId"'), '')
    ) AS account,
    CASE
      WHEN NOT STARTS_WITH(
        translate(
          NULLIF(JSON_VALUE(event, '$."userIdentity"."principalId"'), ''),
          'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
          'abcdefghijklmnopqrstuvwxyz'
        ),
        'anonymous'
      )
      THEN NULLIF(JSON_VALUE(event, '$."userIdentity"."principalId"'), '')
    END AS principal,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."accessKeyId"'), '') AS access_key,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."type"'), '') AS identity_type,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."invokedBy"'), '') AS invoked_by,
    NULLIF(JSON_VALUE(event, '$."userIdentity"."sessionContext"."sessionIssuer"."arn"'), '') AS issuer,
    NULLIF(JSON_VALUE(event, '$."responseElements"."credentials"."accessKeyId"'), '') AS handed_out,
    NOT COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."errorCode"')), 'null') IN ('null', '""')
    OR NOT COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."errorMessage"')), 'null') IN ('null', '""') AS failed,
    NULLIF(
      NULLIF(
        CASE
          WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."vpcId"')) = 'string'
          THEN JSON_VALUE(event, '$."requestParameters"."vpcId"')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS vpc,
    translate(
      SUBSTRING(
        NULLIF(
          NULLIF(
            CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."userAgent"')) = 'string' THEN JSON_VALUE(event, '$."userAgent"') END,
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
          WHEN JSON_TYPE(JSON_QUERY(event, '$."sourceIPAddress"')) = 'string'
          THEN JSON_VALUE(event, '$."sourceIPAddress"')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS address,
    COALESCE(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."sessionContext"."attributes"."creationDate"')) = 'string'
            THEN JSON_VALUE(event, '$."userIdentity"."sessionContext"."attributes"."creationDate"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."accessKeyId"')) = 'string'
            THEN JSON_VALUE(event, '$."userIdentity"."accessKeyId"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS credential,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."sessionContext"."sessionIssuer"."arn"')) = 'string'
            THEN JSON_VALUE(event, '$."userIdentity"."sessionContext"."sessionIssuer"."arn"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."roleARN"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."roleARN"')
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
          WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."internetGatewayId"')) = 'string'
          THEN JSON_VALUE(event, '$."requestParameters"."internetGatewayId"')
        END,
        'HIDDEN_DUE_TO_SECURITY_REASONS'
      ),
      ''
    ) AS gateway,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."invokedBy"')) = 'string'
      THEN JSON_VALUE(event, '$."userIdentity"."invokedBy"')
    END = 'cloudformation.amazonaws.com' AS invoked_by_is,
    event
  FROM cloudtrail_events
  WHERE
    (
      JSON_VALUE(event, '$."eventSource"') = 'ec2.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('DeleteVpc', 'DetachInternetGateway', 'DetachVpnGateway', 'DeleteInternetGateway')
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'cloudformation.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('CreateChangeSet', 'CreateStack', 'DeleteStack', 'ExecuteChangeSet', 'UpdateStack')
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'sts.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN (
        'AssumeRole',
        'AssumeRoleWithSAML',
        'AssumeRoleWithWebIdentity',
        'AssumeRoot',
        'GetFederationToken',
        'GetSessionToken'
      )
    )
), distinct_events AS (
  SELECT
    *
  FROM read_events
  WHERE
    NOT event_id IS NULL
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY TO_JSON_STRING(read_events) ORDER BY event_time NULLS LAST) = 1
), unresolved_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time NULLS LAST) AS copy_number,
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
      WHEN REGEXP_CONTAINS(agent, 'terraform')
      THEN 'terraform'
      WHEN REGEXP_CONTAINS(agent, 'opentofu')
      THEN 'opentofu'
      WHEN REGEXP_CONTAINS(agent, 'pulumi')
      THEN 'pulumi'
      WHEN REGEXP_CONTAINS(agent, 'ansible')
      THEN 'ansible'
      WHEN REGEXP_CONTAINS(agent, 'cloud-custodian|c7n')
      THEN 'cloud-custodian'
      WHEN REGEXP_CONTAINS(agent, 'aws-nuke')
      THEN 'aws-nuke'
      WHEN REGEXP_CONTAINS(agent, 'aws-cdk')
      THEN 'aws-cdk'
      WHEN REGEXP_CONTAINS(agent, 'aws-cli')
      THEN 'aws-cli'
      WHEN REGEXP_CONTAINS(agent, 'powershell')
      THEN 'aws-tools-for-powershell'
      WHEN REGEXP_CONTAINS(agent, 's3console|aws-internal/')
      THEN 'console'
      WHEN REGEXP_CONTAINS(agent, 'boto3')
      THEN 'boto3'
      WHEN REGEXP_CONTAINS(agent, 'botocore')
      THEN 'botocore'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-go')
      THEN 'aws-sdk-go'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-java')
      THEN 'aws-sdk-java'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-js|aws-sdk-nodejs')
      THEN 'aws-sdk-js'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-rust')
      THEN 'aws-sdk-rust'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-net|aws-sdk-dotnet')
      THEN 'aws-sdk-dotnet'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-ruby')
      THEN 'aws-sdk-ruby'
      WHEN REGEXP_CONTAINS(agent, 'aws-sdk-php')
      THEN 'aws-sdk-php'
      WHEN REGEXP_CONTAINS(agent, 'aws internal|console[.]amazonaws[.]com|signin[.]amazonaws[.]com|mozilla/')
      THEN 'console'
      ELSE regexp_replace(regexp_replace(agent, '^[^a-z]+', ''), '[^a-z0-9.+-]([^a]|a)*$', '')
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
      OR COALESCE(REGEXP_CONTAINS(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
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
      OR COALESCE(REGEXP_CONTAINS(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
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
      OR COALESCE(REGEXP_CONTAINS(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
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
      OR COALESCE(REGEXP_CONTAINS(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
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
