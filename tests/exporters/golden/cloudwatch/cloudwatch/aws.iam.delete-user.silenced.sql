-- aws.iam.delete-user: Deleting an IAM user removes its credentials first
-- Amazon CloudWatch Logs, OpenSearch SQL that asks a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:UpdateAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteVirtualMFADevice
-- explained by: iam:DeleteUser
-- waits 122m for the window and 20m for late events
-- residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
-- checked: parsed (sqlglot's Spark grammar, of which OpenSearch SQL is a part)
-- loss, fails open: what comes into cascade_explained after the rule has run still alerts; fill it more often than that
SELECT
  trail.`eventSource`,
  trail.`eventName`,
  trail.`recipientAccountId`,
  trail.`userIdentity.principalId`,
  COUNT(*) AS events
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
      'DeleteUserPolicy',
      'RemoveUserFromGroup',
      'DeleteVirtualMFADevice'
    )
    AND trail.`errorCode` IS NULL
  )
  AND NOT known.`event_id` IS NULL
GROUP BY
  trail.`eventSource`,
  trail.`eventName`,
  trail.`recipientAccountId`,
  trail.`userIdentity.principalId`;
