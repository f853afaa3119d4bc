"""Offboardings, attacks, and attacks dressed as offboardings, and what is to be said of each event."""

from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    ROOT_USER,
    Event,
    assume_role,
    call,
    session,
    user,
)
from cloudcascade.tests.support.offboarding import (
    SERIAL,
    Scenario,
    create_user,
    deactivate,
    delete_device,
    delete_user,
    rename_user,
    strip,
)

HOUR = 3_600
EXPLAINED = {"mfa": "effect of gone", "gone": "origin"}
UNEXPLAINED = {"mfa": "orphan", "gone": "origin"}
UNRELATED: dict[str, str | None] = {"mfa": None}
HOSTILE = "a\"'|*\\b$(x)"


def offboarding(name: str, *events: Event) -> Scenario:
    """The MFA goes, a minute later the user: explained, whatever the details."""
    return Scenario(name, list(events), EXPLAINED)


def attack(name: str, reason: str | None, *events: Event) -> Scenario:
    """The MFA goes, and the deletion that is there does not explain it."""
    return Scenario(name, list(events), UNEXPLAINED, {"mfa": reason})


PLAIN = [
    Scenario(
        "a plain offboarding, piece by piece",
        [
            strip("RemoveUserFromGroup", "group", 0),
            strip("DetachUserPolicy", "attached", 1),
            strip("DeleteUserPolicy", "inline", 2),
            strip("DeleteLoginProfile", "password", 3),
            strip("DeleteAccessKey", "key", 4),
            strip("DeleteSSHPublicKey", "ssh", 5),
            strip("DeleteSigningCertificate", "certificate", 6),
            strip("DeleteServiceSpecificCredential", "git", 7),
            deactivate("mfa", 8),
            delete_device("device", 9),
            delete_user("gone", 10),
        ],
        {
            "group": "effect of gone",
            "attached": "effect of gone",
            "inline": "effect of gone",
            "password": "effect of gone",
            "key": "effect of gone",
            "ssh": "effect of gone",
            "certificate": "effect of gone",
            "git": "effect of gone",
            "mfa": "effect of gone",
            "device": "effect of gone",
            "gone": "origin",
        },
    ),
    offboarding("all in the same second", deactivate("mfa", 0), delete_user("gone", 0)),
    offboarding(
        "the deletion in another region's log",
        deactivate("mfa", 0, awsRegion="eu-west-1"),
        delete_user("gone", 9),
    ),
    Scenario("a deletion alone", [delete_user("gone", 0)], {"gone": "origin"}),
    Scenario("no deletion", [deactivate("mfa", 0)], {"mfa": "orphan"}, UNRELATED),
    Scenario(
        "two MFA devices of one user",
        [
            deactivate("one", 0, device="x"),
            deactivate("two", 1, device="y"),
            delete_user("gone", 9),
        ],
        {"one": "effect of gone", "two": "effect of gone", "gone": "origin"},
    ),
    Scenario(
        "events of other services and actions are not spoken of",
        [
            call("s3:DeleteBucket", "bucket", 0),
            create_user("new", 0, "carol"),
            delete_user("gone", 9),
        ],
        {"gone": "origin"},
    ),
    attack(
        "the same calls of a service that is not IAM",
        None,
        deactivate("mfa", 0),
        delete_user("gone", 5, "carol"),
        call("cognito-idp:DeleteUser", "other", 9, {"userName": "bob"}),
    ),
]

FAILURES = [
    Scenario(
        "the deletion fails because credentials are left",
        [deactivate("mfa", 0), delete_user("gone", 9, error="DeleteConflictException")],
        {"mfa": "orphan", "gone": "failed origin"},
        {"mfa": "origin failed: DeleteConflictException"},
    ),
    Scenario(
        "the deletion is denied and CloudTrail shows no parameters",
        [
            deactivate("mfa", 0),
            call("iam:DeleteUser", "gone", 9, None, error="AccessDenied"),
        ],
        {"mfa": "orphan", "gone": "failed origin"},
    ),
    Scenario(
        "the deletion fails once and then succeeds",
        [
            deactivate("mfa", 0),
            delete_user("refused", 9, error="DeleteConflictException"),
            delete_user("gone", 30),
        ],
        {"mfa": "effect of gone", "refused": "failed origin", "gone": "origin"},
    ),
    offboarding(
        "an empty errorCode is a success", deactivate("mfa", 0), delete_user("gone", 9, error="")
    ),
    Scenario(
        "an effect that failed explains nothing and is not explained",
        [
            strip("DeleteLoginProfile", "password", 0, error="NoSuchEntityException"),
            delete_user("gone", 9),
        ],
        {"password": "failed orphan", "gone": "origin"},
        {"password": "this call failed: NoSuchEntityException"},
    ),
    Scenario(
        "a denied effect without parameters",
        [call("iam:DeleteAccessKey", "key", 0, None, error="AccessDenied"), delete_user("gone", 9)],
        {"key": "failed orphan", "gone": "origin"},
    ),
]

