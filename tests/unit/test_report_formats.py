"""Reports for other programs: each is read back as its reader would, or checked against its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.model.finding import Finding, Position
from conclint.model.severity import Severity
from conclint.report.outcome import Outcome, OutputFormat, Presentation, render_outcome
from samples import make_finding

SCHEMA = json.loads((Path(__file__).parents[1] / "data/sarif/sarif-2.1.0-rtm.4.json").read_bytes())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
NOWHERE = make_finding(
    code="CON900",
    name="unreadable-file",
    message="no such file",
    path="none.py",
    position=Position(1, 1, 1, 1),
    symbol="",
    model=None,
    effect=None,
    family=None,
    cause=None,
    chain=(),
    recommendation=None,
    fingerprint="dead",
)


def show(output_format: OutputFormat, *findings: Finding, cwd: Path = Path("/nowhere")) -> str:
    return render_outcome(Outcome(findings, 3, cwd), Presentation(output_format))


@pytest.fixture
def subfolder(tmp_path: Path) -> Path:
    """A folder in a repository, for paths that count from the repository's root."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub dir").mkdir()
    return tmp_path / "sub dir"


class TestJsonLines:
    def test_a_line_is_an_object_of_the_array(self) -> None:
        found = (make_finding(), make_finding(message="two\nlines", line=9), NOWHERE)
        lines = show(OutputFormat.JSON_LINES, *found).splitlines()
        assert [json.loads(line) for line in lines] == json.loads(show(OutputFormat.JSON, *found))

    def test_nothing_for_none(self) -> None:
        assert show(OutputFormat.JSON_LINES) == ""


class TestSarif:
    def log(self, *findings: Finding, **how: Any) -> dict[str, Any]:
        log: dict[str, Any] = json.loads(show(OutputFormat.SARIF, *findings, **how))
        jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
        return log

    def results(self, *findings: Finding, **how: Any) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self.log(*findings, **how)["runs"][0]["results"]
        return results

    def test_the_schema_refuses_what_is_wrong(self) -> None:
        log = self.log(make_finding())
        del log["runs"][0]["results"][0]["message"]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(SCHEMA).validate(log)

    def test_none(self) -> None:
        (run,) = self.log()["runs"]
        assert run["results"] == run["tool"]["driver"]["rules"] == []

    def test_where_and_what(self) -> None:
        (result,) = self.results(make_finding())
        assert result["message"]["text"] == (
            "`requests.get` waits on the event loop. fix: hand the call to a thread"
        )
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "app/views.py"
        assert location["physicalLocation"]["region"] == {
            "startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 21,
        }  # fmt: skip
        assert location["logicalLocations"][0]["fullyQualifiedName"] == "app.views.show"

    def test_the_chain_is_a_flow(self) -> None:
        (result,) = self.results(make_finding())
        (flow,) = result["codeFlows"]
        steps = [item["location"] for item in flow["threadFlows"][0]["locations"]]
        assert [
            (
                step["physicalLocation"]["artifactLocation"]["uri"],
                step["physicalLocation"]["region"]["startLine"],
                step["message"]["text"],
            )
            for step in steps
        ] == [("app/views.py", 3, "calls `app.db.load`"), ("app/db.py", 7, "calls `requests.get`")]
        assert result["relatedLocations"] == [{"id": 1, **steps[1]}]

    def test_a_direct_call_has_no_flow(self) -> None:
        (result,) = self.results(make_finding(chain=make_finding().chain[:1]))
        assert "codeFlows" not in result

    def test_each_rule_that_occurs_brings_its_page(self) -> None:
        log = self.log(NOWHERE, make_finding(), make_finding(code="CON203"), make_finding(line=9))
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == ["CON101", "CON203", "CON900"]
        for result in log["runs"][0]["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert "## Why is this bad" in rules[0]["help"]["markdown"]
        assert rules[0]["fullDescription"]["text"].startswith("Reports HTTP requests by blocking libraries")

    def test_levels_are_severities(self) -> None:
        results = self.results(*(make_finding(severity=severity) for severity in Severity))
        assert [result["level"] for result in results] == ["note", "warning", "error"]

    def test_fingerprints_are_the_findings_own(self) -> None:
        (result,) = self.results(make_finding(fingerprint="abc", line=70))
        assert result["partialFingerprints"] == {"conclint/v1": "abc"}

    def test_paths_count_from_the_repositorys_root(self, subfolder: Path) -> None:
        findings = make_finding(path="a:b ü%.py"), make_finding(path="/outside/x.py")
        inside, outside = (
            result["locations"][0]["physicalLocation"]["artifactLocation"]
            for result in self.results(*findings, cwd=subfolder)
        )
        assert inside == {"uri": "sub%20dir/a%3Ab%20%C3%BC%25.py", "uriBaseId": "%SRCROOT%"}
        assert outside == {"uri": "file:///outside/x.py"}

    def test_an_empty_range_is_a_point(self) -> None:
        (result,) = self.results(NOWHERE)
        assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}

    @settings(deadline=None, max_examples=30)
    @given(st.text(), st.text())
    def test_any_text_is_valid(self, message: str, path: str) -> None:
        data = show(OutputFormat.SARIF, make_finding(message=message, path=path))
        VALIDATOR.validate(json.loads(data.encode("utf-8", "backslashreplace")))


