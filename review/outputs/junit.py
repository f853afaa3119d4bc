"""Findings as JUnit's XML, a test case for each rule.

https://github.com/testmoapp/junitxml says what is read of it.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from ..finding import LEVELS, Level, Reviewed
from ..report import Report, Told, at_least
from .text import cut, plain, sentence

MAX_MESSAGE = 1_000
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
# What XML 1.0 cannot hold, however it is escaped: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report, level: Level) -> str:
    """A suite for each format, and in it a case for each rule.

    A case fails where the rule has new findings of `level` or graver; the others stand in its output. One that was
    not judged is skipped, with the reason, and a file that could not be read is an error.
    """
    root = ElementTree.Element("testsuites", name="cascade review")
    by_format = sorted(report.by_rule, key=lambda pair: pair[0].rule.format)
    for name, pairs in groupby(by_format, key=lambda pair: pair[0].rule.format):
        suite = ElementTree.SubElement(root, "testsuite", name=_text(name))
        for of, told in pairs:
            _case(suite, of, told, level)
    if report.found.problems:
        suite = ElementTree.SubElement(root, "testsuite", name="files")
        for problem in report.found.problems:
            case = _named(suite, problem.place.file, problem.place.file, problem.place.line)
            error = ElementTree.SubElement(case, "error", type="unreadable")
            error.set("message", _message(f"not read: {problem.reason}"))
            error.text = _text(f"{problem.place}: {problem.reason}")
    for suite in root:
        _counted(suite)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    return f"{_DECLARATION}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _case(suite: ElementTree.Element, of: Reviewed, told: Sequence[Told], level: Level) -> None:
    name = f"{of.rule.title} ({of.rule.id})"
    case = _named(suite, name, of.rule.place.file, of.rule.place.line)
    if of.not_judged is not None:
        ElementTree.SubElement(case, "skipped", message=_message(f"not judged: {of.not_judged}"))
        return
    failing = [each for each in told if each.new and at_least(each.finding.level, level)]
    if failing:
        gravest = min((each.finding.level for each in failing), key=LEVELS.index)
        failure = ElementTree.SubElement(case, "failure", type=gravest)
        first = failing[0].finding.message
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        failure.set("message", _message(first) + more)
        failure.text = "\n".join(_line(each) for each in failing)
    rest = [each for each in told if each not in failing]
    if rest:
        out = ElementTree.SubElement(case, "system-out")
        out.text = "\n".join(_line(each) for each in rest)


def _named(suite: ElementTree.Element, name: str, file: str, line: int) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", name=_text(name), classname=_text(file))
    case.set("file", _text(file))
    if line:
        case.set("line", str(line))
    return case


def _counted(suite: ElementTree.Element) -> None:
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))


def _line(told: Told) -> str:
    finding = told.finding
    known = "" if told.new else " (known)"
    words = sentence(finding.message, finding.remedy)
    return _text(f"{finding.level}{known}: {finding.kind}: {words} ({finding.place})")


def _message(text: str) -> str:
    return cut(_text(text), MAX_MESSAGE)


def _text(text: str) -> str:
    return _NO_XML.sub("", plain(text))