WINDOWS = [
    offboarding("exactly 60 minutes before", deactivate("mfa", 0), delete_user("gone", HOUR)),
    attack(
        "60 minutes and a second before",
        "outside the window",
        deactivate("mfa", 0),
        delete_user("gone", HOUR + 1),
    ),
    attack(
        "two hours and eleven minutes before",
        "71m outside the window",
        deactivate("mfa", 0),
        delete_user("gone", HOUR + 71 * 60),
    ),
    attack(
        "two days before is too far to be a near miss",
        None,
        deactivate("mfa", 0),
        delete_user("gone", 48 * HOUR),
    ),
    offboarding("exactly two minutes after", delete_user("gone", 0), deactivate("mfa", 120)),
    attack(
        "two minutes and a second after",
        "outside the window",
        delete_user("gone", 0),
        deactivate("mfa", 121),
    ),
    offboarding("over midnight", deactivate("mfa", 15 * HOUR - 5), delete_user("gone", 15 * HOUR)),
    Scenario(
        "two deletions in reach: the nearer one is named",
        [delete_user("first", 0), deactivate("mfa", 100), delete_user("second", 150)],
        {"first": "origin", "mfa": "effect of second", "second": "origin"},
    ),
    Scenario(
        "two deletions equally near: the smaller event id is named",
        [delete_user("b", 0), deactivate("mfa", 50), delete_user("a", 100)],
        {"a": "origin", "mfa": "effect of a", "b": "origin"},
    ),
]

RUN = session("deploy", "run", "ASIARUN")
RERUN = session("deploy", "run", "ASIARERUN")
OTHER_RUN = session("deploy", "other", "ASIAOTHER")
SSO = "AWSReservedSSO_Admin_0123456789abcdef"
SSO_PATH = "aws-reserved/sso.amazonaws.com/"
CAROL = session(SSO, "carol@example.com", "ASIACAROL", path=SSO_PATH)
CAROL_LATER = session(SSO, "carol@example.com", "ASIACAROL2", path=SSO_PATH)
DAVE = session(SSO, "dave@example.com", "ASIADAVE", path=SSO_PATH)

