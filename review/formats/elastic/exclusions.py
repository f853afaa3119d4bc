"""Writes an Elastic rule anew so that it is silent where an exclusion holds.

Terms go into the query. What is explained goes into Kibana's exceptions: a list of one item, which asks the value list
that `cascade feed elastic` fills.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from ....exporters.errors import ExportError
from ....exporters.languages.elastic import eql as eql_text
from ....exporters.languages.elastic import esql as esql_text
from ....exporters.languages.elastic import kibana, kuery
from ....exporters.languages.elastic.exceptions import VALUE_LIST
from ...errors import NoFix, NotJudged
from ...languages.elastic import ecs, eql, esql
from ...languages.elastic.parsing import SyntaxProblem
from ...rule import Exclusion, Patch, Rule, Term
from .rules import EXPLAINED_LIST, UNEXPLAINED_LIST, Own
from .texts import Member, Written, edited, json_members, toml_members

Edit = tuple[int, str]
_Values = Callable[[str, Sequence[str]], str]

_NOTE = (
    "The exception asks the value list cascade-explained, which cascade feed elastic fills. Import the exception list "
    "cloudcascade first: cascade export elastic --style exception. A list of more than 65,536 ids works in rules of "
    "type query alone."
)


def exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The rule's file, in which the rule is silent where an exclusion holds.

    Raises:
        NoFix: the query cannot say it, or its text cannot be edited where it stands.
    """
    own = rule.own
    if not isinstance(own, Own):
        raise NoFix("the rule was not read from a file of Elastic's")
    terms = [each for each in exclusions if not each.explained]
    explained = [each for each in exclusions if each.explained]
    edits: list[Edit] = []
    if terms:
        if own.query is None:
            raise NoFix("its query is no string that can be edited where it stands")
        edits += query_edits(own, own.query, terms)
    if explained:
        edits += exception_edits(rule, own)
    if own.begin is None:
        edits.append(comment(rule, exclusions, "not "))
    return Patch(edited(rule.source.text, edits), note=_NOTE if explained else None)


def comment(rule: Rule, exclusions: Sequence[Exclusion], word: str = "") -> Edit:
    """A comment above the query, in TOML."""
    query = next(each for each in rule_members(rule) if each.key == "query")
    return query.line, "".join(f"# {word}{_plain(each.why)}\n" for each in exclusions)


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def rule_members(rule: Rule) -> list[Member]:
    """The keys of [rule] in a TOML file, the query among them."""
    found = [each for each in toml_members(rule.source.text) if each.table == "rule"]
    if not any(each.key == "query" for each in found):
        raise NoFix("the rule has no query of its own in [rule]")
    return found


def query_edits(
    own: Own, query: Written, exclusions: Sequence[Exclusion], *, wanted: bool = False
) -> Iterator[Edit]:
    """The query without what an exclusion finds, or if that is `wanted` with nothing else.

    Raises:
        NoFix: the query cannot say it, or its text cannot be edited where it stands.
    """
    language = own.data.get("language") or own.data.get("type")
    line = "\n" if query.lines else " "
    try:
        match language:
            case "kuery":
                edits = _kql(query.text, exclusions, line, wanted)
            case "eql":
                edits = _eql(query.text, exclusions, line, wanted)
            case "esql":
                edits = _esql(query.text, exclusions, line, wanted, notes=own.begin is not None)
            case _:
                raise NoFix(f"queries in {language} are not changed")
    except ExportError as error:
        raise NoFix(str(error)) from None
    except (NotJudged, SyntaxProblem) as error:
        raise NoFix(f"its query cannot be read: {error}") from None
    for place, addition in edits:
        yield query.places[place], query.encoded(addition)


def _kql(text: str, exclusions: Sequence[Exclusion], line: str, wanted: bool) -> list[Edit]:
    tests = [
        _one_line(" and ".join(_tests(each.terms, kuery.equals, "not {}: *", flat=True)))
        for each in exclusions
    ]
    added = (
        f"({_either(tests, 'or')})"
        if wanted
        else f"{line}and ".join(f"not ({test})" for test in tests)
    )
    end = len(text.rstrip())
    if not end:
        return [(0, added)]
    return _bracketed(text, 0, end, f"{line}and {added}")


