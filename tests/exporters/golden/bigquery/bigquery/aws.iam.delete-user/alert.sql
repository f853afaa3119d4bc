-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- BigQuery, SQL over a whole table, actors followed to the initial principal
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey,
--   iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy,
--   iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- still alerts where explained by: aws.cloudformation.change-set-service-role, aws.cloudformation.create-stack,
--   aws.cloudformation.create-stack-service-role, aws.cloudformation.delete-stack,
--   aws.cloudformation.delete-stack-service-role, aws.cloudformation.execute-change-set,
--   aws.cloudformation.update-stack, aws.cloudformation.update-stack-service-role, aws.iam.access-key-rotation,
--   aws.iam.compromised-key-quarantine, aws.iam.delete-policy, aws.iam.mfa-replace-device,
--   aws.ssm.start-automation-execution-alongside
-- judges all that is there as a log that has ended; what the log cannot show, it does not silence
-- residual risk: For up to an hour the user still exists without MFA, or locked out. Nobody signs in or takes a session
--   as the user in that time, or nothing would be silenced; a key that it still has works as it did before, with no
--   more rights than before, since what may have been a Deny is labelled and never silenced.
-- checked: parsed (sqlglot's BigQuery grammar)
-- loss, not covered: iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is
--   annotate, and nothing is said of it
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
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."userName"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."userName"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name,
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
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."serialNumber"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."serialNumber"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS device,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."newUserName"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."newUserName"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_2,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."userName"')) = 'string'
            THEN JSON_VALUE(event, '$."userIdentity"."userName"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_3,
    COALESCE(
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."accessKey"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."responseElements"."accessKey"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."requestParameters"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_4,
    COALESCE(
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."loginProfile"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."responseElements"."loginProfile"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."requestParameters"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_5,
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
    COALESCE(
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."requestParameters"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."userIdentity"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_6,
    COALESCE(
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."accessKey"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."responseElements"."accessKey"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."requestParameters"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      translate(
        NULLIF(
          NULLIF(
            CASE
              WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."userName"')) = 'string'
              THEN JSON_VALUE(event, '$."userIdentity"."userName"')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_7,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."accessKeyId"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."accessKeyId"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS key_name,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."accessKey"."accessKeyId"')) = 'string'
            THEN JSON_VALUE(event, '$."responseElements"."accessKey"."accessKeyId"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS key_name_2,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS policy_name,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."responseElements"."policy"."arn"')) = 'string'
            THEN JSON_VALUE(event, '$."responseElements"."policy"."arn"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS policy_name_2,
    translate(
      NULLIF(
        NULLIF(
          CASE
            WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."serialNumber"')) = 'string'
            THEN JSON_VALUE(event, '$."requestParameters"."serialNumber"')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS serial_number,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."status"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."status"')
    END = 'Inactive' AS status_is_inactive,
    NOT STARTS_WITH(COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."requestParameters"')), ''), '{')
    OR COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."requestParameters"."omitted"')), '') = 'true' AS no_request_parameters,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AdministratorAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AmazonEC2FullAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/IAMFullAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/IAMUserChangePassword'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/PowerUserAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/SecurityAudit'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/job-function/Billing'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess' AS policy_arn_is_one_of,
    NOT COALESCE(TO_JSON_STRING(JSON_QUERY(event, '$."requestParameters"."newUserName"')), 'null') IN ('null', '""', '[]', '{}') AS new_user_name_given,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."type"')) = 'string'
      THEN JSON_VALUE(event, '$."userIdentity"."type"')
    END = 'IAMUser' AS type_is_iam_user,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."status"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."status"')
    END = 'Active' AS status_is_active,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."userIdentity"."invokedBy"')) = 'string'
      THEN JSON_VALUE(event, '$."userIdentity"."invokedBy"')
    END = 'cloudformation.amazonaws.com' AS invoked_by_is,
    CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2'
    OR CASE
      WHEN JSON_TYPE(JSON_QUERY(event, '$."requestParameters"."policyArn"')) = 'string'
      THEN JSON_VALUE(event, '$."requestParameters"."policyArn"')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3' AS policy_arn_is_one_of_2,
    event
  FROM cloudtrail_events
  WHERE
    (
      JSON_VALUE(event, '$."eventSource"') = 'iam.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN (
        'DeleteUser',
        'DeactivateMFADevice',
        'DeleteLoginProfile',
        'DeleteAccessKey',
        'UpdateAccessKey',
        'DeleteSigningCertificate',
        'DeleteSSHPublicKey',
        'DeleteServiceSpecificCredential',
        'DetachUserPolicy',
        'DeleteVirtualMFADevice',
        'CreateUser',
        'UpdateUser',
        'CreateAccessKey',
        'CreateLoginProfile',
        'UpdateLoginProfile',
        'UploadSSHPublicKey',
        'UploadSigningCertificate',
        'CreateServiceSpecificCredential',
        'ResetServiceSpecificCredential',
        'AttachUserPolicy',
        'DeletePolicy',
        'CreatePolicy',
        'EnableMFADevice'
      )
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'signin.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('ConsoleLogin')
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'sts.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN (
        'GetSessionToken',
        'GetFederationToken',
        'AssumeRole',
        'AssumeRoleWithSAML',
        'AssumeRoleWithWebIdentity',
        'AssumeRoot'
      )
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'cloudformation.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('CreateChangeSet', 'CreateStack', 'DeleteStack', 'ExecuteChangeSet', 'UpdateStack')
    )
    OR (
      JSON_VALUE(event, '$."eventSource"') = 'ssm.amazonaws.com'
      AND JSON_VALUE(event, '$."eventName"') IN ('StartAutomationExecution')
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

WITH log_extent AS (
  SELECT
    MIN(
      UNIX_SECONDS(
        SAFE_CAST(CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."eventTime"')) = 'string' THEN JSON_VALUE(event, '$."eventTime"') END AS TIMESTAMP)
      )
    ) AS since,
    MAX(
      UNIX_SECONDS(
        SAFE_CAST(CASE WHEN JSON_TYPE(JSON_QUERY(event, '$."eventTime"')) = 'string' THEN JSON_VALUE(event, '$."eventTime"') END AS TIMESTAMP)
      )
    ) AS until
  FROM cloudtrail_events
), delete_user AS (
  SELECT
    *,
    event_id AS instance,
    event_time AS first_time,
    event_time AS last_time
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com'
      AND event_name = 'DeleteUser'
      AND NOT failed
      AND copies = 1
      AND NOT user_name IS NULL
      AND NOT account IS NULL
    )
    AND NOT event_id IS NULL
), deactivate_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance,
    LEAST(own.event_time, parent.first_time) AS first_time,
    GREATEST(own.event_time, parent.last_time) AS last_time
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      (
        own.event_source = 'iam.amazonaws.com'
        AND own.event_name = 'DeactivateMFADevice'
        AND NOT own.failed
        AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
      )
      AND NOT own.event_id IS NULL
    )
    AND own.copies = 1
), effects_of_delete_user AS (
  SELECT
    own.*,
    parent.instance AS instance,
    LEAST(own.event_time, parent.first_time) AS first_time,
    GREATEST(own.event_time, parent.last_time) AS last_time
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      (
        own.event_source = 'iam.amazonaws.com'
        AND own.event_name IN (
          'DeleteLoginProfile',
          'DeleteAccessKey',
          'DeleteSigningCertificate',
          'DeleteSSHPublicKey',
          'DeleteServiceSpecificCredential'
        )
        AND NOT own.failed
        AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
      )
      AND NOT own.event_id IS NULL
    )
    AND own.copies = 1
), update_access_key AS (
  SELECT
    own.*,
    parent.instance AS instance,
    LEAST(own.event_time, parent.first_time) AS first_time,
    GREATEST(own.event_time, parent.last_time) AS last_time
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      (
        own.event_source = 'iam.amazonaws.com'
        AND own.event_name = 'UpdateAccessKey'
        AND NOT own.failed
        AND own.status_is_inactive
        AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
      )
      AND NOT own.event_id IS NULL
    )
    AND own.copies = 1
), detach_user_policy AS (
  SELECT
    own.*,
    parent.instance AS instance,
    LEAST(own.event_time, parent.first_time) AS first_time,
    GREATEST(own.event_time, parent.last_time) AS last_time
  FROM cascade_events AS own
  INNER JOIN delete_user AS parent
    ON own.user_name = parent.user_name
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      (
        own.event_source = 'iam.amazonaws.com'
        AND own.event_name = 'DetachUserPolicy'
        AND NOT own.failed
        AND own.policy_arn_is_one_of
        AND own.event_time BETWEEN parent.event_time - 3600 AND parent.event_time + 120
      )
      AND NOT own.event_id IS NULL
    )
    AND own.copies = 1
), delete_virtual_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance,
    LEAST(own.event_time, parent.first_time) AS first_time,
    GREATEST(own.event_time, parent.last_time) AS last_time,
    parent.event_id AS hop_1
  FROM cascade_events AS own
  INNER JOIN deactivate_mfa_device AS parent
    ON own.device = parent.device
    AND own.tool_family = parent.tool_family
    AND own.address = parent.address
    AND own.credential = parent.credential
    AND own.account = parent.account
    AND own.actor = parent.actor
  WHERE
    (
      (
        (
          own.event_source = 'iam.amazonaws.com'
          AND own.event_name = 'DeleteVirtualMFADevice'
          AND NOT own.failed
          AND own.event_time BETWEEN parent.event_time - 120 AND parent.event_time + 3600
        )
        AND NOT own.event_id IS NULL
      )
      AND NOT parent.event_id IS NULL
    )
    AND own.copies = 1
), voided_delete_user AS (
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateUser'
    AND NOT other.failed
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateUser'
    AND NOT other.failed
    AND (
      other.user_name IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name IS NULL OR other.user_name = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_2 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND (
      other.user_name_2 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_2 IS NULL OR other.user_name_2 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    (
      (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'DeleteUser'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'CreateUser'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'UpdateUser'
      )
      OR (
        other.event_source = 'signin.amazonaws.com' AND other.event_name = 'ConsoleLogin'
      )
      OR (
        other.event_source = 'sts.amazonaws.com' AND other.event_name = 'GetSessionToken'
      )
      OR (
        other.event_source = 'sts.amazonaws.com' AND other.event_name = 'GetFederationToken'
      )
      OR (
        other.event_source = 'sts.amazonaws.com' AND other.event_name = 'AssumeRole'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'CreateAccessKey'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'CreateLoginProfile'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'UpdateLoginProfile'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'UploadSSHPublicKey'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'UploadSigningCertificate'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'CreateServiceSpecificCredential'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'ResetServiceSpecificCredential'
      )
      OR (
        other.event_source = 'iam.amazonaws.com' AND other.event_name = 'UpdateAccessKey'
      )
    )
    AND (
      other.event_time IS NULL OR other.copies > 1
    )
), seen_delete_user AS (
  SELECT
    root.event_id
  FROM delete_user AS root
  CROSS JOIN log_extent AS log
  WHERE
    root.event_time - 0 >= log.since AND root.event_time + 3600 <= log.until
), standing_delete_user AS (
  SELECT
    kept.event_id
  FROM seen_delete_user AS kept
  LEFT JOIN (
    SELECT DISTINCT
      event_id
    FROM voided_delete_user
  ) AS unwanted
    ON unwanted.event_id = kept.event_id
  WHERE
    unwanted.event_id IS NULL
), near_delete_user AS (
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name IN (
      'DeleteUser',
      'CreateUser',
      'UpdateLoginProfile',
      'UploadSSHPublicKey',
      'UploadSigningCertificate',
      'CreateServiceSpecificCredential',
      'ResetServiceSpecificCredential'
    )
    AND NOT other.failed
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name IN (
      'DeleteUser',
      'CreateUser',
      'UpdateLoginProfile',
      'UploadSSHPublicKey',
      'UploadSigningCertificate',
      'CreateServiceSpecificCredential',
      'ResetServiceSpecificCredential'
    )
    AND NOT other.failed
    AND (
      other.user_name IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name IS NULL OR other.user_name = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_2 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND (
      other.user_name_2 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_2 IS NULL OR other.user_name_2 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateUser'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.new_user_name_given
    )
    AND (
      other.user_name IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name IS NULL OR other.user_name = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_3 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'signin.amazonaws.com'
    AND other.event_name = 'ConsoleLogin'
    AND NOT other.failed
    AND other.type_is_iam_user
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'signin.amazonaws.com'
    AND other.event_name = 'ConsoleLogin'
    AND NOT other.failed
    AND other.type_is_iam_user
    AND (
      other.user_name_3 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_3 IS NULL OR other.user_name_3 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_3 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'sts.amazonaws.com'
    AND other.event_name IN ('GetSessionToken', 'GetFederationToken', 'AssumeRole')
    AND NOT other.failed
    AND other.type_is_iam_user
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'sts.amazonaws.com'
    AND other.event_name IN ('GetSessionToken', 'GetFederationToken', 'AssumeRole')
    AND NOT other.failed
    AND other.type_is_iam_user
    AND (
      other.user_name_3 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_3 IS NULL OR other.user_name_3 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_4 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateAccessKey'
    AND NOT other.failed
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateAccessKey'
    AND NOT other.failed
    AND (
      other.user_name_4 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_4 IS NULL OR other.user_name_4 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name_5 = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateLoginProfile'
    AND NOT other.failed
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreateLoginProfile'
    AND NOT other.failed
    AND (
      other.user_name_5 IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name_5 IS NULL OR other.user_name_5 = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  INNER JOIN delete_user AS root
    ON other.user_name = root.user_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateAccessKey'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.status_is_active
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
  UNION ALL
  SELECT
    root.event_id AS instance,
    other.event_id,
    other.event_time
  FROM cascade_events AS other
  CROSS JOIN delete_user AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'UpdateAccessKey'
    AND NOT other.failed
    AND (
      other.no_request_parameters OR other.status_is_active
    )
    AND (
      other.user_name IS NULL OR other.account IS NULL
    )
    AND (
      other.user_name IS NULL OR other.user_name = root.user_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time - 3720 AND root.event_time + 3720
), paths_of_delete_user AS (
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:DeactivateMFADevice' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id,
    first_time,
    last_time,
    '' AS hop_1
  FROM deactivate_mfa_device
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:' || event_name AS effect,
    'precondition' AS relation,
    instance AS origin_event_id,
    first_time,
    last_time,
    '' AS hop_1
  FROM effects_of_delete_user
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:UpdateAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id,
    first_time,
    last_time,
    '' AS hop_1
  FROM update_access_key
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:DetachUserPolicy' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id,
    first_time,
    last_time,
    '' AS hop_1
  FROM detach_user_policy
  UNION ALL
  SELECT
    event_id,
    'aws.iam.delete-user' AS cascade,
    'iam:DeleteVirtualMFADevice' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id,
    first_time,
    last_time,
    hop_1
  FROM delete_virtual_mfa_device
), cut_paths_of_delete_user AS (
  SELECT
    own.event_id AS event_id,
    own.origin_event_id AS origin_event_id,
    own.hop_1 AS hop_1
  FROM paths_of_delete_user AS own
  INNER JOIN near_delete_user AS other
    ON other.instance = own.origin_event_id
  WHERE
    other.event_time BETWEEN own.first_time AND own.last_time
    AND (
      other.event_id IS NULL
      OR (
        other.event_id <> own.event_id AND other.event_id <> own.origin_event_id AND other.event_id <> own.hop_1
      )
    )
), uncut_paths_of_delete_user AS (
  SELECT
    kept.*
  FROM paths_of_delete_user AS kept
  LEFT JOIN (
    SELECT DISTINCT
      event_id,
      origin_event_id,
      hop_1
    FROM cut_paths_of_delete_user
  ) AS unwanted
    ON unwanted.event_id = kept.event_id
    AND unwanted.origin_event_id = kept.origin_event_id
    AND unwanted.hop_1 = kept.hop_1
  WHERE
    unwanted.event_id IS NULL
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
), stricter_delete_access_key AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_2 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_3 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_4 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_5 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_6 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_7 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
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
), stricter_delete_access_key_8 AS (
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
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_access_key AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'CreateAccessKey' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_9 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_access_key AS parent
    ON own.user_name_6 = parent.user_name_7 AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.key_name <> parent.key_name_2
    AND (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time + 604800
), stricter_update_access_key AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_access_key AS parent
    ON own.user_name_6 = parent.user_name_7 AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.key_name <> parent.key_name_2
    AND (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'UpdateAccessKey'
    AND NOT own.failed
    AND own.status_is_inactive
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time + 604800
), stricter_create_access_key_with_delete_access_key AS (
  SELECT
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_create_access_key AS parent
    ON own.user_name_6 = parent.user_name_7 AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.key_name <> parent.key_name_2
    AND (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time + 604800
), standing_stricter_create_access_key AS (
  SELECT
    kept.event_id
  FROM stricter_create_access_key AS kept
  WHERE
    kept.event_id IN (
      SELECT
        instance
      FROM stricter_create_access_key_with_delete_access_key
    )
), paths_of_stricter_create_access_key AS (
  SELECT
    event_id,
    'aws.iam.access-key-rotation' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_9
  UNION ALL
  SELECT
    event_id,
    'aws.iam.access-key-rotation' AS cascade,
    'iam:UpdateAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_update_access_key
), stricter_attach_user_policy AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'AttachUserPolicy' AND NOT failed AND policy_arn_is_one_of_2
    )
    AND NOT event_id IS NULL
), stricter_update_access_key_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_attach_user_policy AS parent
    ON own.user_name = parent.user_name AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'UpdateAccessKey'
    AND NOT own.failed
    AND own.status_is_inactive
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 86400
), stricter_delete_access_key_10 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_attach_user_policy AS parent
    ON own.user_name = parent.user_name AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 86400
), stricter_detach_user_policy AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_attach_user_policy AS parent
    ON own.user_name = parent.user_name AND own.policy_name = parent.policy_name AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DetachUserPolicy'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 86400
), stricter_delete_policy AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com'
      AND event_name = 'DeletePolicy'
      AND NOT failed
      AND NOT policy_name IS NULL
      AND NOT account IS NULL
    )
    AND NOT event_id IS NULL
), stricter_detach_user_policy_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_delete_policy AS parent
    ON own.policy_name = parent.policy_name AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DetachUserPolicy'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), stricter_voided_delete_policy AS (
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  INNER JOIN stricter_delete_policy AS root
    ON other.policy_name_2 = root.policy_name AND other.account = root.account
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreatePolicy'
    AND NOT other.failed
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
    AND other.copies = 1
  UNION ALL
  SELECT
    root.event_id AS event_id
  FROM cascade_events AS other
  CROSS JOIN stricter_delete_policy AS root
  WHERE
    other.event_source = 'iam.amazonaws.com'
    AND other.event_name = 'CreatePolicy'
    AND NOT other.failed
    AND (
      other.policy_name_2 IS NULL OR other.account IS NULL
    )
    AND (
      other.policy_name_2 IS NULL OR other.policy_name_2 = root.policy_name
    )
    AND (
      other.account IS NULL OR other.account = root.account
    )
    AND other.event_time BETWEEN root.event_time AND root.event_time + 3600
    AND other.copies = 1
), standing_stricter_delete_policy AS (
  SELECT
    kept.event_id
  FROM stricter_delete_policy AS kept
  LEFT JOIN (
    SELECT DISTINCT
      event_id
    FROM stricter_voided_delete_policy
  ) AS unwanted
    ON unwanted.event_id = kept.event_id
  WHERE
    unwanted.event_id IS NULL
), paths_of_stricter_delete_policy AS (
  SELECT
    event_id,
    'aws.iam.delete-policy' AS cascade,
    'iam:DetachUserPolicy' AS effect,
    'precondition' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_user_policy_2
), stricter_enable_mfa_device AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'EnableMFADevice' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_deactivate_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_enable_mfa_device AS parent
    ON own.user_name = parent.user_name AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeactivateMFADevice'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), stricter_delete_virtual_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_deactivate_mfa_device AS parent
    ON own.serial_number = parent.serial_number
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
  WHERE
    (
      own.actor = parent.actor OR own.actor IS NULL OR parent.actor IS NULL
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteVirtualMFADevice'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 900
), stricter_start_automation_execution AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events
  WHERE
    (
      event_source = 'ssm.amazonaws.com' AND event_name = 'StartAutomationExecution' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_user_policy_3 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events AS own
  INNER JOIN stricter_start_automation_execution AS parent
    ON own.account = parent.account
  WHERE
    (
      own.invoked_by = 'ssm.amazonaws.com'
      OR COALESCE(REGEXP_CONTAINS(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/ssm[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DetachUserPolicy'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 300
), explained_by_some AS (
  SELECT
    event_id,
    cascade,
    effect,
    relation,
    origin_event_id
  FROM uncut_paths_of_delete_user
  WHERE
    origin_event_id IN (
      SELECT
        event_id
      FROM standing_delete_user
    )
), explained_more_strictly AS (
  SELECT
    event_id,
    'aws.cloudformation.change-set-service-role' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.create-stack' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_2
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.create-stack-service-role' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_3
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.delete-stack' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_4
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.delete-stack-service-role' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_5
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.execute-change-set' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_6
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.update-stack' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_7
  UNION ALL
  SELECT
    event_id,
    'aws.cloudformation.update-stack-service-role' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_8
  UNION ALL
  SELECT
    event_id,
    cascade,
    effect,
    relation,
    origin_event_id
  FROM paths_of_stricter_create_access_key
  WHERE
    origin_event_id IN (
      SELECT
        event_id
      FROM standing_stricter_create_access_key
    )
  UNION ALL
  SELECT
    event_id,
    'aws.iam.compromised-key-quarantine' AS cascade,
    'iam:UpdateAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_update_access_key_2
  UNION ALL
  SELECT
    event_id,
    'aws.iam.compromised-key-quarantine' AS cascade,
    'iam:DeleteAccessKey' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_access_key_10
  UNION ALL
  SELECT
    event_id,
    'aws.iam.compromised-key-quarantine' AS cascade,
    'iam:DetachUserPolicy' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_user_policy
  UNION ALL
  SELECT
    event_id,
    cascade,
    effect,
    relation,
    origin_event_id
  FROM paths_of_stricter_delete_policy
  WHERE
    origin_event_id IN (
      SELECT
        event_id
      FROM standing_stricter_delete_policy
    )
  UNION ALL
  SELECT
    event_id,
    'aws.iam.mfa-replace-device' AS cascade,
    'iam:DeactivateMFADevice' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_deactivate_mfa_device
  UNION ALL
  SELECT
    event_id,
    'aws.iam.mfa-replace-device' AS cascade,
    'iam:DeleteVirtualMFADevice' AS effect,
    'companion' AS relation,
    instance AS origin_event_id
  FROM stricter_delete_virtual_mfa_device
  UNION ALL
  SELECT
    event_id,
    'aws.ssm.start-automation-execution-alongside' AS cascade,
    'iam:DetachUserPolicy' AS effect,
    'consequence' AS relation,
    instance AS origin_event_id
  FROM stricter_detach_user_policy_3
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
  judged.user_name,
  judged.tool_family,
  judged.address,
  judged.credential,
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
      'DeleteVirtualMFADevice'
    )
  )
  AND judged.copy_number = 1
ORDER BY
  judged.event_time,
  judged.event_id;

DROP TABLE cascade_events;
