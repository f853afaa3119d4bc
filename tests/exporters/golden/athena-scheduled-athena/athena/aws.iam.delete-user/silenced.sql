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
-- How much the alert leaves out, so that silence is never blind. On a schedule by interval: several runs count one,
--   each of them all of it; keep the last count. Run events.sql before, drop.sql when done.
WITH delete_user AS (
  SELECT
    *,
    event_id AS instance,
    event_time AS first_time,
    event_time AS last_time
  FROM cascade_events_aws_iam_delete_user
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
), standing_delete_user AS (
  SELECT
    kept.event_id
  FROM delete_user AS kept
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
    CONCAT(CAST('iam:' AS VARCHAR), CAST(event_name AS VARCHAR)) AS effect,
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
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_create_change_set AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_create_stack AS parent
    ON own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'CreateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_3 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_create_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_4 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_delete_stack AS parent
    ON own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_delete_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'DeleteStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_5 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_delete_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_execute_change_set AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'ExecuteChangeSet' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_6 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_execute_change_set AS parent
    ON own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_update_stack AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_7 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_update_stack AS parent
    ON own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.invoked_by_is
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_update_stack_2 AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'cloudformation.amazonaws.com' AND event_name = 'UpdateStack' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_8 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_update_stack_2 AS parent
    ON own.role_name = parent.role_name_2 AND own.account = parent.account
  WHERE
    (
      own.invoked_by = 'cloudformation.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/cloudformation[.]amazonaws[.]com/'), FALSE)
    )
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 7200
), stricter_create_access_key AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'CreateAccessKey' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_delete_access_key_9 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_create_access_key AS parent
    ON own.user_name_6 = parent.user_name_7 AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.key_name <> parent.key_name_2
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteAccessKey'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time + 604800
), stricter_update_access_key AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_create_access_key AS parent
    ON own.user_name_6 = parent.user_name_7 AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.key_name <> parent.key_name_2
    AND own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'UpdateAccessKey'
    AND NOT own.failed
    AND own.status_is_inactive
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time + 604800
), stricter_attach_user_policy AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'AttachUserPolicy' AND NOT failed AND policy_arn_is_one_of_2
    )
    AND NOT event_id IS NULL
), stricter_update_access_key_2 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user AS own
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
  FROM cascade_events_aws_iam_delete_user
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
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_delete_policy AS parent
    ON own.policy_name = parent.policy_name AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DetachUserPolicy'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), stricter_voided_delete_policy AS (
  SELECT
    root.event_id AS event_id
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user AS other
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
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'iam.amazonaws.com' AND event_name = 'EnableMFADevice' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_deactivate_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_enable_mfa_device AS parent
    ON own.user_name = parent.user_name AND own.tool_family = parent.tool_family AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeactivateMFADevice'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time - 900 AND parent.event_time
), stricter_delete_virtual_mfa_device AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_deactivate_mfa_device AS parent
    ON own.serial_number = parent.serial_number
    AND own.tool_family = parent.tool_family
    AND own.account = parent.account
  WHERE
    own.event_source = 'iam.amazonaws.com'
    AND own.event_name = 'DeleteVirtualMFADevice'
    AND NOT own.failed
    AND own.event_time BETWEEN parent.event_time AND parent.event_time + 900
), stricter_start_automation_execution AS (
  SELECT
    *,
    event_id AS instance
  FROM cascade_events_aws_iam_delete_user
  WHERE
    (
      event_source = 'ssm.amazonaws.com' AND event_name = 'StartAutomationExecution' AND NOT failed
    )
    AND NOT event_id IS NULL
), stricter_detach_user_policy_3 AS (
  SELECT
    own.*,
    parent.instance AS instance
  FROM cascade_events_aws_iam_delete_user AS own
  INNER JOIN stricter_start_automation_execution AS parent
    ON own.account = parent.account
  WHERE
    (
      own.invoked_by = 'ssm.amazonaws.com'
      OR COALESCE(REGEXP_LIKE(own.issuer, '^arn:([^:]*:){4}role/aws-service-role/ssm[.]amazonaws[.]com/'), FALSE)
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
  known.cascade,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  (
    judged.event_time - (
      judged.event_time + 8520
    ) % 900
  ) AS slice_start,
  MIN(judged.event_time) AS first_time,
  MAX(judged.event_time) AS last_time,
  COUNT(*) AS events
FROM cascade_events_aws_iam_delete_user AS judged
INNER JOIN (
  SELECT DISTINCT
    event_id,
    cascade
  FROM explained
) AS known
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
      'DeleteVirtualMFADevice'
    )
  )
  AND judged.event_time >= judged.due - 12120
  AND judged.event_time < judged.due - 8520
  AND judged.copy_number = 1
GROUP BY
  known.cascade,
  judged.event_source,
  judged.event_name,
  judged.account,
  judged.principal,
  (
    judged.event_time - (
      judged.event_time + 8520
    ) % 900
  );
