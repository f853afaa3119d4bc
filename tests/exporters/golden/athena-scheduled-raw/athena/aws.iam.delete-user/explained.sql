-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- Amazon Athena, Trino, SQL for a schedule: judges one slice of time, actors by session
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- waits 122m for the window and 20m for late events
-- residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
-- checked: parsed (sqlglot's Athena and Trino grammars; the same steps run in DuckDB on tables of these layouts)
-- loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
-- table: one JSON column
--
-- The explained events, to label them or to drop them from other alerts by their id.
CREATE TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(JSON_EXTRACT_SCALAR(event, '$["eventID"]'), '') AS event_id,
    CAST(FLOOR(
      TO_UNIXTIME(
        TRY(
          FROM_ISO8601_TIMESTAMP(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(event, '$["eventTime"]')), '"')
              THEN JSON_EXTRACT_SCALAR(event, '$["eventTime"]')
            END
          )
        )
      )
    ) AS BIGINT) AS event_time,
    NULLIF(JSON_EXTRACT_SCALAR(event, '$["eventSource"]'), '') AS event_source,
    NULLIF(JSON_EXTRACT_SCALAR(event, '$["eventName"]'), '') AS event_name,
    COALESCE(
      NULLIF(JSON_EXTRACT_SCALAR(event, '$["recipientAccountId"]'), ''),
      NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["accountId"]'), '')
    ) AS account,
    NULLIF(
      NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["principalId"]'), ''),
      'Anonymous'
    ) AS principal,
    NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["accessKeyId"]'), '') AS access_key,
    NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["type"]'), '') AS identity_type,
    CASE
      WHEN NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["type"]'), '') IN ('IAMUser', 'Root')
      THEN NULLIF(
        NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["principalId"]'), ''),
        'Anonymous'
      )
      ELSE CONCAT(
        CAST(NULLIF(
          NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["principalId"]'), ''),
          'Anonymous'
        ) AS VARCHAR),
        CAST('|' AS VARCHAR),
        CAST(NULLIF(JSON_EXTRACT_SCALAR(event, '$["userIdentity"]["accessKeyId"]'), '') AS VARCHAR)
      )
    END AS actor,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(event, '$["requestParameters"]["userName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(event, '$["requestParameters"]["userName"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name,
    TRANSLATE(
      SUBSTR(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(event, '$["userAgent"]')), '"')
              THEN JSON_EXTRACT_SCALAR(event, '$["userAgent"]')
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
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(event, '$["requestParameters"]["serialNumber"]')), '"')
            THEN JSON_EXTRACT_SCALAR(event, '$["requestParameters"]["serialNumber"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS device,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(event, '$["requestParameters"]["newUserName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(event, '$["requestParameters"]["newUserName"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_2,
    event
  FROM cloudtrail_events
  WHERE
    (
      JSON_EXTRACT_SCALAR(event, '$["eventSource"]') = 'iam.amazonaws.com'
      AND JSON_EXTRACT_SCALAR(event, '$["eventName"]') IN (
        'DeleteUser',
        'DeactivateMFADevice',
        'DeleteLoginProfile',
        'DeleteAccessKey',
        'UpdateAccessKey',
        'DeleteSigningCertificate',
        'DeleteSSHPublicKey',
        'DeleteServiceSpecificCredential',
        'DetachUserPolicy',
        'DeleteUserPolicy',
        'RemoveUserFromGroup',
        'DeleteVirtualMFADevice',
        'CreateUser',
        'UpdateUser'
      )
    )
    AND NULLIF(JSON_EXTRACT_SCALAR(event, '$["errorCode"]'), '') IS NULL
), recent_events AS (
  SELECT
    *
  FROM read_events
  WHERE
    event_time >= CAST(TO_UNIXTIME(NOW()) AS BIGINT) - 16740
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
  FROM recent_events
), numbered_events AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY event_time) AS copy_number
  FROM told_events
)
SELECT
  *
FROM numbered_events
WHERE
  copy_number = 1 OR event_id IS NULL;

WITH delete_user_calls AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'DeleteUser'
    )
    AND NOT event_id IS NULL
), voided_delete_user AS (
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN delete_user_calls AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateUser'
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN delete_user_calls AS root
    ON other.user_name_2 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN delete_user_calls AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT COALESCE(
      JSON_FORMAT(JSON_EXTRACT(other.event, '$["requestParameters"]["newUserName"]')),
      'null'
    ) IN ('null', '""', '[]', '{}')
    AND other.event_time BETWEEN root.event_time - 3600 AND root.event_time
), delete_user AS (
  SELECT
    kept.*
  FROM delete_user_calls AS kept
  LEFT JOIN (
    SELECT DISTINCT
      event_id
    FROM voided_delete_user
  ) AS unwanted
    ON unwanted.event_id = kept.event_id
  WHERE
    unwanted.event_id IS NULL
), deactivate_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeactivateMFADevice'
    AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
), effects_of_delete_user AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name IN (
      'DeleteLoginProfile',
      'DeleteAccessKey',
      'DeleteSigningCertificate',
      'DeleteSSHPublicKey',
      'DeleteServiceSpecificCredential',
      'DetachUserPolicy',
      'DeleteUserPolicy',
      'RemoveUserFromGroup'
    )
    AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
), update_access_key AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'UpdateAccessKey'
    AND CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(own.event, '$["requestParameters"]["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(own.event, '$["requestParameters"]["status"]')
    END = 'Inactive'
    AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
), delete_virtual_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN deactivate_mfa_device AS parent
    ON own.device = parent.device
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteVirtualMFADevice'
    AND own.event_time BETWEEN parent.event_time - 120 AND parent.event_time + 3600
), explained AS (
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:DeactivateMFADevice' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM deactivate_mfa_device
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    CONCAT(CAST('iam:' AS VARCHAR), CAST(event_name AS VARCHAR)) AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM effects_of_delete_user
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:UpdateAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM update_access_key
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:DeleteVirtualMFADevice' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM delete_virtual_mfa_device
)
SELECT DISTINCT
  judged.event_id,
  judged.event_time,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  judged.user_name,
  judged.tool_family,
  judged.device,
  known.cascade,
  known.effect,
  known.relation,
  known.origin_event_id
FROM cascade_events AS judged
INNER JOIN explained AS known
  ON known.event_id = judged.event_id
WHERE
  (
    judged.event_source = 'iam.amazonaws.com'
    AND judged.event_name IN (
      'DeactivateMFADevice',
      'DeleteLoginProfile',
      'DeleteAccessKey',
      'UpdateAccessKey',
      'DeleteSigningCertificate',
      'DeleteSSHPublicKey',
      'DeleteServiceSpecificCredential',
      'DetachUserPolicy',
      'DeleteUserPolicy',
      'RemoveUserFromGroup',
      'DeleteVirtualMFADevice'
    )
  )
  AND judged.event_time >= CAST(TO_UNIXTIME(NOW()) AS BIGINT) - 9420
  AND judged.event_time < CAST(TO_UNIXTIME(NOW()) AS BIGINT) - 8520;

DROP TABLE cascade_events;
