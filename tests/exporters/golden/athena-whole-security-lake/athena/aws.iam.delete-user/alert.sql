-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- Amazon Athena, Trino, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- waits 122m for the window and 20m for late events
-- residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
-- checked: parsed (sqlglot's Athena and Trino grammars; the same steps run in DuckDB on tables of these layouts)
-- losses: none
-- table: Security Lake (OCSF)
--
-- What the cascade does not explain.
CREATE TABLE cascade_events AS
WITH read_events AS (
  SELECT
    NULLIF(metadata.uid, '') AS event_id,
    CAST(CAST(time AS DOUBLE) / 1000 AS BIGINT) AS event_time,
    NULLIF(api.service.name, '') AS event_source,
    NULLIF(api.operation, '') AS event_name,
    COALESCE(NULLIF(cloud.account.uid, ''), NULLIF(actor.user.account.uid, '')) AS account,
    NULLIF(NULLIF(actor.user.uid_alt, ''), 'Anonymous') AS principal,
    NULLIF(actor.user.credential_uid, '') AS access_key,
    NULLIF(actor.user.type, '') AS identity_type,
    NULLIF(JSON_EXTRACT_SCALAR(api.response.data, '$["credentials"]["accessKeyId"]'), '') AS handed_out,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["userName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["userName"]')
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
        NULLIF(NULLIF(http_request.user_agent, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["serialNumber"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["serialNumber"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["newUserName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["newUserName"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_2,
    api
  FROM amazon_security_lake_table_cloud_trail_mgmt_2_0
  WHERE
    (
      (
        (
          api.service.name
        ) = 'iam.amazonaws.com'
        AND api.operation IN (
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
      OR (
        (
          api.service.name
        ) = 'sts.amazonaws.com'
        AND api.operation IN (
          'AssumeRole',
          'AssumeRoleWithSAML',
          'AssumeRoleWithWebIdentity',
          'AssumeRoot',
          'GetFederationToken',
          'GetSessionToken'
        )
      )
    )
    AND NULLIF(api.response.error, '') IS NULL
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
    AND NOT COALESCE(JSON_FORMAT(JSON_EXTRACT(other.api.request.data, '$["newUserName"]')), 'null') IN ('null', '""', '[]', '{}')
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
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(own.api.request.data, '$["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(own.api.request.data, '$["status"]')
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
SELECT
  judged.event_id,
  judged.event_time,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  judged.user_name,
  judged.tool_family,
  judged.device
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
ORDER BY
  judged.event_time,
  judged.event_id;

DROP TABLE cascade_events;
