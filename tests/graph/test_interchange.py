"""A graph goes out to a file and comes back the same; a file that is no such graph says where it is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from cloudcascade.graph import (
    CascadeNode,
    Emits,
    GraphError,
    NetworkxStore,
    build_graph,
    export_graphml,
    export_json,
    import_graphml,
    import_json,
    read_graph,
    stats,
)
from cloudcascade.graph.interchange import MAX_BYTES
from cloudcascade.tests.support.cascades import DELETE_USER, cascade

GRAPH = build_graph([DELETE_USER], NetworkxStore())
JSON = export_json(GRAPH)
GRAPHML = export_graphml(GRAPH)


@pytest.mark.parametrize(
    ("name", "text", "form"), [("a.json", JSON, "json"), ("b.txt", GRAPHML, "graphml")]
)
@pytest.mark.parametrize("mark", ["", "\ufeff", "\n"])
def test_a_file_is_told_by_its_content(
    tmp_path: Path, name: str, text: str, form: str, mark: str
) -> None:
    path = tmp_path / name
    path.write_text(mark + text, encoding="utf-8")
    store = NetworkxStore()
    assert read_graph(path, store) == form
    assert export_json(store) == JSON


def test_networkx_reads_both() -> None:
    from_json = nx.node_link_graph(json.loads(JSON), edges="edges")
    from_graphml = nx.parse_graphml(GRAPHML, force_multigraph=True)
    counted = stats(GRAPH)
    for read in (from_json, from_graphml):
        assert read.number_of_nodes() == sum(counted.nodes.values())
        assert read.number_of_edges() == sum(counted.edges.values())
        assert read.nodes["action:iam:DeleteUser"]["kind"] == "action"


@pytest.mark.parametrize(
    "title",
    [
        "json:not really",
        'json:["user"]',
        "a\r\nb\tc",
        " spaces ",
        "\u2028 \x85 \x0b \x1f",
        "<&\"']]>",
        "\u202e 💥 é",
    ],
)
def test_texts_survive_as_they_are(title: str) -> None:
    built = cascade(origin={"action": "iam:A"}, effects=[{"action": "iam:B"}])
    graph = build_graph([built.model_copy(update={"title": title})], NetworkxStore())
    for export, import_ in ((export_json, import_json), (export_graphml, import_graphml)):
        store = NetworkxStore()
        import_(export(graph).encode(), store)
        assert [node.title for node in store.nodes(CascadeNode)] == [title]


def test_lists_and_missing_values_survive_graphml() -> None:
    store = NetworkxStore()
    import_graphml(GRAPHML.encode(), store)
    edges = store.edges(Emits)
    assert {edge.join for edge in edges} == {("user",), ("device",)}
    assert {edge.via for edge in edges} == {None, "iam:DeactivateMFADevice"}


def test_an_import_adds_to_what_is_there() -> None:
    other = cascade(origin={"action": "iam:A"}, effects=[{"action": "iam:B"}])
    store = build_graph([other], NetworkxStore())
    import_json(JSON.encode(), store)
    assert [node.id for node in store.nodes(CascadeNode)] == [
        "aws.iam.delete-user",
        "aws.test.cascade",
    ]


def _set(path: str, value: object) -> Callable[[Any], None]:
    """Sets a field: `edges.EMITS.policy` of the first such edge, `nodes.0.id`, `directed`."""

    def change(document: Any) -> None:
        *steps, last = path.split(".")
        for step in steps:
            if step.isupper():
                document = next(each for each in document if each["kind"] == step)
            else:
                document = document[int(step) if step.isdigit() else step]
        document[last] = value

    return change


def _copy_first(what: str) -> Callable[[Any], None]:
    return lambda document: document[what].append(document[what][0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("directed", False), "not a directed multigraph"),
        (_set("directed", "yes"), r"Expected `bool`, got `str` - at `\$.directed`"),
        (_set("graph.format", "other"), "no graph of cloudcascade, or of another version"),
        (_set("graph.version", 2), "no graph of cloudcascade, or of another version"),
        (_set("graph", {}), "it does not say so"),
        (_set("extra", 1), "unknown field `extra`"),
        (_set("nodes", {}), r"Expected `array`, got `object` - at `\$.nodes`"),
        (_set("nodes", [3]), r"Expected `object`, got `int` - at `\$.nodes\["),
        (_set("nodes.0.kind", "planet"), r"nodes\[0\]: there is no kind 'planet' of node"),
        (_set("nodes.0.kind", ["action"]), r"nodes\[0\]: there is no kind \['action'\] of node"),
        (_set("nodes.0.id", "iam:X"), r"nodes\[0\]: id is 'iam:X', no action"),
        (_set("nodes.0.id", 5), r"nodes\[0\]: id is 5, no action"),
        (_set("nodes.0.id", "action:iam:X\n"), r"nodes\[0\]: Expected `str` matching regex"),
        (_set("nodes.0.id", "action:</a>"), r"nodes\[0\]: Expected `str` matching regex"),
        (_set("nodes.0.colour", "red"), r"nodes\[0\]: Object contains unknown field `colour`"),
        (_set("edges.EMITS.kind", "LOVES"), r"there is no kind 'LOVES' of edge"),
        (_set("edges.EMITS.policy", "shrug"), r"Invalid enum value 'shrug' - at `\$.policy`"),
        (_set("edges.EMITS.before_s", -1), r"Expected `int` >= 0 - at `\$.before_s`"),
        (_set("edges.EMITS.before_s", 1.5), r"Expected `int`, got `float` - at `\$.before_s`"),
        (_set("edges.EMITS.join", "user"), r"Expected `array`, got `str` - at `\$.join`"),
        (_set("edges.EMITS.source", "service:iam"), "source is 'service:iam', no action"),
        (_set("edges.EMITS.source", "action:iam:Gone"), "action:iam:Gone is no node of the graph"),
        (_set("edges.EMITS.key", "mine"), "the key is 'mine', not 'EMITS aws.iam.delete-user"),
        (_copy_first("nodes"), "is there twice"),
        (_copy_first("edges"), "the same edge is there twice"),
    ],
)
def test_json_of_another_shape_is_refused_with_its_place(
    change: Callable[[Any], None], message: str
) -> None:
    document = json.loads(JSON)
    change(document)
    store = NetworkxStore()
    with pytest.raises(GraphError, match=message) as refusal:
        import_json(json.dumps(document).encode(), store, file="graph.json")
    assert str(refusal.value).startswith("graph.json: ")
    assert not any(stats(store).nodes.values())


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b'{"directed": tru', b"\xff\xfe", b"[" * 100_000, b'"\xc3"'],
)
def test_what_is_no_json_graph_is_refused(text: bytes) -> None:
    with pytest.raises(GraphError, match=r"^graph.json: no (JSON|graph of cloudcascade)"):
        import_json(text, NetworkxStore(), file="graph.json")


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">&b;</graph></graphml>
"""
OUTSIDE = """<!DOCTYPE graphml SYSTEM "file:///etc/passwd">
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"/>"""


