"""Parents come before their children, and what is drained is remembered no longer than needed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.streams.sources.kinesis_shards import Shards


def listing(**parents: tuple[str, ...]) -> list[Any]:
    """The answer of ListShards, from the parents of each shard."""
    names = ("ParentShardId", "AdjacentParentShardId")
    return [
        {"ShardId": shard, **dict(zip(names, of, strict=False))} for shard, of in parents.items()
    ]


def restarted(shards: Shards) -> Shards:
    again = Shards()
    again.restore({each.id: each.sequence for each in shards.active.values()}, shards.drained)
    return again


SPLIT = listing(p=(), a=("p",), b=("p",))
MERGE = listing(p=(), q=(), c=("p", "q"))


def test_a_child_waits_until_its_parent_is_drained() -> None:
    shards = Shards()
    shards.listed(SPLIT)
    assert set(shards.active) == {"p"}
    shards.drain(shards.active["p"])
    assert set(shards.active) == {"a", "b"}
    assert shards.drained == set()


def test_a_merged_shard_waits_for_both_parents() -> None:
    shards = Shards()
    shards.listed(MERGE)
    shards.drain(shards.active["p"])
    shards = restarted(shards)
    shards.listed(MERGE)
    assert set(shards.active) == {"q"}
    shards.drain(shards.active["q"])
    assert set(shards.active) == {"c"}
    assert shards.drained == set()


def test_a_drained_parent_is_not_read_again_while_it_is_listed() -> None:
    shards = Shards()
    shards.listed(SPLIT)
    shards.drain(shards.active["p"])
    shards.drain(shards.active["a"])
    for _ in range(2):
        shards = restarted(shards)
        shards.listed(SPLIT)
        assert set(shards.active) == {"b"}
    shards.listed(listing(b=("p",)))
    assert shards.drained == set()


def test_a_parent_that_is_listed_no_more_is_not_waited_for() -> None:
    shards = Shards()
    shards.listed(listing(a=("p",), b=("p",)))
    assert set(shards.active) == {"a", "b"}


def test_a_shard_that_vanishes_unread_is_given_as_lost() -> None:
    shards = Shards()
    shards.listed(SPLIT)
    assert [each.id for each in shards.listed(listing(a=("p",), b=("p",)))] == ["p"]
    assert set(shards.active) == {"a", "b"}


def test_the_one_furthest_behind_comes_first_and_equals_take_turns() -> None:
    shards = Shards()
    shards.listed(listing(a=(), b=(), c=()))
    for name, behind in {"a": 0.0, "b": 5.0, "c": 0.0}.items():
        shards.active[name].behind = behind
    first = shards.next(0)
    assert first is not None
    assert first.id == "b"
    first.behind = 0
    turns = [shard.id for _ in range(6) if (shard := shards.next(0)) is not None]
    assert turns == ["a", "c", "b", "a", "c", "b"]


@given(st.data())
def test_through_any_resharding_and_restarts_each_shard_is_drained_once(data: Any) -> None:
    parents: dict[str, tuple[str, ...]] = {"s0": (), "s1": ()}
    open_ = ["s0", "s1"]
    shards, drained = Shards(), []
    for step in range(data.draw(st.integers(1, 25))):
        action = data.draw(st.sampled_from(["split", "merge", "drain", "restart", "list"]))
        if action == "split" and open_:
            parent = open_.pop(data.draw(st.integers(0, len(open_) - 1)))
            for side in "ab":
                parents[f"s{step}{side}"] = (parent,)
                open_.append(f"s{step}{side}")
        elif action == "merge" and len(open_) > 1:
            parents[f"s{step}m"] = (open_.pop(0), open_.pop(0))
            open_.append(f"s{step}m")
        elif action == "drain":
            closed = [each for each in shards.active.values() if each.id not in open_]
            if closed:
                drained.append(closed[0].id)
                shards.drain(closed[0])
        elif action == "restart":
            shards = restarted(shards)
            shards.listed(listing(**parents))
        shards.listed(listing(**parents))
        for active in shards.active:
            assert all(parent in drained for parent in parents[active])
        assert len(drained) == len(set(drained))
        assert not set(drained) & set(shards.active)
    while closed := [each for each in shards.active.values() if each.id not in open_]:
        drained.append(closed[0].id)
        shards.drain(closed[0])
    assert sorted([*drained, *shards.active]) == sorted(parents)
    assert len(drained) == len(set(drained))