ACTORS = [
    attack(
        "somebody else's deletion",
        "other actor",
        deactivate("mfa", 0, by=MALLORY),
        delete_user("gone", 9),
    ),
    offboarding(
        "the root user does both",
        deactivate("mfa", 0, by=ROOT_USER),
        delete_user("gone", 9, by=ROOT_USER),
    ),
    offboarding(
        "one user with two access keys",
        deactivate("mfa", 0, by=user("alice", access_key="AKIAOLD")),
        delete_user("gone", 9, by=user("alice", access_key="AKIANEW")),
    ),
    attack(
        "a user's namesake, created anew, is somebody else",
        "other actor",
        deactivate("mfa", 0, by={**ALICE, "principalId": "AIDAOLDALICE"}),
        delete_user("gone", 9),
    ),
    offboarding(
        "one session of a role", deactivate("mfa", 0, by=RUN), delete_user("gone", 9, by=RUN)
    ),
    offboarding(
        "one session name, renewed credentials, nobody known to have assumed the role",
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=RERUN),
    ),
    attack(
        "another session of the role",
        "other actor",
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=OTHER_RUN),
    ),
    attack(
        "one session name, but different people assumed the role",
        "other actor",
        assume_role("sts1", "ASIARUN", by=MALLORY),
        assume_role("sts2", "ASIARERUN", by=ALICE),
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=RERUN),
    ),
    offboarding(
        "two sessions which one person assumed",
        assume_role("sts1", "ASIARUN", by=ALICE),
        assume_role("sts2", "ASIAOTHER", by=ALICE),
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=OTHER_RUN),
    ),
    attack(
        "one session name, but only one of the AssumeRole calls is in the log",
        "other actor",
        assume_role("sts", "ASIARUN", by=ALICE),
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=RERUN),
    ),
    offboarding(
        "the person and a session of hers",
        assume_role("sts", "ASIARUN", by=ALICE),
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=ALICE),
    ),
    attack(
        "a failed AssumeRole hands nothing out",
        "other actor",
        assume_role("sts", "ASIARUN", by=ALICE, errorCode="AccessDenied"),
        deactivate("mfa", 0, by=RUN),
        delete_user("gone", 9, by=ALICE),
    ),
    offboarding(
        "a chain of three roles leads back to the person",
        assume_role("sts1", "ASIA1", by=ALICE, seconds=-30),
        assume_role("sts2", "ASIA2", by=session("first", "s", "ASIA1"), seconds=-20),
        assume_role("sts3", "ASIA3", by=session("second", "s", "ASIA2"), seconds=-10),
        deactivate("mfa", 0, by=session("third", "s", "ASIA3")),
        delete_user("gone", 9, by=ALICE),
    ),
    attack(
        "a chain of three roles that leads back to somebody else",
        "other actor",
        assume_role("sts1", "ASIA1", by=MALLORY, seconds=-30),
        assume_role("sts2", "ASIA2", by=session("first", "s", "ASIA1"), seconds=-20),
        assume_role("sts3", "ASIA3", by=session("second", "s", "ASIA2"), seconds=-10),
        deactivate("mfa", 0, by=session("third", "s", "ASIA3")),
        delete_user("gone", 9, by=ALICE),
    ),
    offboarding(
        "one person's two sessions of a single sign-on role",
        deactivate("mfa", 0, by=CAROL),
        delete_user("gone", 9, by=CAROL_LATER),
    ),
    attack(
        "two people who share a single sign-on role",
        "other actor",
        deactivate("mfa", 0, by=CAROL),
        delete_user("gone", 9, by=DAVE),
    ),
    attack(
        "an AWS service, which has no principalId, is nobody's equal",
        "unknown actor",
        deactivate("mfa", 0, by={"type": "AWSService", "invokedBy": "sso.amazonaws.com"}),
        delete_user("gone", 9, by={"type": "AWSService", "invokedBy": "sso.amazonaws.com"}),
    ),
    attack(
        "no userIdentity at all",
        "unknown actor",
        deactivate("mfa", 0, by=None),
        delete_user("gone", 9, by=None),
    ),
    offboarding(
        "a role with a hostile name and path",
        deactivate("mfa", 0, by=session(HOSTILE, "x", "ASIAH", path=f"{HOSTILE}/")),
        delete_user("gone", 9, by=session(HOSTILE, "x", "ASIAH", path=f"{HOSTILE}/")),
    ),
    attack(
        "a role whose name is a wildcard",
        "other actor",
        deactivate("mfa", 0, by=session("*", "*", "ASIAH")),
        delete_user("gone", 9, by=session("deploy", "run", "ASIARUN")),
    ),
]

ACCOUNTS = [
    attack(
        "the same name in another account",
        "other account",
        deactivate("mfa", 0),
        delete_user("gone", 9, account=OTHER_ACCOUNT),
    ),
    offboarding(
        "without recipientAccountId the caller's account counts",
        deactivate("mfa", 0, account=None),
        delete_user("gone", 9),
    ),
    attack(
        "without recipientAccountId another caller's account counts",
        "other account",
        deactivate("mfa", 0, account=None, by={**ALICE, "accountId": OTHER_ACCOUNT}),
        delete_user("gone", 9),
    ),
    attack(
        "no account is nobody's equal",
        "other account",
        deactivate("mfa", 0, account=None, by={**ALICE, "accountId": None}),
        delete_user("gone", 9, account=None, by={**ALICE, "accountId": None}),
    ),
]