class TestGitHub:
    def test_a_command_for_each(self) -> None:
        assert show(OutputFormat.GITHUB, make_finding(), NOWHERE) == (
            "::error title=conclint (CON101),file=app/views.py,line=3,endLine=3,col=12,endColumn=21::"
            "app/views.py:3:12: CON101 `requests.get` waits on the event loop"
            "%0A  app/views.py:3 calls db.load%0A  app/db.py:7 calls requests.get"
            "%0Afix: hand the call to a thread\n"
            "::error title=conclint (CON900),file=none.py,line=1,endLine=1,col=1,endColumn=1::"
            "none.py:1:1: CON900 no such file\n"
        )

    def test_nothing_is_taken_for_a_command_or_a_property(self, subfolder: Path) -> None:
        finding = make_finding(
            path="a,b:c%.py", message="x\n::stop-commands::\r%", chain=(), recommendation=None
        )
        (line,) = show(OutputFormat.GITHUB, finding, cwd=subfolder).splitlines()
        assert "file=sub dir/a%2Cb%3Ac%25.py,line=3" in line
        assert line.endswith("CON101 x%0A::stop-commands::\\r%25")

    def test_columns_only_within_one_line(self) -> None:
        shown = show(OutputFormat.GITHUB, make_finding(position=Position(3, 5, 4, 2)))
        assert "line=3,endLine=4::" in shown

    def test_levels_are_severities(self) -> None:
        found = [make_finding(severity=severity) for severity in Severity]
        lines = show(OutputFormat.GITHUB, *found).splitlines()
        assert [line.split(" ")[0] for line in lines] == ["::notice", "::warning", "::error"]


class TestGitLab:
    def issues(self, *findings: Finding, cwd: Path = Path("/nowhere")) -> list[dict[str, Any]]:
        issues: list[dict[str, Any]] = json.loads(show(OutputFormat.GITLAB, *findings, cwd=cwd))
        return issues

    def test_the_object(self, subfolder: Path) -> None:
        (issue,) = self.issues(make_finding(chain=()), cwd=subfolder)
        assert issue == {
            "type": "issue",
            "check_name": "CON101",
            "description": "CON101 `requests.get` waits on the event loop\nfix: hand the call to a thread",
            "categories": ["Performance"],
            "severity": "major",
            "fingerprint": "f00d",
            "location": {
                "path": "sub dir/app/views.py",
                "positions": {"begin": {"line": 3, "column": 12}, "end": {"line": 3, "column": 21}},
            },
        }

    def test_fingerprints_differ(self) -> None:
        """GitLab drops a second issue of the same one."""
        twins = [make_finding(path=path) for path in ("a/tool.py", "b/tool.py", "b/tool.py")]
        prints = [issue["fingerprint"] for issue in self.issues(*twins)]
        assert prints[0] == "f00d"
        assert len(set(prints)) == 3
        assert prints == [issue["fingerprint"] for issue in self.issues(*twins)]


class TestJUnit:
    def suites(self, *findings: Finding) -> ElementTree.Element:
        text = show(OutputFormat.JUNIT, *findings).encode("utf-8", "backslashreplace")
        root = ElementTree.fromstring(text)
        assert root.tag == "testsuites"
        for suite in root:
            assert suite.tag == "testsuite"
            assert int(suite.attrib["tests"]) == len(suite)
            assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
            assert all(case.attrib["name"] and case.attrib["classname"] for case in suite)
        assert int(root.attrib["tests"]) == sum(len(suite) for suite in root)
        return root

    def test_a_suite_for_each_file(self) -> None:
        root = self.suites(make_finding(), make_finding(line=9), NOWHERE)
        assert [(suite.attrib["name"], len(suite)) for suite in root] == [("app/views.py", 2), ("none.py", 1)]
        case = root[0][0]
        assert case.attrib == {
            "classname": "app.views",
            "name": "CON101 at 3:12",
            "file": "app/views.py",
            "line": "3",
        }
        assert case[0].attrib == {"type": "CON101", "message": "`requests.get` waits on the event loop"}
        assert "app/db.py:7 calls requests.get" in (case[0].text or "")

    def test_no_finding_is_a_passed_case(self) -> None:
        root = self.suites()
        assert [(case.tag, len(case)) for case in root.iter("testcase")] == [("testcase", 0)]
        assert root.attrib["failures"] == "0"

    @settings(deadline=None)
    @given(st.text(), st.text())
    def test_any_text_is_well_formed(self, message: str, path: str) -> None:
        self.suites(make_finding(message=message, path=path))
