// aws.iam.delete-user: Deleting an IAM user removes its credentials first
// Sekoia.io, SOL rules by blocks of time
// cloudcascade catalogue 0.0.0, made 2026-11-20
// owner: detection@example.com; expires 2027-05-20
// alerts on: iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteAccessKey, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DetachUserPolicy, iam:DeleteUserPolicy, iam:RemoveUserFromGroup
// explained by: iam:DeleteUser
// waits 1h for the window and 20m for late events
// residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
// checked: unverified (no engine or parser of SOL can be had; the tests hold the rules' form)
// loss, not covered: iam:UpdateAccessKey: the condition 'equals' on requestParameters.status cannot be said here
// loss, not covered: iam:DeleteVirtualMFADevice: joins its origin through iam:DeactivateMFADevice, which takes a hop
// loss, fails closed: nothing voids an explanation here; unnoticed: user recreated, another user renamed to this name, user renamed before the deletion
// loss, fails closed: user agents are not compared: any tool's origin explains
// loss, fails open: fixed buckets of time: a cascade across an edge still alerts
// loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
// loss, fails closed: an origin anywhere in the block of time explains, before its effect as well as after
// loss, fails closed: two sessions of one name are one actor, whoever assumed the role
events
| where timestamp between (?time.start .. ?time.end)
| where event.provider == "iam.amazonaws.com"
| where event.outcome == "success"
| where event.action == "DeleteSigningCertificate" or event.action == "DeleteUser"
| select event.action, cloud.account.id, user.id, parameters = parse_json(aws.cloudtrail.flattened.request_parameters)
| aggregate effects = countif(event.action == "DeleteSigningCertificate"), origins = countif(event.action == "DeleteUser")
    by cloud.account.id, user.id, target = tolower(parameters.userName)
| where effects > 0 and origins == 0
