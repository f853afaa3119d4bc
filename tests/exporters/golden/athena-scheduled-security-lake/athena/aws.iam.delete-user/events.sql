-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- Amazon Athena, Trino, SQL for a schedule: judges one slice of time, actors by session
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
-- waits 122m for the window and 20m for late events
-- residual risk: For up to an hour the user still exists without MFA, or locked out. Nobody signs in or takes a session
--   as the user in that time, or nothing would be silenced; a key that it still has works as it did before, with no
--   more rights than before, since what may have been a Deny is labelled and never silenced.
-- checked: executed (Trino 435 on one machine, against the reference semantics on random logs)
-- loss, fails open: more counts as explained by aws.cloudformation.create-stack than is, and alerts
-- loss, fails open: more counts as explained by aws.cloudformation.delete-stack than is, and alerts
-- loss, fails open: more counts as explained by aws.cloudformation.execute-change-set than is, and alerts
-- loss, fails open: more counts as explained by aws.cloudformation.update-stack than is, and alerts
-- loss, fails open: more counts as explained by aws.iam.access-key-rotation than is, and alerts
-- loss, fails open: more counts as explained by aws.iam.delete-policy than is, and alerts
-- loss, fails open: more counts as explained by aws.iam.mfa-replace-device than is, and alerts
-- loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
-- loss, not covered: iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is
--   annotate, and nothing is said of it
-- loss, fails open: access keys are compared: two keys of one sign-in are two hands
-- loss, fails open: slices overlap: up to 4 runs tell the same, 15m apart; schedule.sql tells it once, by its event id;
--   what has none as often
-- table: Security Lake (OCSF)
-- runs: EventBridge Scheduler's rate(15 minutes)
--
-- Keeps the events that matter in a table of this cascade, which the other files ask. Run it first.
CREATE TABLE cascade_events_aws_iam_delete_user AS
WITH read_events AS (
  SELECT
    NULLIF(metadata.uid, '') AS event_id,
    CAST(CAST(time AS DOUBLE) / 1000 AS BIGINT) AS event_time,
    NULLIF(api.service.name, '') AS event_source,
    NULLIF(api.operation, '') AS event_name,
    COALESCE(NULLIF(cloud.account.uid, ''), NULLIF(actor.user.account.uid, '')) AS account,
    CASE
      WHEN NOT STARTS_WITH(
        TRANSLATE(NULLIF(actor.user.uid_alt, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
        'anonymous'
      )
      THEN NULLIF(actor.user.uid_alt, '')
    END AS principal,
    NULLIF(actor.user.credential_uid, '') AS access_key,
    NULLIF(actor.user.type, '') AS identity_type,
    CASE
      WHEN NULLIF(actor.user.type, '') IN ('IAMUser', 'Root')
      THEN CASE
        WHEN NOT STARTS_WITH(
          TRANSLATE(NULLIF(actor.user.uid_alt, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
          'anonymous'
        )
        THEN NULLIF(actor.user.uid_alt, '')
      END
      ELSE CONCAT(
        CAST(CASE
          WHEN NOT STARTS_WITH(
            TRANSLATE(NULLIF(actor.user.uid_alt, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
            'anonymous'
          )
          THEN NULLIF(actor.user.uid_alt, '')
        END AS VARCHAR),
        CAST('|' AS VARCHAR),
        CAST(NULLIF(actor.user.credential_uid, '') AS VARCHAR)
      )
    END AS actor,
    NULLIF(actor.invoked_by, '') AS invoked_by,
    NULLIF(actor.session.issuer, '') AS issuer,
    NOT NULLIF(api.response.error, '') IS NULL OR NOT NULLIF(api.response.message, '') IS NULL AS failed,
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
      SUBSTR(NULLIF(NULLIF(http_request.user_agent, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''), 1, 1024),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS agent,
    NULLIF(NULLIF(src_endpoint.ip, 'HIDDEN_DUE_TO_SECURITY_REASONS'), '') AS address,
    NULLIF(NULLIF(actor.user.credential_uid, 'HIDDEN_DUE_TO_SECURITY_REASONS'), '') AS access_key_id,
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
    TRANSLATE(
      NULLIF(NULLIF(actor.user.name, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_3,
    COALESCE(
      TRANSLATE(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.response.data, '$["accessKey"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(api.response.data, '$["accessKey"]["userName"]')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
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
      )
    ) AS user_name_4,
    COALESCE(
      TRANSLATE(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.response.data, '$["loginProfile"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(api.response.data, '$["loginProfile"]["userName"]')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
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
      )
    ) AS user_name_5,
    TRANSLATE(
      NULLIF(NULLIF(actor.session.issuer, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["roleARN"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["roleARN"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name_2,
    COALESCE(
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
      ),
      TRANSLATE(
        NULLIF(NULLIF(actor.user.name, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_6,
    COALESCE(
      TRANSLATE(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.response.data, '$["accessKey"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(api.response.data, '$["accessKey"]["userName"]')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
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
      ),
      TRANSLATE(
        NULLIF(NULLIF(actor.user.name, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_7,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["accessKeyId"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["accessKeyId"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS key_name,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.response.data, '$["accessKey"]["accessKeyId"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.response.data, '$["accessKey"]["accessKeyId"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS key_name_2,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS policy_name,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.response.data, '$["policy"]["arn"]')), '"')
            THEN JSON_EXTRACT_SCALAR(api.response.data, '$["policy"]["arn"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS policy_name_2,
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
    ) AS serial_number,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["status"]')
    END = 'Inactive' AS status_is_inactive,
    NOT STARTS_WITH(COALESCE(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$')), ''), '{')
    OR COALESCE(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["omitted"]')), '') = 'true' AS no_request_parameters,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AdministratorAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonEC2FullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMFullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMUserChangePassword'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/PowerUserAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/SecurityAudit'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/job-function/Billing'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess' AS policy_arn_is_one_of,
    NOT COALESCE(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["newUserName"]')), 'null') IN ('null', '""', '[]', '{}') AS new_user_name_given,
    (
      actor.user.type
    ) = 'IAMUser' AS type_is_iam_user,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["status"]')
    END = 'Active' AS status_is_active,
    (
      actor.invoked_by
    ) = 'cloudformation.amazonaws.com' AS invoked_by_is,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(api.request.data, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(api.request.data, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3' AS policy_arn_is_one_of_2,
    actor,
    api
  FROM amazon_security_lake_table_cloud_trail_mgmt_2_0
  WHERE
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
      (
        api.service.name
      ) = 'signin.amazonaws.com' AND api.operation IN ('ConsoleLogin')
    )
    OR (
      (
        api.service.name
      ) = 'sts.amazonaws.com'
      AND api.operation IN ('GetSessionToken', 'GetFederationToken', 'AssumeRole')
    )
    OR (
      (
        api.service.name
      ) = 'cloudformation.amazonaws.com'
      AND api.operation IN ('CreateChangeSet', 'CreateStack', 'DeleteStack', 'ExecuteChangeSet', 'UpdateStack')
    )
    OR (
      (
        api.service.name
      ) = 'ssm.amazonaws.com' AND api.operation IN ('StartAutomationExecution')
    )
), recent_events AS (
  SELECT
    *,
    (
      CAST(TO_UNIXTIME(NOW()) AS BIGINT) - CAST(TO_UNIXTIME(NOW()) AS BIGINT) % 900
    ) AS due
  FROM read_events
  WHERE
    event_time >= (
      CAST(TO_UNIXTIME(NOW()) AS BIGINT) - CAST(TO_UNIXTIME(NOW()) AS BIGINT) % 900
    ) - 616920
    OR event_time IS NULL
), distinct_events AS (
  SELECT DISTINCT
    *
  FROM recent_events
  WHERE
    NOT event_id IS NULL
), unique_events AS (
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
  FROM recent_events
  WHERE
    event_id IS NULL
)
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
FROM unique_events;
