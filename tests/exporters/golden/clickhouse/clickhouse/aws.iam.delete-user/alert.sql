-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- ClickHouse, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- waits 122m for the window and 20m for late events
-- residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
-- checked: executed (ClickHouse in process (chdb), against the reference semantics on random logs)
-- losses: none
-- table: one JSON column
--
-- What the cascade does not explain.
CREATE TEMPORARY TABLE cascade_events AS
WITH read_events AS (
  SELECT
    nullIf(nullIf(JSONExtractString(event, 'eventID'), ''), '') AS event_id,
    toInt64(
      toUnixTimestamp(
        parseDateTimeBestEffortOrNull(
          if(
            toString(JSONType(event, 'eventTime')) = 'String',
            nullIf(JSONExtractString(event, 'eventTime'), ''),
            NULL
          ),
          'UTC'
        )
      )
    ) AS event_time,
    nullIf(nullIf(JSONExtractString(event, 'eventSource'), ''), '') AS event_source,
    nullIf(nullIf(JSONExtractString(event, 'eventName'), ''), '') AS event_name,
    COALESCE(
      nullIf(nullIf(JSONExtractString(event, 'recipientAccountId'), ''), ''),
      nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'accountId'), ''), '')
    ) AS account,
    nullIf(
      nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'principalId'), ''), ''),
      'Anonymous'
    ) AS principal,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'accessKeyId'), ''), '') AS access_key,
    nullIf(nullIf(JSONExtractString(event, 'userIdentity', 'type'), ''), '') AS identity_type,
    nullIf(
      nullIf(JSONExtractString(event, 'responseElements', 'credentials', 'accessKeyId'), ''),
      ''
    ) AS handed_out,
    lower(
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'requestParameters', 'userName')) = 'String',
            nullIf(JSONExtractString(event, 'requestParameters', 'userName'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS user_name,
    lower(
      SUBSTRING(
        nullIf(
          nullIf(
            if(
              toString(JSONType(event, 'userAgent')) = 'String',
              nullIf(JSONExtractString(event, 'userAgent'), ''),
              NULL
            ),
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        1,
        1024
      )
    ) AS agent,
    lower(
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'requestParameters', 'serialNumber')) = 'String',
            nullIf(JSONExtractString(event, 'requestParameters', 'serialNumber'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS device,
    lower(
      nullIf(
        nullIf(
          if(
            toString(JSONType(event, 'requestParameters', 'newUserName')) = 'String',
            nullIf(JSONExtractString(event, 'requestParameters', 'newUserName'), ''),
            NULL
          ),
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      )
    ) AS user_name_2,
    event
  FROM cloudtrail_events
  WHERE
    (
      (
        nullIf(JSONExtractString(event, 'eventSource'), '') = 'iam.amazonaws.com'
        AND nullIf(JSONExtractString(event, 'eventName'), '') IN (
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
        nullIf(JSONExtractString(event, 'eventSource'), '') = 'sts.amazonaws.com'
        AND nullIf(JSONExtractString(event, 'eventName'), '') IN (
          'AssumeRole',
          'AssumeRoleWithSAML',
          'AssumeRoleWithWebIdentity',
          'AssumeRoot',
          'GetFederationToken',
          'GetSessionToken'
        )
      )
    )
    AND nullIf(nullIf(JSONExtractString(event, 'errorCode'), ''), '') IS NULL
), told_events AS (
  SELECT
    *,
    nullIf(
      CASE
        WHEN match(agent, 'terraform')
        THEN 'terraform'
        WHEN match(agent, 'opentofu')
        THEN 'opentofu'
        WHEN match(agent, 'pulumi')
        THEN 'pulumi'
        WHEN match(agent, 'ansible')
        THEN 'ansible'
        WHEN match(agent, 'cloud-custodian|c7n')
        THEN 'cloud-custodian'
        WHEN match(agent, 'aws-nuke')
        THEN 'aws-nuke'
        WHEN match(agent, 'aws-cdk')
        THEN 'aws-cdk'
        WHEN match(agent, 'aws-cli')
        THEN 'aws-cli'
        WHEN match(agent, 'powershell')
        THEN 'aws-tools-for-powershell'
        WHEN match(agent, 's3console|aws-internal/')
        THEN 'console'
        WHEN match(agent, 'boto3')
        THEN 'boto3'
        WHEN match(agent, 'botocore')
        THEN 'botocore'
        WHEN match(agent, 'aws-sdk-go')
        THEN 'aws-sdk-go'
        WHEN match(agent, 'aws-sdk-java')
        THEN 'aws-sdk-java'
        WHEN match(agent, 'aws-sdk-js|aws-sdk-nodejs')
        THEN 'aws-sdk-js'
        WHEN match(agent, 'aws-sdk-rust')
        THEN 'aws-sdk-rust'
        WHEN match(agent, 'aws-sdk-net|aws-sdk-dotnet')
        THEN 'aws-sdk-dotnet'
        WHEN match(agent, 'aws-sdk-ruby')
        THEN 'aws-sdk-ruby'
        WHEN match(agent, 'aws-sdk-php')
        THEN 'aws-sdk-php'
        WHEN match(agent, 'aws internal|console[.]amazonaws[.]com|signin[.]amazonaws[.]com|mozilla/')
        THEN 'console'
        ELSE replaceRegexpOne(replaceRegexpOne(agent, '^[^a-z]+', ''), '[^a-z0-9.+-]([^a]|a)*$', '')
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
    NOT (
      handed_out IS NULL
    )
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
      WHEN COUNT(DISTINCT CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END) + MAX(CASE WHEN NOT (
        access_key IS NULL
      ) AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END)
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
      WHEN COUNT(DISTINCT CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END) + MAX(CASE WHEN NOT (
        access_key IS NULL
      ) AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END)
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
      WHEN COUNT(DISTINCT CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END) + MAX(CASE WHEN NOT (
        access_key IS NULL
      ) AND caller IS NULL THEN 1 ELSE 0 END) = 1
      THEN MAX(CASE WHEN NOT (
        access_key IS NULL
      ) THEN caller END)
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
  ON earlier.handed_out = own.access_key
SETTINGS join_use_nulls = 1;

WITH delete_user_calls AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'DeleteUser'
    )
    AND NOT (
      event_id IS NULL
    )
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
    AND NOT (
      COALESCE(
        nullIf(JSONExtractRaw(other.event, 'requestParameters', 'newUserName'), ''),
        'null'
      ) IN ('null', '""', '[]', '{}')
    )
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
    AND if(
      toString(JSONType(own.event, 'requestParameters', 'status')) = 'String',
      nullIf(JSONExtractString(own.event, 'requestParameters', 'status'), ''),
      NULL
    ) = 'Inactive'
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
    'iam:' || event_name AS effect,
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
  judged.event_id
SETTINGS join_use_nulls = 1;

DROP TABLE cascade_events;
