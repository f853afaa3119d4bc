"""How emissions are walked, whichever store they came from: chains of steps and rings.

Every store hands the same edges to the same walk. That is what makes their answers equal, order included.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from .answers import Chain, Cycles, Reach, Step
from .schema import Emits


def chains_from(edges: Iterable[Emits], action: str, max_steps: int | None) -> list[Reach]:
    """What `action` emits by way of `edges`; see `queries.emits_transitively`.

    `edges` are sorted and hold at least those that leave what is reached in fewer than `max_steps`.
    """
    onward: dict[str, list[Step]] = {}
    for step in _steps(edge for edge in edges if edge.source == action or not edge.ensemble):
        onward.setdefault(step.source, []).append(step)
    chains: dict[str, Chain] = {action: ()}
    waiting = deque([action])
    while waiting:
        chain = chains[here := waiting.popleft()]
        if len(chain) == max_steps:
            continue
        for step in onward.get(here, ()):
            if step.target not in chains:
                chains[step.target] = (*chain, step)
                waiting.append(step.target)
    del chains[action]
    return _sorted_reach(chains)


def chains_to(edges: Sequence[Emits], action: str, max_steps: int | None) -> list[Reach]:
    """What emits `action` by way of `edges`; see `queries.emitters_transitively`.

    `edges` are sorted and hold at least those that lead into what reaches it in fewer than `max_steps`.
    """
    back: dict[str, list[Step]] = {}
    for step in _steps(edge for edge in edges if not edge.ensemble):
        back.setdefault(step.target, []).append(step)
    # Chains of origins alone; any edge may then lead into one of them as the first step.
    tails: dict[str, Chain] = {action: ()}
    waiting = deque([action])
    while waiting:
        chain = tails[here := waiting.popleft()]
        for step in back.get(here, ()):
            if step.source not in tails:
                tails[step.source] = (step, *chain)
                waiting.append(step.source)
    chains: dict[str, Chain] = {}
    for step in _steps(edge for edge in edges if edge.target in tails and edge.source != action):
        chain = (step, *tails[step.target])
        known = chains.get(step.source)
        if (max_steps is None or len(chain) <= max_steps) and (
            known is None or _chain_order(chain) < _chain_order(known)
        ):
            chains[step.source] = chain
    return _sorted_reach(chains)


def rings(targets: Mapping[str, Sequence[str]], limit: int, max_length: int) -> Cycles:
    """Rings of at most `max_length` actions, the shortest first; `targets` are sorted, by source."""
    sources: dict[str, list[str]] = {}
    for action, reached in targets.items():
        for target in reached:
            sources.setdefault(target, []).append(action)
    found: list[tuple[str, ...]] = []
    for length in range(1, max_length + 1):
        for start in sorted(targets):
            steps_home = _steps_home(sources, start, length)
            if not _rings(targets, (start,), length, steps_home, found, limit):
                return Cycles(tuple(found[:limit]), truncated=True)
    return Cycles(tuple(found), truncated=False)


def _steps(edges: Iterable[Emits]) -> list[Step]:
    """The edges in bundles of the same ends, sorted."""
    bundles: dict[tuple[str, str], list[Emits]] = {}
    for edge in edges:
        bundles.setdefault((edge.source, edge.target), []).append(edge)
    return [Step(*ends, tuple(bundle)) for ends, bundle in sorted(bundles.items())]


def _chain_order(chain: Chain) -> tuple[int, list[str]]:
    return len(chain), [step.target for step in chain]


def _sorted_reach(chains: dict[str, Chain]) -> list[Reach]:
    reached = [Reach(action, chain) for action, chain in chains.items()]
    return sorted(reached, key=lambda each: (len(each.chain), each.action))


def _steps_home(sources: Mapping[str, list[str]], start: str, length: int) -> dict[str, int]:
    """The fewest steps from each action back to `start` through actions that sort after it."""
    steps = {start: 0}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if steps[here] == length:
            continue
        for action in sources.get(here, ()):
            if action >= start and action not in steps:
                steps[action] = steps[here] + 1
                waiting.append(action)
    return steps


def _rings(
    targets: Mapping[str, Sequence[str]],
    path: tuple[str, ...],
    length: int,
    steps_home: dict[str, int],
    found: list[tuple[str, ...]],
    limit: int,
) -> bool:
    """Append the rings of exactly `length` that begin with `path`; false once there are over `limit`."""
    for action in targets.get(path[-1], ()):
        if len(path) == length:
            if action == path[0]:
                found.append(path)
                if len(found) > limit:
                    return False
        elif (
            action not in path
            and action in steps_home
            and steps_home[action] <= length - len(path)
            and not _rings(targets, (*path, action), length, steps_home, found, limit)
        ):
            return False
    return True
