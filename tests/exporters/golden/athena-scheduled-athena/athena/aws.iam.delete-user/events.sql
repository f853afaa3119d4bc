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
-- loss, fails open: slices overlap: up to 4 runs tell the same, 15m apart; schedule.sql tells it once, by its event id;
--   what has none as often
-- table: Athena's CloudTrail table
-- runs: EventBridge Scheduler's rate(15 minutes)
--
-- Keeps the events that matter in a table of this cascade, which the other files ask. Run it first.
CREATE TABLE cascade_events_aws_iam_delete_user AS
WITH read_events AS (
  SELECT
    NULLIF(eventid, '') AS event_id,
    CAST(FLOOR(TO_UNIXTIME(TRY(FROM_ISO8601_TIMESTAMP(eventtime)))) AS BIGINT) AS event_time,
    NULLIF(eventsource, '') AS event_source,
    NULLIF(eventname, '') AS event_name,
    COALESCE(NULLIF(recipientaccountid, ''), NULLIF(useridentity.accountid, '')) AS account,
    CASE
      WHEN NOT STARTS_WITH(
        TRANSLATE(NULLIF(useridentity.principalid, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
        'anonymous'
      )
      THEN NULLIF(useridentity.principalid, '')
    END AS principal,
    NULLIF(useridentity.accesskeyid, '') AS access_key,
    NULLIF(useridentity.type, '') AS identity_type,
    CASE
      WHEN NULLIF(useridentity.type, '') IN ('IAMUser', 'Root')
      THEN CASE
        WHEN NOT STARTS_WITH(
          TRANSLATE(NULLIF(useridentity.principalid, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
          'anonymous'
        )
        THEN NULLIF(useridentity.principalid, '')
      END
      ELSE CONCAT(
        CAST(CASE
          WHEN NOT STARTS_WITH(
            TRANSLATE(NULLIF(useridentity.principalid, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
            'anonymous'
          )
          THEN NULLIF(useridentity.principalid, '')
        END AS VARCHAR),
        CAST('|' AS VARCHAR),
        CAST(NULLIF(useridentity.accesskeyid, '') AS VARCHAR)
      )
    END AS actor,
    NULLIF(useridentity.invokedby, '') AS invoked_by,
    NULLIF(useridentity.sessioncontext.sessionissuer.arn, '') AS issuer,
    NOT NULLIF(errorcode, '') IS NULL OR NOT NULLIF(errormessage, '') IS NULL AS failed,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["userName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["userName"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name,
    TRANSLATE(
      SUBSTR(NULLIF(NULLIF(useragent, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''), 1, 1024),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS agent,
    NULLIF(NULLIF(sourceipaddress, 'HIDDEN_DUE_TO_SECURITY_REASONS'), '') AS address,
    COALESCE(
      NULLIF(NULLIF(useridentity.sessioncontext.attributes.creationdate, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
      NULLIF(NULLIF(useridentity.accesskeyid, 'HIDDEN_DUE_TO_SECURITY_REASONS'), '')
    ) AS credential,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["serialNumber"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["serialNumber"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["newUserName"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["newUserName"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_2,
    TRANSLATE(
      NULLIF(NULLIF(useridentity.username, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS user_name_3,
    COALESCE(
      TRANSLATE(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["accessKey"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(responseelements, '$["accessKey"]["userName"]')
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
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(requestparameters, '$["userName"]')
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
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["loginProfile"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(responseelements, '$["loginProfile"]["userName"]')
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
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(requestparameters, '$["userName"]')
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
      NULLIF(NULLIF(useridentity.sessioncontext.sessionissuer.arn, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS role_name,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["roleARN"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["roleARN"]')
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
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(requestparameters, '$["userName"]')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      TRANSLATE(
        NULLIF(NULLIF(useridentity.username, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_6,
    COALESCE(
      TRANSLATE(
        NULLIF(
          NULLIF(
            CASE
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["accessKey"]["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(responseelements, '$["accessKey"]["userName"]')
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
              WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["userName"]')), '"')
              THEN JSON_EXTRACT_SCALAR(requestparameters, '$["userName"]')
            END,
            'HIDDEN_DUE_TO_SECURITY_REASONS'
          ),
          ''
        ),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      ),
      TRANSLATE(
        NULLIF(NULLIF(useridentity.username, 'HIDDEN_DUE_TO_SECURITY_REASONS'), ''),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
      )
    ) AS user_name_7,
    TRANSLATE(
      NULLIF(
        NULLIF(
          CASE
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["accessKeyId"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["accessKeyId"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["accessKey"]["accessKeyId"]')), '"')
            THEN JSON_EXTRACT_SCALAR(responseelements, '$["accessKey"]["accessKeyId"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(responseelements, '$["policy"]["arn"]')), '"')
            THEN JSON_EXTRACT_SCALAR(responseelements, '$["policy"]["arn"]')
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
            WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["serialNumber"]')), '"')
            THEN JSON_EXTRACT_SCALAR(requestparameters, '$["serialNumber"]')
          END,
          'HIDDEN_DUE_TO_SECURITY_REASONS'
        ),
        ''
      ),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      'abcdefghijklmnopqrstuvwxyz'
    ) AS serial_number,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["status"]')
    END = 'Inactive' AS status_is_inactive,
    NOT STARTS_WITH(COALESCE(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$')), ''), '{')
    OR COALESCE(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["omitted"]')), '') = 'true' AS no_request_parameters,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AdministratorAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonEC2FullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMFullAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/IAMUserChangePassword'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/PowerUserAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/SecurityAudit'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/job-function/Billing'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess' AS policy_arn_is_one_of,
    NOT COALESCE(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["newUserName"]')), 'null') IN ('null', '""', '[]', '{}') AS new_user_name_given,
    (
      useridentity.type
    ) = 'IAMUser' AS type_is_iam_user,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["status"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["status"]')
    END = 'Active' AS status_is_active,
    (
      useridentity.invokedby
    ) = 'cloudformation.amazonaws.com' AS invoked_by_is,
    CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2'
    OR CASE
      WHEN STARTS_WITH(JSON_FORMAT(JSON_EXTRACT(requestparameters, '$["policyArn"]')), '"')
      THEN JSON_EXTRACT_SCALAR(requestparameters, '$["policyArn"]')
    END = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3' AS policy_arn_is_one_of_2,
    requestparameters,
    useridentity
  FROM cloudtrail_logs
  WHERE
    (
      eventsource = 'iam.amazonaws.com'
      AND eventname IN (
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
      eventsource = 'signin.amazonaws.com' AND eventname IN ('ConsoleLogin')
    )
    OR (
      eventsource = 'sts.amazonaws.com' AND eventname IN ('GetSessionToken', 'GetFederationToken', 'AssumeRole')
    )
    OR (
      eventsource = 'cloudformation.amazonaws.com'
      AND eventname IN ('CreateChangeSet', 'CreateStack', 'DeleteStack', 'ExecuteChangeSet', 'UpdateStack')
    )
    OR (
      eventsource = 'ssm.amazonaws.com' AND eventname IN ('StartAutomationExecution')
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
