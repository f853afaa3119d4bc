-- aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
-- Amazon CloudWatch Logs, OpenSearch SQL that asks a log group of explained event ids
-- cloudcascade catalogue 0.0.0, made 2026-11-20
-- owner: detection@example.com; expires 2027-05-20
-- alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway, ec2:DeleteInternetGateway
-- explained by: ec2:DeleteVpc, or by aws.ec2.delete-internet-gateway
-- waits 15m for the window and 20m for late events
-- residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
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
    trail.`eventSource` = 'ec2.amazonaws.com'
    AND trail.`eventName` IN ('DetachInternetGateway', 'DetachVpnGateway', 'DeleteInternetGateway')
    AND trail.`errorCode` IS NULL
  )
  AND known.`event_id` IS NULL;