NAMES = [
    attack(
        "a decoy: the same person deletes another user",
        None,
        deactivate("mfa", 0, "admin"),
        delete_user("gone", 9, "throw-away"),
    ),
    offboarding("IAM ignores case", deactivate("mfa", 0, "BoB"), delete_user("gone", 9, "bob")),
    attack(
        "the Kelvin sign is no K",
        None,
        deactivate("mfa", 0, "\u212aarl"),
        delete_user("gone", 9, "karl"),
    ),
    attack(
        "the dotless i is no I",
        None,
        deactivate("mfa", 0, "\u0131da"),
        delete_user("gone", 9, "IDA"),
    ),
    attack(
        "the dotted capital I is no i",
        None,
        deactivate("mfa", 0, "\u0130da"),
        delete_user("gone", 9, "i\u0307da"),
    ),
    attack(
        "sharp s is no double s",
        None,
        deactivate("mfa", 0, "stra\u00dfe"),
        delete_user("gone", 9, "strasse"),
    ),
    attack(
        "a Cyrillic look-alike",
        None,
        deactivate("mfa", 0, "b\u043eb"),
        delete_user("gone", 9, "bob"),
    ),
    attack(
        "composed and decomposed letters differ",
        None,
        deactivate("mfa", 0, "ren\u00e9"),
        delete_user("gone", 9, "rene\u0301"),
    ),
    attack(
        "a name within a name", None, deactivate("mfa", 0, "bob"), delete_user("gone", 9, "bob2")
    ),
    attack("blanks count", None, deactivate("mfa", 0, "bob "), delete_user("gone", 9, "bob")),
    attack("a wildcard is a name", None, deactivate("mfa", 0, "*"), delete_user("gone", 9, "bob")),
    offboarding("a hostile name", deactivate("mfa", 0, HOSTILE), delete_user("gone", 9, HOSTILE)),
    offboarding("a number that is equal", deactivate("mfa", 0, 7), delete_user("gone", 9, 7)),
    attack("a number is no text", None, deactivate("mfa", 0, 7), delete_user("gone", 9, "7")),
    attack(
        "hidden names are no names",
        "key user is missing",
        deactivate("mfa", 0, "HIDDEN_DUE_TO_SECURITY_REASONS"),
        delete_user("gone", 9, "HIDDEN_DUE_TO_SECURITY_REASONS"),
    ),
    *(
        attack(
            f"the name is {value!r} in both",
            "key user is missing",
            deactivate("mfa", 0, value),
            delete_user("gone", 9, value),
        )
        for value in (["bob"], {"name": "bob"}, "", None, True, 1.5)
    ),
    attack(
        "the name is missing in both",
        "key user is missing",
        call("iam:DeactivateMFADevice", "mfa", 0, {"serialNumber": SERIAL}),
        call("iam:DeleteUser", "gone", 9, {}),
    ),
    attack(
        "the parameters are null",
        "key user is missing",
        call("iam:DeactivateMFADevice", "mfa", 0, None),
        call("iam:DeleteUser", "gone", 9, None),
    ),
    attack(
        "the parameters are a list",
        "key user is missing",
        call("iam:DeactivateMFADevice", "mfa", 0, [{"userName": "bob"}]),
        delete_user("gone", 9),
    ),
]


def hop(name: str, verdicts: str, *events: Event, reason: str | None = "") -> Scenario:
    """The device hangs on the deactivation: `verdicts` of mfa, device, gone, set apart by commas."""
    words = dict(zip(("mfa", "device", "gone"), verdicts.split(", "), strict=True))
    return Scenario(name, list(events), words, {} if reason == "" else {"device": reason})


BOTH = "effect of gone, effect of gone, origin"
NOT_THE_DEVICE = "effect of gone, orphan, origin"
NEITHER = "orphan, orphan, origin"
RENAMED = "arn:aws:iam::111111111111:mfa/phone-2019"