def _either(tests: Sequence[str], word: str) -> str:
    return tests[0] if len(tests) == 1 else f" {word} ".join(f"({test})" for test in tests)


def _one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text)


def _bracketed(text: str, begin: int, end: int, addition: str) -> list[Edit]:
    """The addition behind a condition, which is put in brackets if an `or` may stand in the way."""
    if re.search(r"\bor\b", text[begin:end], re.IGNORECASE) is None:
        return [(end, addition)]
    return [(begin, "("), (end, f"){addition}")]


def _eql(text: str, exclusions: Sequence[Exclusion], line: str, wanted: bool) -> list[Edit]:
    if line != "\n" and "//" in text:
        raise NoFix("its query is one line with a comment in it")
    tests = [
        " and ".join(_tests(each.terms, eql_text.equals, "?{} == null", flat=False))
        for each in exclusions
    ]
    found = eql.parsed(text)
    if wanted and len(found.condition_at) > 1:
        raise NoFix("a sequence has no second severity: its steps together are what is found")
    added = "".join(f"{line}and not ({test})" for test in tests)
    if wanted:
        added = f"{line}and ({_either(tests, 'or')})"
    return [
        edit for begin, end in found.condition_at for edit in _bracketed(text, begin, end, added)
    ]


def _esql(
    text: str, exclusions: Sequence[Exclusion], line: str, wanted: bool, *, notes: bool
) -> list[Edit]:
    added, all_tests = "", []
    for each in exclusions:
        tests = " AND ".join(
            _tests(each.terms, _esql_equals, "{} IS NULL", flat=True, extract=True)
        )
        all_tests.append(tests)
        if notes and line == "\n":
            added += f"{line}// {'' if wanted else 'not '}{_plain(each.why)}"
        if not wanted:
            added += f"{line}| WHERE NOT COALESCE({tests}, false)"
    if wanted:
        added += f"{line}| WHERE {_either(all_tests, 'OR')}"
    return [(esql.parsed(text).after_source, added)]


def _esql_equals(field: str, *values: str) -> str:
    if len(values) == 1:
        return f"{field} == {esql_text.quoted(values[0])}"
    return f"{field} IN ({', '.join(map(esql_text.quoted, values))})"


def _tests(
    terms: Sequence[Term],
    equals: Callable[..., str],
    missing: str,
    *,
    flat: bool,
    extract: bool = False,
) -> Iterator[str]:
    """The terms in a language. `flat`: whether it reads members of a flattened field, `extract`: by FIELD_EXTRACT."""
    if not terms:
        raise NoFix("an exclusion without terms would silence everything")
    for term in terms:
        field = _field(term, flat=flat, extract=extract)
        if term.values:
            yield equals(field, *term.values)
        else:
            yield missing.format(field)


def _field(term: Term, *, flat: bool, extract: bool) -> str:
    name = ecs.name_of(term.path)
    kind = ecs.kind(name)
    most = ecs.longest(name)
    if kind in ("date", "ip"):
        raise NoFix(f"a test of {name} is not written")
    if "" in term.values:
        raise NoFix(f"an empty {term.path} is kept nowhere in Elastic")
    if most is not None and any(len(value) > most for value in term.values):
        raise NoFix(f"a value of {term.path} is longer than what Elastic keeps of it")
    if kind == "boolean" and not flat:
        raise NoFix(f"a test of {name} is not written in EQL")
    if kind == "member" and (extract or not flat):
        copied = ecs.copy_of(term.path)
        if copied is not None:
            return copied
        if not flat:
            raise NoFix(f"EQL cannot read {term.path}, part of a flattened field")
        root = next(
            each
            for each in ecs.mapped()
            if name.startswith(f"{each}.") and ecs.kind(each) == "flattened"
        )
        return f"FIELD_EXTRACT({root}, {esql_text.quoted(name[len(root) + 1 :])})"
    return name if re.fullmatch(r"@?[\w.-]+", name) else _refused(name)


