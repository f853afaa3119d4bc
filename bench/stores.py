"""Times the graph's questions on networkx and on a Neo4j server of the bench's own, in one table.

    python bench/stores.py [--actions 100000] [--edges 1000000]

Once on the bundled catalogue and once on a synthetic graph: clusters of a hundred actions that emit each other at
random. Each time is the best of several, in milliseconds, of a store that holds the graph already. networkx reads
all edges for a question that goes further than a step; Neo4j pays the way to the server for each question.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cloudcascade.catalog import dump_cascade, known_actions, known_controllers, load_catalog
from cloudcascade.graph import (
    ActionNode,
    Emits,
    GraphReader,
    NetworkxStore,
    Node,
    blast_radius,
    build_graph,
    callers_of,
    cascades_masking,
    controllers_hiding,
    cycles,
    draw_graph,
    emits,
    emits_transitively,
    emitters,
    emitters_transitively,
    relays,
    shortest_path,
    stats,
    techniques_masked,
)
from cloudcascade.graph.neo4j import Connection, Credentials, Neo4jStore, StoreAddress, push
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer

Question = Callable[[GraphReader], object]
CLUSTER = 100
CATALOGUE: dict[str, Question] = {
    "emits": lambda graph: emits(graph, "iam:DeleteUser"),
    "emitters": lambda graph: emitters(graph, "iam:DeactivateMFADevice"),
    "emits_transitively": lambda graph: emits_transitively(graph, "cloudformation:DeleteStack"),
    "emitters_transitively": lambda graph: emitters_transitively(graph, "cloudtrail:StopLogging"),
    "shortest_path": lambda graph: shortest_path(
        graph, "cloudformation:DeleteStack", "iam:DeleteInstanceProfile"
    ),
    "techniques_masked": lambda graph: techniques_masked(graph, "aws.iam.delete-user"),
    "cascades_masking": lambda graph: cascades_masking(graph, "T1098"),
    "blast_radius": lambda graph: blast_radius(graph, "T1098"),
    "controllers_hiding": lambda graph: controllers_hiding(graph, "T1098"),
    "callers_of": lambda graph: callers_of(graph, "iam:DeactivateMFADevice"),
    "relays": relays,
    "cycles": cycles,
    "stats": stats,
}
FIRST, LAST = "iam:A0", f"iam:A{CLUSTER - 1}"
SYNTHETIC: dict[str, Question] = {
    "emits": lambda graph: emits(graph, FIRST),
    "emitters": lambda graph: emitters(graph, FIRST),
    "emits_transitively": lambda graph: emits_transitively(graph, FIRST),
    "emitters_transitively": lambda graph: emitters_transitively(graph, FIRST),
    "shortest_path": lambda graph: shortest_path(graph, FIRST, LAST),
    "cycles": lambda graph: cycles(graph, limit=10, max_length=3),
    "stats": stats,
}


def synthetic(actions: int, edges: int) -> tuple[list[Node], list[Emits]]:
    """`edges` emissions among `actions`, each within a cluster."""
    pick = random.Random(7)
    names = [f"iam:A{number}" for number in range(actions)]
    made = []
    for number in range(edges):
        source = number % actions
        target = source - source % CLUSTER + pick.randrange(CLUSTER)
        made.append(
            Emits(
                source=names[source],
                target=names[min(target, actions - 1)],
                cascade=f"aws.iam.c{source}",
                from_node=names[source],
                node=f"n{number}",
                relation="consequence",
                policy="annotate",
                before_s=0,
                after_s=60,
                actor="same",
                join=(),
                occurs="optional",
                depth=1,
                via=None,
                ensemble=False,
            )
        )
    return [ActionNode(id=name) for name in names], made


def best(graph: GraphReader, ask: Question, times: int) -> float:
    """The shortest of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask(graph)
        taken.append(time.perf_counter() - started)
    return min(taken) * 1_000


def timed(what: str, work: Callable[[], object]) -> None:
    """Run and tell how long it took."""
    started = time.perf_counter()
    done = work()
    print(f"{what}: {time.perf_counter() - started:.1f} s  {done or ''}", flush=True)


def compared(
    title: str, memory: GraphReader, server: GraphReader, questions: dict[str, Question], times: int
) -> None:
    """The rows of one graph."""
    for name, ask in questions.items():
        assert ask(memory) == ask(server), name
        in_memory, served = best(memory, ask, times), best(server, ask, times)
        print(f"{title:10} {name:22} {in_memory:12,.1f} {served:12,.1f}", flush=True)


def main() -> None:
    """Boot a server, fill both stores, and ask both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--actions", type=int, default=100_000)
    options.add_argument("--edges", type=int, default=1_000_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        server = Neo4jServer(Path(home), jvm=("-Xmx3g",))
        server.start()
        try:
            _measure(server, chosen.actions, chosen.edges)
        finally:
            server.kill()


def _measure(server: Neo4jServer, actions: int, edges: int) -> None:
    user = Credentials(USERNAME, PASSWORD)
    address = StoreAddress(server.uri, "neo4j", "catalogue")
    cascades = load_catalog().cascades
    known, controllers = known_actions(), known_controllers()
    drawing = draw_graph(cascades, known=known, controllers=controllers)
    documents = {each.id: dump_cascade(each) for each in cascades}

    def push_catalogue(connection: Connection) -> object:
        return push(connection, drawing.all_nodes.values(), drawing.all_edges, documents=documents)

    for name in ("first", "second", "third"):
        fresh = StoreAddress(server.uri, "neo4j", name)
        with Connection(fresh, user) as connection:
            timed(
                f"push of the catalogue, {name} into an empty one",
                lambda: push_catalogue(connection),
            )
            timed("  pushed again", lambda: push_catalogue(connection))
    print(f"\n{'graph':10} {'question':22} {'networkx ms':>12} {'Neo4j ms':>12}")
    with Connection(address, user) as connection:
        push_catalogue(connection)
        memory = build_graph(cascades, NetworkxStore(), known=known, controllers=controllers)
        compared("catalogue", memory, Neo4jStore(connection), CATALOGUE, 7)
    nodes, emissions = synthetic(actions, edges)
    memory = NetworkxStore()
    timed("\nsynthetic graph into networkx", lambda: memory.write(nodes, emissions))
    address = StoreAddress(server.uri, "neo4j", "synthetic")
    with Connection(address, user, patience_s=60) as connection:
        timed("synthetic graph to Neo4j", lambda: push(connection, nodes, emissions, batch=10_000))
        print(f"\n{'graph':10} {'question':22} {'networkx ms':>12} {'Neo4j ms':>12}")
        compared("synthetic", memory, Neo4jStore(connection), SYNTHETIC, 3)


if __name__ == "__main__":
    main()
