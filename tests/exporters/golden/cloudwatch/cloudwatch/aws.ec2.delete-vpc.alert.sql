-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- Amazon CloudWatch Logs, scheduled queries in OpenSearch SQL that ask a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway
-- explained by: ec2:DeleteVpc
-- still alerts where explained by: aws.cloudformation.change-set-service-role, aws.cloudformation.create-stack, aws.cloudformation.create-stack-service-role, aws.cloudformation.delete-stack, aws.cloudformation.delete-stack-service-role, aws.cloudformation.execute-change-set, aws.cloudformation.update-stack, aws.cloudformation.update-stack-service-role, aws.ec2.delete-internet-gateway
-- waits 15m for the window and 20m for late events, by the offset of the platform's schedule
-- residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
-- checked: parsed (sqlglot's Spark grammar, of which OpenSearch SQL is a part, and botocore's model of the API)
-- loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
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
    trail.`eventSource` = 'ec2.amazonaws.com'
    AND trail.`eventName` IN ('DetachInternetGateway', 'DetachVpnGateway')
  )
  AND known.`event_id` IS NULL;
