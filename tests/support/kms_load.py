"""A day's load on KMS: many equal calls, by many sessions of few roles."""

from collections.abc import Iterator
from random import Random

from cloudcascade.bench import parameters as of
from cloudcascade.bench.cloudtrail import START
from cloudcascade.bench.household import household
from cloudcascade.samples.callers import Json
from cloudcascade.samples.identifiers import Ids
from cloudcascade.samples.records import Call, record

DAY = 86_400


def kms_load(
    count: int, *, account: str = "111122223333", region: str = "us-east-1"
) -> Iterator[Json]:
    """So many records, spread over the sample day: three of four give up a grant, which the catalogue takes for a
    possible side effect; the others ask for data keys, of which it says nothing."""
    home = household(Ids(Random("kms load"), token_chunks=4), account, region, START)
    for number in range(count):
        caller = home.caller("workload" if number % 3 else "node")
        call = Call("kms:GenerateDataKey", of.data_key(home))
        if number % 4:
            grant = {"keyId": home.pick(home.keys), "grantId": home.ids.hex(64)}
            call = Call("kms:RevokeGrant", grant)
        at = START + number * DAY // count
        yield record(home.ids, caller, call, at, region=region, account=account)
