// aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
// Sekoia.io, SOL rules over the time around what a run judges
// cloudcascade catalogue 0.0.0, made 2026-11-20
// owner: detection@example.com; expires 2027-05-20
// alerts on: ec2:DetachVpnGateway
// explained by: ec2:DeleteVpc
// waits 15m for the window and 20m for late events
// residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
// checked: unverified (no engine or parser of SOL can be had; the tests hold the rules' form)
// loss, fails closed: addresses and credentials are not compared: whoever is the principal is one hand
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.change-set-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.create-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.create-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.delete-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.delete-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.execute-change-set may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.update-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.cloudformation.update-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: ec2:DetachInternetGateway: aws.ec2.delete-internet-gateway may explain it by a stricter policy, which cannot be asked
// loss, fails closed: user agents are not compared: any tool's origin explains
// loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
// loss, fails closed: a failed call that has a message and no code counts as successful
// loss, not covered: records that share an eventID and differ, which CloudTrail does not write: one of them is seen
// loss, not covered: records without a readable eventTime, which CloudTrail does not write: they count when they arrive, or not at all
// loss, not covered: ec2:DeleteInternetGateway: the policy is annotate, and nothing is said of it
// loss, fails closed: an origin anywhere in the 95m that a run reads explains, before its effect as well as after
// loss, fails open: slices overlap and nothing drops what was told before: a call alerts in up to 4 runs
// loss, fails closed: two sessions of one name are one actor, whoever assumed the role
// loss, not covered: failed calls of ec2:DetachVpnGateway
events
| where timestamp >= ago(5700s)
| where event.provider == "ec2.amazonaws.com"
| where event.outcome == "success"
| where event.action == "DetachVpnGateway" or event.action == "DeleteVpc"
| select timestamp, event.action, cloud.account.id, user.id, parameters = parse_json(aws.cloudtrail.flattened.request_parameters)
| aggregate
    effects = countif(event.action == "DetachVpnGateway" and timestamp >= ago(5700s) and timestamp < ago(2100s)),
    origins = countif(event.action == "DeleteVpc")
    by cloud.account.id, user.id, target = tolower(parameters.vpcId)
| where effects > 0 and origins == 0
