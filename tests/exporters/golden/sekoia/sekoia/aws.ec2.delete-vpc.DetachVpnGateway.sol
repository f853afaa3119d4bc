// aws.ec2.delete-vpc: Deleting a VPC takes its gateways off first
// Sekoia.io, SOL rules by blocks of time
// cloudcascade catalogue 0.0.0, made 2026-11-20
// owner: detection@example.com; expires 2027-05-20
// alerts on: ec2:DetachInternetGateway, ec2:DetachVpnGateway
// explained by: ec2:DeleteVpc
// waits 15m for the window and 20m for late events
// residual risk: The VPC is cut off from the internet, and from the offices behind its VPN, up to a quarter of an hour before DeleteVpc is logged; that outage has no alert of its own.
// checked: unverified (no engine or parser of SOL can be had; the tests hold the rules' form)
// loss, not covered: ec2:DeleteInternetGateway: joins its origin through ec2:DetachInternetGateway, which takes a hop
// loss, fails closed: user agents are not compared: any tool's origin explains
// loss, fails open: fixed buckets of time: a cascade across an edge still alerts
// loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
// loss, fails open: ec2:DetachInternetGateway explained by aws.ec2.delete-internet-gateway still alerts
// loss, fails closed: an origin anywhere in the block of time explains, before its effect as well as after
// loss, fails closed: two sessions of one name are one actor, whoever assumed the role
events
| where timestamp between (?time.start .. ?time.end)
| where event.provider == "ec2.amazonaws.com"
| where event.outcome == "success"
| where event.action == "DetachVpnGateway" or event.action == "DeleteVpc"
| select event.action, cloud.account.id, user.id, parameters = parse_json(aws.cloudtrail.flattened.request_parameters)
| aggregate effects = countif(event.action == "DetachVpnGateway"), origins = countif(event.action == "DeleteVpc")
    by cloud.account.id, user.id, target = tolower(parameters.vpcId)
| where effects > 0 and origins == 0
