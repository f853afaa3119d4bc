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
-- Makes the table of results, which all runs share. Run it where the table is not there yet.
CREATE TABLE cloudcascade_alerts AS
SELECT
  CAST(NULL AS VARCHAR) AS cascade,
  CAST(NULL AS BIGINT) AS event_time,
  CAST(NULL AS VARCHAR) AS event_id,
  CAST(NULL AS VARCHAR) AS event_source,
  CAST(NULL AS VARCHAR) AS event_name,
  CAST(NULL AS VARCHAR) AS account,
  CAST(NULL AS VARCHAR) AS principal WITH NO DATA;
