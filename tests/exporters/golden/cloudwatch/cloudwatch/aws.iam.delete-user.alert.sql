-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- Amazon CloudWatch Logs, scheduled queries in OpenSearch SQL that ask a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- still alerts where explained by: aws.cloudformation.change-set-service-role, aws.cloudformation.create-stack, aws.cloudformation.create-stack-service-role, aws.cloudformation.delete-stack, aws.cloudformation.delete-stack-service-role, aws.cloudformation.execute-change-set, aws.cloudformation.update-stack, aws.cloudformation.update-stack-service-role, aws.iam.access-key-rotation, aws.iam.compromised-key-quarantine, aws.iam.delete-policy, aws.iam.mfa-replace-device, aws.ssm.start-automation-execution-alongside
-- waits 122m for the window and 20m for late events, by the offset of the platform's schedule
-- residual risk: For up to an hour the user still exists without MFA, or locked out. Nobody signs in or takes a session as the user in that time, or nothing would be silenced; a key that it still has works as it did before, with no more rights than before, since what may have been a Deny is labelled and never silenced.
-- checked: parsed (sqlglot's Spark grammar, of which OpenSearch SQL is a part, and botocore's model of the API)
-- loss, fails open: more counts as explained by aws.iam.access-key-rotation than is, and alerts
-- loss, not covered: iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is annotate, and nothing is said of it
-- loss, fails open: what comes into cascade-explained after the rule has run still alerts; fill it more often than that
-- loss, fails open: a record of cascade-explained whose timestamp is not the event's own may lie outside of the slice, and the event alerts
-- loss, fails open: slices overlap and nothing drops what was told before: a call alerts in up to 4 runs, with one eventID
-- loss, fails open: an event without an eventID is in no cascade-explained, and alerts
-- loss, not covered: what lies beyond the 10,000 rows that an answer holds at most
SELECT
  trail.`@timestamp`,
  trail.`eventID`,
  trail.`eventSource`,
  trail.`eventName`,
  trail.`recipientAccountId`,
  trail.`userIdentity.principalId`
FROM `aws-cloudtrail-logs` AS trail
LEFT OUTER JOIN `cascade-explained` AS known
  ON known.`event_id` = trail.`eventID`
WHERE
  (
    trail.`eventSource` = 'iam.amazonaws.com'
    AND trail.`eventName` IN (
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
  AND known.`event_id` IS NULL;
