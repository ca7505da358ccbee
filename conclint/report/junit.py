"""JUnit's XML, which every CI server reads: a failed test case for each finding, a passed one for none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conclint.model.finding import Finding
from conclint.report.printable import printable_lines
from conclint.report.wording import long_message

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(findings: Sequence[Finding]) -> str:
    """A document with a suite for each file that has findings. Without any, one suite with a passed case:
    an empty report counts as a failure on some servers."""
    total = str(len(findings))
    root = Element(
        "testsuites", name="conclint", tests=str(max(len(findings), 1)), failures=total, errors="0"
    )
    for path, group in groupby(findings, key=lambda finding: finding.path):
        _add_suite(root, path, list(group))
    if not findings:
        suite = SubElement(
            root, "testsuite", name="conclint", tests="1", failures="0", errors="0", skipped="0"
        )
        SubElement(suite, "testcase", classname="conclint", name="no findings")
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_suite(root: Element, path: str, findings: Sequence[Finding]) -> None:
    count = str(len(findings))
    name = _text(path)
    suite = SubElement(root, "testsuite", name=name, tests=count, failures=count, errors="0", skipped="0")
    for finding in findings:
        at = finding.position
        case = SubElement(
            suite,
            "testcase",
            classname=name.removesuffix(".py").replace("/", ".") or "conclint",
            name=f"{finding.code} at {at.line}:{at.column}",
            file=name,
            line=str(at.line),
        )
        failure = SubElement(case, "failure", type=finding.code, message=_text(finding.message))
        failure.text = _text(f"{finding.place}: {finding.code} {long_message(finding)}")


def _text(text: str) -> str:
    """The text, with an escape for each character that XML can't hold or that is unsafe to print."""
    text = printable_lines(text)
    return _NOT_IN_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
