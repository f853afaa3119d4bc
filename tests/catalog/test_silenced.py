"""What the bundled catalogue silences: a table, so that nothing is added to it in passing."""

import json

from cloudcascade.catalog import Cascade, load_catalog

SILENCED = """
acm.delete-certificate               elasticloadbalancing:RemoveListenerCertificates
cognito.delete-user-pool             cognito-idp:DeleteUserPoolDomain
ec2.delete-client-vpn                ec2:DisassociateClientVpnTargetNetwork
ec2.delete-vpc                       ec2:DetachInternetGateway ec2:DetachVpnGateway
ecs.delete-service-drained           ecs:UpdateService
iam.delete-instance-profile          iam:RemoveRoleFromInstanceProfile
iam.delete-role                      iam:DetachRolePolicy iam:RemoveRoleFromInstanceProfile
iam.delete-user                      iam:DeactivateMFADevice iam:DeleteVirtualMFADevice
iam.delete-user                      iam:DeleteLoginProfile iam:DeleteAccessKey iam:UpdateAccessKey
iam.delete-user                      iam:DeleteSigningCertificate iam:DeleteSSHPublicKey
iam.delete-user                      iam:DeleteServiceSpecificCredential iam:DetachUserPolicy
kms.schedule-key-deletion            kms:DeleteKey
organizations.close-account          organizations:CloseAccountResult
rds.delete-db-cluster                rds:ModifyDBCluster
rds.delete-db-instance               rds:ModifyDBInstance
s3.delete-bucket                     s3:DeleteBucketLifecycle s3:DeleteBucketWebsite s3:DeleteBucketCors
secretsmanager.create-secret         kms:GenerateDataKey kms:Decrypt
secretsmanager.delete-secret         secretsmanager:StartSecretVersionDelete
secretsmanager.delete-secret         secretsmanager:EndSecretVersionDelete
secretsmanager.get-secret-value      kms:Decrypt
secretsmanager.put-secret-value      kms:GenerateDataKey kms:Decrypt
servicecatalog.delete-portfolio      servicecatalog:DisassociateProductFromPortfolio
servicecatalog.delete-portfolio      servicecatalog:DisassociatePrincipalFromPortfolio
servicecatalog.delete-portfolio      servicecatalog:DeletePortfolioShare
"""


def silenced(cascade: Cascade) -> set[tuple[str, str]]:
    return {
        (cascade.id.removeprefix("aws."), effect.node)
        for effect in cascade.effects
        if cascade.policy_of(effect) == "suppress"
    }


def test_the_table_is_what_is_silenced() -> None:
    table = {
        (line.split()[0], node)
        for line in SILENCED.strip().splitlines()
        for node in line.split()[1:]
    }
    assert set().union(*map(silenced, load_catalog().cascades)) == table


def test_a_cascade_that_silences_nothing_does_not_say_that_it_does() -> None:
    assert [
        cascade.id
        for cascade in load_catalog().cascades
        if cascade.suppression.policy == "suppress" and not silenced(cascade)
    ] == []


def test_policies_that_are_listed_as_harmless_deny_nothing() -> None:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    known = json.loads(aws_managed_policies_data)
    listed = {
        arn
        for cascade in load_catalog().cascades
        for effect in cascade.effects
        if cascade.policy_of(effect) == "suppress"
        for path, test in effect.where.items()
        if path == "requestParameters.policyArn"
        for arn in map(str, test.in_ or ())
    }
    assert len(listed) > 30
    for arn in listed:
        policy = known[arn.rpartition("/")[2]]
        assert arn == f"arn:aws:iam::aws:policy{policy['Path']}{arn.rpartition('/')[2]}"
        statements = policy["Document"]["Statement"]
        statements = statements if isinstance(statements, list) else [statements]
        assert {statement["Effect"] for statement in statements} == {"Allow"}, arn
