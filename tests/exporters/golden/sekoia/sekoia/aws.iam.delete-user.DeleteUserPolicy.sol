// aws.iam.delete-user: Deleting an IAM user removes its credentials first
// Sekoia.io, SOL rules by blocks of time
// cloudcascade catalogue 0.0.0, made 2026-11-20
// owner: detection@example.com; expires 2027-05-20
// alerts on: iam:DeleteLoginProfile, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DeleteUserPolicy
// explained by: iam:DeleteUser
// waits 1h for the window and 20m for late events
// residual risk: An attacker who deletes the user anyway gains nothing from having stripped its MFA first. For up to an hour the user still exists without MFA or without a Deny policy; what it does in that time is for other rules to see.
// checked: unverified (no engine or parser of SOL can be had; the tests hold the rules' form)
// loss, fails closed: addresses and credentials are not compared: whoever is the principal is one hand
// loss, not covered: iam:UpdateAccessKey: the condition 'equals' on requestParameters.status cannot be said here
// loss, not covered: iam:DeleteVirtualMFADevice: joins its origin through iam:DeactivateMFADevice, which takes a hop
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.delete-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.iam.access-key-rotation may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey, iam:DetachUserPolicy: aws.iam.compromised-key-quarantine may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:RemoveUserFromGroup: aws.iam.delete-group may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DetachUserPolicy: aws.iam.delete-policy may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeactivateMFADevice: aws.iam.mfa-replace-device may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DetachUserPolicy: aws.ssm.start-automation-execution-alongside may explain it by a stricter policy, which cannot be asked
// loss, fails closed: nothing voids an explanation here; unnoticed: user recreated, another user renamed to this name, user renamed before the deletion
// loss, fails closed: user agents are not compared: any tool's origin explains
// loss, fails open: fixed buckets of time: a cascade across an edge still alerts
// loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
// loss, fails closed: a failed call that has a message and no code counts as successful
// loss, not covered: iam:DeleteUserPermissionsBoundary: the policy is annotate, and nothing is said of it
// loss, fails closed: an origin anywhere in the block of time explains, before its effect as well as after
// loss, fails closed: two sessions of one name are one actor, whoever assumed the role
// loss, not covered: failed calls of iam:DeleteLoginProfile, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DeleteUserPolicy
events
| where timestamp between (?time.start .. ?time.end)
| where event.provider == "iam.amazonaws.com"
| where event.outcome == "success"
| where event.action == "DeleteUserPolicy" or event.action == "DeleteUser"
| select event.action, cloud.account.id, user.id, parameters = parse_json(aws.cloudtrail.flattened.request_parameters)
| aggregate effects = countif(event.action == "DeleteUserPolicy"), origins = countif(event.action == "DeleteUser")
    by cloud.account.id, user.id, target = tolower(parameters.userName)
| where effects > 0 and origins == 0