@pytest.mark.parametrize(("text", "line"), [(BOMB, 2), (OUTSIDE, 1)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(text: str, line: int, encoding: str) -> None:
    with pytest.raises(GraphError, match="declares a document type") as refusal:
        import_graphml(text.encode(encoding), NetworkxStore(), file="graph.xml")
    assert refusal.value.place is not None
    assert (refusal.value.place.file, refusal.value.place.line) == ("graph.xml", line)


def _line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('edgedefault="directed"', 'edgedefault="undirected"', "not a directed graph"),
        ('id="action:iam:CreateUser"', 'id="action:x"', "node: Expected `str` matching regex"),
        ('id="action:iam:CreateUser"', "", "node: id is None, no action"),
        (">3600</data>", ">many</data>", "_s is no long"),
        (">3600</data>", ">" + "9" * 5_000 + "</data>", "_s is no long"),
        (">3600</data>", ">-1</data>", "Expected `int` >= 0"),
        (">False</data>", ">perhaps</data>", "is no boolean"),
        ('>json:["user"]</data>', ">json:[</data>", "join is no string"),
        ('>json:["user"]</data>', ">user</data>", "edge: Expected `array`, got `str`"),
        ('<data key="', '<data key="none', "data with a key that is not declared"),
        ('attr.type="string"', 'attr.type="double"', "a key without a name, or of an unknown type"),
        ("</graph>", "<node id='x'><graph/></node></graph>", "'graph' is not expected here"),
        ("</graph>", "<hyperedge/></graph>", "'hyperedge' is not expected here"),
        ("</graph>", "<node xmlns='urn:other' id='x'/></graph>", "'node' is not expected here"),
        ("</graph>", "<node id='action:iam:X'/></graph>", "there is no kind None of node"),
        ("</graphml>", "", "no XML: no element found"),
        ("<graphml", "<graphml xmlns:a='x'", None),
    ],
)
def test_other_graphml_is_refused_with_its_line(old: str, new: str, message: str | None) -> None:
    text = GRAPHML.replace(old, new, 1)
    assert text != GRAPHML
    if message is None:  # what does not matter is let pass
        import_graphml(text.encode(), NetworkxStore())
        return
    with pytest.raises(GraphError, match=message) as refusal:
        import_graphml(text.encode(), NetworkxStore(), file="graph.xml")
    place = refusal.value.place
    assert place is not None
    assert place.file == "graph.xml"
    # An edge is named by the line on which it begins, its data by their own.
    assert 0 <= _line_of(GRAPHML, old) - place.line <= 20 or message.startswith("no XML")


def test_a_file_without_a_graph_is_refused() -> None:
    text = b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns"/>'
    with pytest.raises(GraphError, match="needs one graph"):
        import_graphml(text, NetworkxStore())


def test_an_unknown_encoding_is_refused() -> None:
    text = b'<?xml version="1.0" encoding="klingon"?><graphml/>'
    with pytest.raises(GraphError, match="no XML"):
        import_graphml(text, NetworkxStore())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="cannot be read"):
        read_graph(tmp_path / "none.json", NetworkxStore())


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(JSON + " " * MAX_BYTES)
    with pytest.raises(GraphError, match="is larger than 16777216 bytes"):
        read_graph(path, NetworkxStore())
