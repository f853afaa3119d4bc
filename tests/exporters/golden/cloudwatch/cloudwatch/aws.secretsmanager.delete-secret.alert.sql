-- aws.secretsmanager.delete-secret: Deleting a secret ends in the service's own version deletions
-- Amazon CloudWatch Logs, scheduled queries in OpenSearch SQL that ask a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: secretsmanager:StartSecretVersionDelete, secretsmanager:EndSecretVersionDelete
-- explained by: secretsmanager:DeleteSecret
-- waits 0s for the window and 20m for late events, by the offset of the platform's schedule
-- residual risk: The service events add nothing to DeleteSecret, which stays visible and can be undone until the recovery window ends. A forced deletion cannot be undone; rules on forceDeleteWithoutRecovery keep their place.
-- checked: parsed (sqlglot's Spark grammar, of which OpenSearch SQL is a part, and botocore's model of the API)
-- loss, not covered: secretsmanager:RemoveRegionsFromReplication: the policy is annotate, and nothing is said of it
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
    trail.`eventSource` = 'secretsmanager.amazonaws.com'
    AND trail.`eventName` IN ('StartSecretVersionDelete', 'EndSecretVersionDelete')
  )
  AND known.`event_id` IS NULL;
