-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Amazon CloudWatch Logs, OpenSearch SQL that asks a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's Spark grammar, of which OpenSearch SQL is a part)
-- loss, fails open: what comes into cascade_explained after the rule has run still alerts; fill it more often than that
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
    trail.`eventSource` = 'secretsmanager.amazonaws.com'
    AND trail.`eventName` IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
    AND trail.`errorCode` IS NULL
  )
  AND known.`event_id` IS NULL;
