// aws.iam.delete-user: Deleting an IAM user removes its credentials first
// Sekoia.io, SOL rules over the time around what a run judges
// cloudcascade catalogue 0.0.0, made 2026-11-20
// owner: detection@example.com; expires 2027-05-20
// alerts on: iam:DeleteLoginProfile, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential
// explained by: iam:DeleteUser
// waits 1h for the window and 20m for late events
// residual risk: For up to an hour the user still exists without MFA, or locked out. Nobody signs in or takes a session as the user in that time, or nothing would be silenced; a key that it still has works as it did before, with no more rights than before, since what may have been a Deny is labelled and never silenced.
// checked: unverified (no engine or parser of SOL can be had; the tests hold the rules' form)
// loss, fails closed: addresses and credentials are not compared: whoever is the principal is one hand
// loss, not covered: iam:UpdateAccessKey: the condition 'equals' on requestParameters.status cannot be said here
// loss, not covered: iam:DetachUserPolicy: the condition 'in' on requestParameters.policyArn cannot be said here
// loss, not covered: iam:DeleteVirtualMFADevice: joins its origin through iam:DeactivateMFADevice, which takes a hop
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.change-set-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.create-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.create-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.delete-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.delete-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.execute-change-set may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.update-stack may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.cloudformation.update-stack-service-role may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.iam.access-key-rotation may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeleteAccessKey: aws.iam.compromised-key-quarantine may explain it by a stricter policy, which cannot be asked
// loss, not covered: iam:DeactivateMFADevice: aws.iam.mfa-replace-device may explain it by a stricter policy, which cannot be asked
// loss, fails closed: nothing voids an explanation here; unnoticed: an earlier user of the name deleted, user recreated before the deletion, another user renamed to this name before the deletion, user renamed before the deletion, user signed in before the deletion, user in use before the deletion, user given a key before the deletion, user given a password before the deletion, user given a credential before the deletion, user recreated, another user renamed to this name
// loss, fails closed: user agents are not compared: any tool's origin explains
// loss, fails open: credentials are not followed through AssumeRole: two sessions of one person are two actors
// loss, fails closed: a failed call that has a message and no code counts as successful
// loss, not covered: records that share an eventID and differ, which CloudTrail does not write: one of them is seen
// loss, not covered: records without a readable eventTime, which CloudTrail does not write: they count when they arrive, or not at all
// loss, not covered: iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is annotate, and nothing is said of it
// loss, fails closed: an origin anywhere in the 142m that a run reads explains, before its effect as well as after
// loss, fails open: slices overlap and nothing drops what was told before: a call alerts in up to 4 runs
// loss, fails closed: two sessions of one name are one actor, whoever assumed the role
// loss, not covered: failed calls of iam:DeleteLoginProfile, iam:DeleteSigningCertificate, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential
events
| where timestamp >= ago(8520s)
| where event.provider == "iam.amazonaws.com"
| where event.outcome == "success"
| where event.action == "DeleteSSHPublicKey" or event.action == "DeleteUser"
| select timestamp, event.action, cloud.account.id, user.id, parameters = parse_json(aws.cloudtrail.flattened.request_parameters)
| aggregate
    effects = countif(event.action == "DeleteSSHPublicKey" and timestamp >= ago(8400s) and timestamp < ago(4800s)),
    origins = countif(event.action == "DeleteUser")
    by cloud.account.id, user.id, target = tolower(parameters.userName)
| where effects > 0 and origins == 0