def _refused(name: str) -> str:
    raise NoFix(f"the field name {name} needs quoting that is not written")


def exception_edits(
    rule: Rule, own: Own, list_id: str = EXPLAINED_LIST, *, lists: Sequence[str] = (EXPLAINED_LIST,)
) -> Iterator[Edit]:
    """A reference to an exception list, and in an export behind the rule those of the lists that it does not hold.

    Raises:
        NoFix: the rule has that list already, or its exceptions cannot be edited where they stand.
    """
    references = own.data.get("exceptions_list")
    known = references if isinstance(references, list) else []
    if any(isinstance(each, dict) and each.get("list_id") == list_id for each in known):
        raise NoFix(f"the rule has the exception list {list_id} already")
    reference = {"id": list_id, "list_id": list_id, "namespace_type": "single", "type": "detection"}
    if own.begin is None:
        yield _toml_reference(rule, bool(known), reference)
        return
    written = ", ".join(f'"{name}": "{value}"' for name, value in reference.items())
    text = rule.source.text
    found = {each.key: each for each in json_members(text, own.begin)}
    member = found.get("exceptions_list")
    if member is None:
        yield own.begin + 1, f'"exceptions_list": [{{{written}}}], '
    elif text[member.begin] != "[":
        raise NoFix("exceptions_list is no list")
    else:
        yield member.end - 1, f"{', ' if known else ''}{{{written}}}"
    plain = text.replace('"list_id":"', '"list_id": "')
    for each in lists:
        if f'"list_id": "{each}"' not in plain:
            end = text.find("\n", own.begin)
            lines = kibana.ndjson(exception_objects(each))
            yield (end + 1, lines) if end >= 0 else (len(text), "\n" + lines.removesuffix("\n"))


def _toml_reference(rule: Rule, known: bool, reference: Mapping[str, str]) -> Edit:
    members = rule_members(rule)
    written = ", ".join(f'{name} = "{value}"' for name, value in reference.items())
    text = rule.source.text
    member = next((each for each in members if each.key == "exceptions_list"), None)
    if member is None:
        if known:
            raise NoFix("exceptions_list is no array of [rule] that can be edited")
        query = next(each for each in members if each.key == "query")
        return query.line, f"exceptions_list = [{{ {written} }}]\n"
    end = member.end - 1
    before = re.sub(r"#[^\n]*", "", text[member.begin : end]).rstrip()
    joint = "" if before.endswith(("[", ",")) else ", "
    edit = (end, f"{joint}{{ {written} }}")
    try:
        tomllib.loads(edited(text, [edit]))
    except tomllib.TOMLDecodeError:
        raise NoFix("exceptions_list cannot be edited where it stands") from None
    return edit


def exception_objects(list_id: str = EXPLAINED_LIST) -> list[kibana.Object]:
    """The exception list of explained events, or that of all others, and its one item."""
    entry = kibana.in_value_list("event.id", VALUE_LIST)
    explained = list_id == EXPLAINED_LIST
    if not explained:
        entry["operator"] = "excluded"
    item = kibana.exception_item(
        list_id,
        "cloudcascade-explained" if explained else UNEXPLAINED_LIST,
        "Explained by a cascade" if explained else "Not explained by a cascade",
        f"The event id {'stands' if explained else 'does not stand'} in the value list {VALUE_LIST}: "
        f"cascade classify {'called' if explained else 'did not call'} it explained.",
        [entry],
        date.max,
    )
    del item["expire_time"]
    container = kibana.exception_list(
        list_id,
        f"cloudcascade: {'explained events' if explained else 'events that are not explained'}",
        ["Filled by cascade feed elastic, from verdicts of cascade classify or cascade watch."],
    )
    return [container, item]
