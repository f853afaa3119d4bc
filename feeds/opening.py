"""Opens a platform's table: the address, the credentials, the client."""

from collections.abc import Mapping

from ..streams import SinkError, Site
from .client import PATIENT, Client, Patience, headers_of
from .errors import FeedError
from .table import Feed


def open_client(
    feed: Feed,
    url: str | None,
    secrets: Mapping[str, str],
    *,
    timeout: float = 30.0,
    patience: Patience = PATIENT,
) -> Client:
    """A client for the address, by default the feed's own. Nothing is asked yet.

    Raises:
        FeedError: there is no address or no credentials, or they may not be used.
    """
    address = url or feed.default_url
    if address is None:
        raise FeedError(f"give --url: {feed.url}")
    headers = {**headers_of(feed.headers, secrets), **dict(feed.plain_headers)}
    try:
        site = Site(address, headers=headers, timeout=timeout, what="credentials")
    except SinkError as error:
        raise FeedError(str(error)) from error
    if site.has_secrets:
        site.close()
        raise FeedError(
            f"{site.name}: no user, password or query belongs in the address: other users of the machine see it"
        )
    return Client(site, [variable for _, _, variable in feed.headers], patience=patience)