DEVICES = [
    hop(
        "a device that is not named after its user",
        BOTH,
        deactivate("mfa", 0, device=RENAMED),
        delete_device("device", 1, RENAMED),
        delete_user("gone", 9),
    ),
    hop(
        "another device than the one taken from the user",
        NOT_THE_DEVICE,
        deactivate("mfa", 0),
        delete_device("device", 1, RENAMED),
        delete_user("gone", 9),
        reason=None,
    ),
    hop(
        "the device goes two minutes before its deactivation",
        BOTH,
        deactivate("mfa", 0),
        delete_device("device", -120),
        delete_user("gone", HOUR),
    ),
    hop(
        "the device goes two minutes and a second before its deactivation",
        NOT_THE_DEVICE,
        deactivate("mfa", 0),
        delete_device("device", -121),
        delete_user("gone", 9),
        reason="outside the window",
    ),
    hop(
        "the device goes an hour after its deactivation",
        BOTH,
        deactivate("mfa", 0),
        delete_device("device", HOUR),
        delete_user("gone", 9),
    ),
    hop(
        "the device goes an hour and a second after its deactivation",
        NOT_THE_DEVICE,
        deactivate("mfa", 0),
        delete_device("device", HOUR + 1),
        delete_user("gone", 9),
        reason="outside the window",
    ),
    hop(
        "the deactivation failed",
        "failed orphan, orphan, origin",
        deactivate("mfa", 0, error="NoSuchEntityException"),
        delete_device("device", 1),
        delete_user("gone", 9),
    ),
    hop(
        "the deactivation was another actor's",
        NEITHER,
        deactivate("mfa", 0, by=MALLORY),
        delete_device("device", 1),
        delete_user("gone", 9),
    ),
    hop(
        "only the device was another actor's",
        NOT_THE_DEVICE,
        deactivate("mfa", 0),
        delete_device("device", 1, by=MALLORY),
        delete_user("gone", 9),
        reason="other actor",
    ),
    hop(
        "the device was taken from a user who stays",
        NEITHER,
        deactivate("mfa", 0, "admin"),
        delete_device("device", 1),
        delete_user("gone", 9),
    ),
    hop(
        "the deactivation lies outside the window of the deletion",
        NEITHER,
        deactivate("mfa", 0),
        delete_device("device", 1),
        delete_user("gone", HOUR + 1),
    ),
    hop(
        "the user came back",
        NEITHER,
        deactivate("mfa", 0),
        delete_device("device", 1),
        delete_user("gone", 9),
        create_user("back", 10),
    ),
    hop(
        "the device in another account",
        NOT_THE_DEVICE,
        deactivate("mfa", 0),
        delete_device("device", 1, account=OTHER_ACCOUNT),
        delete_user("gone", 9),
        reason="other account",
    ),
    Scenario(
        "a device that was taken from two users, one of whom stays",
        [
            deactivate("stays", 0, "admin"),
            deactivate("mfa", 5),
            delete_device("device", 1),
            delete_user("gone", 9),
        ],
        {"stays": "orphan", "mfa": "effect of gone", "device": "effect of gone", "gone": "origin"},
    ),
    Scenario(
        "a device without a deactivation",
        [delete_device("device", 0), delete_user("gone", 9)],
        {"device": "orphan", "gone": "origin"},
        {"device": None},
    ),
]


def returns(name: str, *events: Event, reason: str = "user recreated") -> Scenario:
    """The MFA goes, the user is deleted ten seconds later, and something voids that."""
    return attack(name, reason, deactivate("mfa", 0), delete_user("gone", 10), *events)


def stays_gone(name: str, *events: Event) -> Scenario:
    """The MFA goes, the user is deleted ten seconds later, and nothing voids that."""
    return offboarding(name, deactivate("mfa", 0), delete_user("gone", 10), *events)


RETURNS = [
    returns("recreated within the same second", create_user("back", 10)),
    returns("recreated a second later", create_user("back", 11)),
    returns("recreated exactly 60 minutes later", create_user("back", 10 + HOUR)),
    stays_gone("recreated 60 minutes and a second later", create_user("back", 11 + HOUR)),
    returns("recreated by somebody else", create_user("back", 60, by=MALLORY)),
    returns("recreated in other case", create_user("back", 60, "BOB")),
    stays_gone("created before the deletion", create_user("back", 9)),
    stays_gone("recreated in another account", create_user("back", 60, account=OTHER_ACCOUNT)),
    stays_gone(
        "the recreation fails", create_user("back", 60, error="EntityAlreadyExistsException")
    ),
    stays_gone("somebody else is created", create_user("back", 60, "carol")),
    stays_gone("created with a look-alike's name", create_user("back", 60, "b\u043eb")),
    returns(
        "another user takes the name",
        rename_user("renamed", 60, "carol", "bob"),
        reason="user renamed onto the name",
    ),
    returns(
        "the user gave the name away before the deletion",
        rename_user("renamed", 5, "bob", "bobby"),
        reason="user renamed before the deletion",
    ),
    stays_gone(
        "another user's path changes",
        call("iam:UpdateUser", "moved", 60, {"userName": "bob", "newPath": "/x/"}),
    ),
    Scenario(
        "recreated and deleted again: the second deletion explains",
        [
            deactivate("mfa", 0),
            delete_user("gone", 10),
            create_user("back", 20),
            delete_user("again", 30),
        ],
        {"mfa": "effect of again", "gone": "origin", "again": "origin"},
    ),
    Scenario(
        "recreated, deleted again, recreated again: neither explains",
        [
            deactivate("mfa", 0),
            delete_user("gone", 10),
            create_user("back", 20),
            delete_user("again", 30),
            create_user("here", 40),
        ],
        {"mfa": "orphan", "gone": "origin", "again": "origin"},
        {"mfa": "user recreated"},
    ),
]

SCENARIOS = [*PLAIN, *FAILURES, *WINDOWS, *ACTORS, *ACCOUNTS, *NAMES, *DEVICES, *RETURNS]
