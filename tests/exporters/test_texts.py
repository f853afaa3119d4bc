"""What is shown is legible and what is linked to is the web."""

import pytest

from cloudcascade.exporters.diagrams.links import action_url
from cloudcascade.exporters.legible import legible, web_url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("iam:DeleteUser", "iam:DeleteUser"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("\u202eabc\u2066\u200f", "�abc��"),
        ("\x00\x1b\ud800\ue000", "����"),
        ("é 💥 漢", "é 💥 漢"),
        ("a" * 50, "a" * 50),
        ("a" * 2_048, "a" * 95 + "…"),
        ("", ""),
    ],
)
def test_a_text_is_shown_on_one_line_without_tricks(text: str, shown: str) -> None:
    assert legible(text) == shown


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://a.example/b?c=d&e=f#g", "https://a.example/b?c=d&e=f#g"),
        ("http://a.example", "http://a.example"),
        ('https://a.example/"<>`\\', "https://a.example/%22%3C%3E%60%5C"),
        ("https://a.example/&lt;x", "https://a.example/&lt%3Bx"),
        ("https://a.example/é", "https://a.example/%C3%A9"),
        ("https://a.example/\n", "https://a.example/%0A"),
        ("https:///b", None),
        ("javascript:alert(1)", None),
        ("JavaScript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("\nhttps://a.example", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//a.example", None),
        ("botocore:iam:DeleteUser", None),
        ("https://[", None),
        ("https://a.example/\ud800", None),
        ("https://a.example/" + "x" * 2_000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, allowed: str | None) -> None:
    assert web_url(url) == allowed


@pytest.mark.parametrize(
    ("action", "page"),
    [
        ("iam:DeleteUser", "iam-2010-05-08/DeleteUser"),
        ("lambda:CreateFunction20150331", "lambda-2015-03-31/CreateFunction"),
        ("lambda:AddPermission20150331v2", "lambda-2015-03-31/AddPermission"),
        ("cloudfront:CreateDistribution2020_05_31", "cloudfront-2020-05-31/CreateDistribution"),
        ("s3:PutBucketPublicAccessBlock", "s3-2006-03-01/PutPublicAccessBlock"),
        ("sso:CreateAccountAssignment", "sso-admin-2020-07-20/CreateAccountAssignment"),
        ("events:PutRule", "eventbridge-2015-10-07/PutRule"),
        ("monitoring:DeleteAlarms", "monitoring-2010-08-01/DeleteAlarms"),
    ],
)
def test_an_action_leads_to_the_page_of_its_operation(action: str, page: str) -> None:
    assert action_url(action) == f"https://docs.aws.amazon.com/goto/WebAPI/{page}"


@pytest.mark.parametrize(
    ("action", "url"),
    [
        (
            "backup:BackupJobStarted",
            "https://docs.aws.amazon.com/aws-backup/latest/devguide/logging-using-cloudtrail.html",
        ),
        ("quantum:Entangle", None),
    ],
)
def test_what_is_no_operation_leads_to_its_description_or_nowhere(
    action: str, url: str | None
) -> None:
    assert action_url(action) == url


def test_the_service_models_know_every_uid_and_operation_that_is_linked_to() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    loader = session.get_component("data_loader")
    from cloudcascade.exporters.diagrams import links

    uids = {
        loader.load_service_model(name, "service-2")["metadata"].get("uid"): name
        for name in loader.list_available_services("service-2")
    }
    assert set(links._UIDS.values()) <= uids.keys()
    for target in links._OPERATIONS.values():
        uid, _, operation = target.partition("/")
        assert operation in loader.load_service_model(uids[uid], "service-2")["operations"]
