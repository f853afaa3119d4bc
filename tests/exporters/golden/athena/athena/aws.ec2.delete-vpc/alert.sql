-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- Amazon Athena, Trino, SQL over a whole table, actors followed to the initial principal
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
-- checked: executed (Trino 435 on one machine, against the reference semantics on random logs)
-- loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
-- table: Athena's CloudTrail table
--
-- What the cascade does not explain. Run events.sql before, drop.sql when done.
WITH delete_vpc AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteVpc' AND NOT failed AND copies = 1
    )
    AND NOT event_id IS NULL
), effects_of_delete_vpc AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
  INNER JOIN stricter_create_change_set AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_3 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
  INNER JOIN stricter_create_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_4 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_5 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
  INNER JOIN stricter_delete_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_execute_change_set AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'ExecuteChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_6 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_7 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_8 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
  INNER JOIN stricter_update_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'ec2.amazonaws.com'
    AND own.event_name = 'DetachInternetGateway'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_internet_gateway AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_ec2_delete_vpc
  WHERE
    (
      event_source = 'ec2.amazonaws.com' AND event_name = 'DeleteInternetGateway' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_internet_gateway_9 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_ec2_delete_vpc AS own
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
    CONCAT(CAST('ec2:' AS VARCHAR), CAST(event_name AS VARCHAR)) AS effect,
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
FROM cascade_events_aws_ec2_delete_vpc AS judged
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
