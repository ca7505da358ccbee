from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.config.file import unknown_code
from conclint.config.keys import parse_codes
from conclint.config.settings import Config
from conclint.model.execution import Confidence
from conclint.model.finding import Finding, Step
from conclint.rules.registry import all_rules, selectable_words
from conclint.summary.records import Directive, DirectiveKind
from conclint.suppress.directives import Noqa, holds_for
from conclint.suppress.filters import filter_findings
from conclint.suppress.selection import Selection
from conclint.suppress.spans import Spans
from samples import make_directive, make_finding

ROOT = Path("/project").absolute()
CONFIG = Config(root=ROOT, cwd=ROOT)

NOQA, IGNORE, SKIP = DirectiveKind.NOQA, DirectiveKind.IGNORE, DirectiveKind.SKIP_FILE


def kept(*findings: Finding, directives: Sequence[Directive] = (), **changes: Any) -> list[Finding]:
    config = replace(CONFIG, **changes)
    return list(filter_findings(findings, config, {"app/views.py": tuple(directives)}, inline=True).kept)


def codes(*given: str, **changes: Any) -> list[str]:
    findings = (make_finding(code=code, line=number) for number, code in enumerate(given, 1))
    return [finding.code for finding in kept(*findings, **changes)]


class TestSelection:
    def test_rules_are_on_or_off_by_default(self) -> None:
        assert codes("CON101", "CON112", "CON201", "CON900") == ["CON101", "CON201", "CON900"]

    def test_select_by_prefix_turns_on_what_is_off_by_default(self) -> None:
        assert codes("CON101", "CON112", "CON201", select=("CON1",)) == ["CON101", "CON112"]

    def test_extend_select_adds_to_the_defaults(self) -> None:
        assert codes("CON101", "CON112", "CON201", extend_select=("CON112",)) == [
            "CON101",
            "CON112",
            "CON201",
        ]

    def test_ignore_by_prefix(self) -> None:
        assert codes("CON101", "CON201", ignore=("CON1",)) == ["CON201"]

    def test_the_longer_prefix_decides(self) -> None:
        assert codes("CON101", "CON102", select=("CON101",), ignore=("CON1",)) == ["CON101"]
        assert codes("CON101", "CON102", select=("CON1",), ignore=("CON101",)) == ["CON102"]
        assert codes("CON101", select=("CON101",), ignore=("CON101",)) == []

    def test_unreadable_files_are_reported_whatever_is_selected(self) -> None:
        assert codes("CON900", select=("CON1",)) == ["CON900"]
        assert codes("CON900", ignore=("CON900",)) == []
        assert codes("CON900", ignore=("CON9",)) == []

    @pytest.mark.parametrize(
        ("pattern", "hidden"),
        [("app/*", True), ("views.py", True), ("/views.py", False), ("tests/", False), ("app", True)],
    )
    def test_ignores_per_file(self, pattern: str, hidden: bool) -> None:
        ignores = (("other/*", ("CON",)), (pattern, ("CON1",)))
        assert codes("CON101", "CON201", per_file_ignores=ignores) == ["CON201"] if hidden else ["CON101"]

    def test_ignores_per_file_are_relative_to_the_root(self) -> None:
        ignores = (("/src/app/*.py", ("CON101",)),)
        assert codes("CON101", per_file_ignores=ignores, cwd=ROOT / "src") == []
        assert codes("CON101", per_file_ignores=ignores) == ["CON101"]

    def test_a_file_outside_the_root_has_a_name_still(self) -> None:
        finding = make_finding(path=str(ROOT.parent / "elsewhere/gen_x.py"))
        assert kept(finding, per_file_ignores=(("gen_*.py", ("CON101",)),)) == []


class TestConfidence:
    @pytest.mark.parametrize("least", Confidence)
    def test_findings_below_the_least_confidence_are_dropped(self, least: Confidence) -> None:
        findings = [make_finding(line=1 + level, confidence=level) for level in Confidence]
        assert [found.confidence for found in kept(*findings, min_confidence=least)] == [
            level for level in Confidence if level >= least
        ]

    def test_confidence_goes_before_duplicates(self) -> None:
        unsure = make_finding(confidence=Confidence.LOW, chain=())
        sure = make_finding(confidence=Confidence.MEDIUM)
        assert kept(unsure, sure) == [sure]


class TestDuplicates:
    def test_the_surest_is_kept(self) -> None:
        best = make_finding(confidence=Confidence.HIGH)
        assert kept(make_finding(confidence=Confidence.MEDIUM, chain=()), best) == [best]

    def test_then_the_one_with_the_shortest_chain(self) -> None:
        short = make_finding(chain=(Step("requests.get", "app/views.py", 3, 12),))
        assert kept(make_finding(), short, make_finding()) == [short]

    def test_other_codes_places_and_cells_stay(self) -> None:
        findings = [
            make_finding(),
            make_finding(code="CON102"),
            make_finding(line=4),
            make_finding(column=13),
            make_finding(path="app/other.py"),
            make_finding(cell=1),
        ]
        assert len(kept(*findings)) == len(findings)


class TestDirectives:
    @pytest.mark.parametrize(
        "directive",
        [
            make_directive(NOQA),
            make_directive(NOQA, "CON101"),
            make_directive(NOQA, "CON1"),
            make_directive(NOQA, "con101"),
            make_directive(NOQA, "E501", "CON101"),
            make_directive(IGNORE),
            make_directive(IGNORE, "CON101"),
            make_directive(IGNORE, "CON"),
            make_directive(SKIP, first=9, last=9),
            make_directive(NOQA, first=2, last=5),
        ],
    )
    def test_hides(self, directive: Directive) -> None:
        assert kept(make_finding(line=3), directives=[directive]) == []

    @pytest.mark.parametrize(
        "directive",
        [
            make_directive(NOQA, "E501"),
            make_directive(NOQA, "CON102"),
            make_directive(NOQA, "CON1011"),
            make_directive(NOQA, "ALL"),
            make_directive(IGNORE, "CON2"),
            make_directive(IGNORE, ""),
            make_directive(NOQA, first=4, last=9),
            make_directive(IGNORE, first=1, last=2),
        ],
    )
    def test_does_not_hide(self, directive: Directive) -> None:
        finding = make_finding(line=3)
        assert kept(finding, directives=[directive]) == [finding]

    def test_it_holds_for_the_whole_logical_line(self) -> None:
        finding = make_finding(line=5, logical_line=(3, 8))
        assert kept(finding, directives=[make_directive(NOQA, first=8, last=8)]) == []
        assert kept(finding, directives=[make_directive(NOQA, first=9, last=9)]) == [finding]

    def test_it_holds_for_its_own_file(self) -> None:
        finding = make_finding(path="app/other.py")
        assert kept(finding, directives=[make_directive(SKIP)]) == [finding]

    def test_a_file_that_cannot_be_analysed_is_hidden_by_skip_file_alone(self) -> None:
        finding = make_finding(code="CON900")
        assert kept(finding, directives=[make_directive(NOQA), make_directive(IGNORE, "CON900")]) == [finding]
        assert kept(finding, directives=[make_directive(SKIP)]) == []

    def test_noqa_is_left_to_flake8_where_it_applies_it(self) -> None:
        findings = [make_finding(line=1), make_finding(line=2)]
        directives = {
            "app/views.py": (make_directive(NOQA, first=1, last=1), make_directive(IGNORE, first=2, last=2))
        }
        result = filter_findings(findings, CONFIG, directives, inline=False)
        assert result.kept == (findings[0],)


class TestCodesOfOtherLinters:
    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("ASYNC210", "CON101"),
            ("ASYNC212", "CON101"),
            ("ASYNC221", "CON103"),
            ("ASYNC230", "CON104"),
            ("ASYNC240", "CON112"),
            ("ASYNC250", "CON110"),
            ("async251", "CON102"),
            ("ASYNC2", "CON102"),
            ("TRIO210", "CON101"),
            ("ASYNC200", "CON111"),
        ],
    )
    def test_a_noqa_for_theirs_hides_ours(self, theirs: str, ours: str) -> None:
        directive = make_directive(NOQA, "E501", theirs)
        finding = make_finding(code=ours)
        chosen: dict[str, Any] = {"extend_select": ("CON",)}
        assert kept(finding, directives=[directive], **chosen) == []
        assert kept(finding, directives=[directive], respect_async_noqa=False, **chosen) == [finding]

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("ASYNC251", "CON101"),
            ("ASYNC210", "CON102"),
            ("ASYNC100", "CON101"),
            ("ASYNC2519", "CON102"),
            ("ASYNC200", "CON201"),
            ("A", "CON101"),
            ("E251", "CON102"),
        ],
    )
    def test_a_noqa_for_something_else_does_not(self, theirs: str, ours: str) -> None:
        finding = make_finding(code=ours)
        assert kept(finding, directives=[make_directive(NOQA, theirs)]) == [finding]

    def test_an_ignore_of_ours_knows_our_codes_only(self) -> None:
        finding = make_finding(code="CON102")
        assert kept(finding, directives=[make_directive(IGNORE, "ASYNC251")]) == [finding]

    def test_they_hold_where_flake8_applies_noqa_itself(self) -> None:
        findings = [make_finding(code="CON102", line=1), make_finding(code="CON102", line=2)]
        directives = (
            make_directive(NOQA, "ASYNC251", first=1, last=1),
            make_directive(NOQA, first=2, last=2),
        )
        kept_here = filter_findings(findings, CONFIG, {"app/views.py": directives}, inline=False).kept
        assert kept_here == (findings[1],)
        off = replace(CONFIG, respect_async_noqa=False)
        assert len(filter_findings(findings, off, {"app/views.py": directives}, inline=False).kept) == 2


class TestUnused:
    def unused(
        self, *directives: Directive, findings: Sequence[Finding] = (), **changes: object
    ) -> list[str]:
        config = replace(CONFIG, warn_unused_ignores=True, **changes)  # type: ignore[arg-type]
        result = filter_findings(findings, config, {"app/views.py": directives}, inline=True)
        assert all(found.code == "CON901" and found.fingerprint for found in result.unused)
        assert len({found.fingerprint for found in result.unused}) == len(result.unused)
        return [f"{found.position.line} {found.message}" for found in result.unused]

    def test_only_on_request(self) -> None:
        directives = {"app/views.py": (make_directive(IGNORE),)}
        assert filter_findings([], CONFIG, directives, inline=True).unused == ()

    def test_what_hides_nothing_is_reported(self) -> None:
        assert self.unused(
            make_directive(IGNORE, first=4, last=4),
            make_directive(IGNORE, first=5, last=5),
            make_directive(IGNORE, "CON101", "CON2", first=6, last=6),
            make_directive(NOQA, "E501", "CON101", first=7, last=7),
        ) == [
            "4 this `conclint: ignore` hides nothing",
            "5 this `conclint: ignore` hides nothing",
            "6 this `conclint: ignore` hides nothing for CON101, CON2",
            "7 this `noqa` hides nothing for CON101",
        ]

    def test_what_is_for_others_is_not(self) -> None:
        assert self.unused(make_directive(NOQA), make_directive(NOQA, "E501"), make_directive(SKIP)) == []
        assert self.unused(make_directive(NOQA, "ASYNC251"), respect_async_noqa=False) == []
        assert self.unused(make_directive(NOQA, "ASYNC251"), findings=[make_finding()]) == []

    def test_what_hides_something_is_not(self) -> None:
        directives = (make_directive(IGNORE), make_directive(NOQA, "CON101"), make_directive(IGNORE, "CON1"))
        assert self.unused(*directives, findings=[make_finding()]) == []

    def test_only_the_idle_codes_are_named(self) -> None:
        assert self.unused(make_directive(NOQA, "CON101", "CON102"), findings=[make_finding()]) == [
            "3 this `noqa` hides nothing for CON102"
        ]

    def test_a_finding_that_other_options_drop_counts(self) -> None:
        unsure = make_finding(confidence=Confidence.LOW)
        assert self.unused(make_directive(IGNORE), findings=[unsure]) == []
        assert self.unused(make_directive(IGNORE), findings=[make_finding()], ignore=("CON1",)) == []

    def test_it_can_be_ignored_itself(self) -> None:
        assert self.unused(make_directive(IGNORE), ignore=("CON901",)) == []


FINDINGS = st.lists(
    st.builds(
        make_finding,
        code=st.sampled_from(["CON101", "CON102", "CON112", "CON201", "CON900"]),
        path=st.sampled_from(["app/views.py", "app/other.py"]),
        line=st.integers(1, 4),
        column=st.integers(1, 2),
        confidence=st.sampled_from(Confidence),
        message=st.sampled_from(["one", "two"]),
        chain=st.lists(st.builds(Step, st.just("f"), st.just("a.py"), st.integers(1, 2), st.just(1))).map(
            tuple
        ),
    ),
    max_size=12,
)
DIRECTIVES: st.SearchStrategy[Mapping[str, tuple[Directive, ...]]] = st.dictionaries(
    st.sampled_from(["app/views.py", "app/other.py"]),
    st.lists(
        st.builds(
            lambda kind, codes, first, more: make_directive(kind, *codes, first=first, last=first + more),
            st.sampled_from([NOQA, IGNORE, IGNORE, SKIP]),
            st.lists(st.sampled_from(["CON1", "CON101", "E501"]), max_size=2),
            st.integers(1, 4),
            st.integers(0, 1),
        ),
        max_size=3,
    ).map(tuple),
)
CONFIGS = st.builds(
    lambda least, ignore, unused: replace(
        CONFIG, min_confidence=least, ignore=ignore, warn_unused_ignores=unused
    ),
    st.sampled_from(Confidence),
    st.sampled_from([(), ("CON1",), ("CON201",)]),
    st.booleans(),
)


@given(FINDINGS, DIRECTIVES, CONFIGS, st.booleans(), st.data())
@settings(deadline=None)
def test_filtering(
    findings: list[Finding],
    directives: Mapping[str, tuple[Directive, ...]],
    config: Config,
    inline: bool,
    data: st.DataObject,
) -> None:
    result = filter_findings(findings, config, directives, inline=inline)
    kept = result.kept
    shuffled = data.draw(st.permutations(findings))
    assert filter_findings(shuffled, config, directives, inline=inline) == result, "the order changes nothing"
    assert filter_findings(kept, config, directives, inline=inline).kept == kept, "twice is once"
    assert set(kept) <= set(findings)
    assert list(kept) == sorted(kept, key=lambda finding: finding.sort_key)
    places = [
        (finding.path, finding.position.line, finding.position.column, finding.code) for finding in kept
    ]
    assert len(set(places)) == len(places), "one finding for each place and code"
    for finding in kept:
        assert finding.confidence >= config.min_confidence
        assert not any(
            holds_for(item, finding, Noqa.of(ours=inline, theirs=True))
            for item in directives.get(finding.path, ())
        )


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)).map(lambda span: (span[0], sum(span)))),
    st.integers(1, 30),
    st.integers(0, 6),
)
def test_what_meets_some_lines_is_found_by_them(
    spans: list[tuple[int, int]], first: int, length: int
) -> None:
    found = Spans((*span, number) for number, span in enumerate(spans)).meeting(first, first + length)
    assert sorted(found) == [n for n, (a, b) in enumerate(spans) if a <= first + length and b >= first]


class TestNames:
    """A rule's name works wherever its code does, and so do its earlier names."""

    @pytest.mark.parametrize("word", ["cpu-bound-in-thread-pool", "computing-in-thread-pool", "CON201"])
    def test_in_the_configuration(self, word: str) -> None:
        taken = Selection(replace(CONFIG, select=parse_codes([word])))
        assert taken.takes("CON201", "a.py")
        assert not taken.takes("CON202", "a.py")

    @pytest.mark.parametrize("word", ["STATE-LOST-IN-PROCESS", "SHARED-MODULE-STATE", "CON605", "CON6"])
    def test_in_a_comment(self, word: str) -> None:
        finding = make_finding(code="CON605")
        assert holds_for(make_directive(DirectiveKind.IGNORE, word), finding)
        assert not holds_for(make_directive(DirectiveKind.IGNORE, word), make_finding(code="CON101"))

    def test_no_two_rules_have_a_name_in_common(self) -> None:
        names = [name for rule in all_rules() for name in (rule.name, *rule.former)]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize(
        ("word", "is_known"), [("HTTP-ON-EVENT-LOOP", True), ("HTTP", False), ("CON1", True)]
    )
    def test_part_of_a_name_is_none(self, word: str, is_known: bool) -> None:
        assert (unknown_code(word, selectable_words()) is None) is is_known


class TestMisspelled:
    """What says something unknown is told, whatever was asked: who wrote it believes that it holds."""

    def said(self, *directives: Directive) -> list[str]:
        found = filter_findings([make_finding()], CONFIG, {"app/views.py": directives}, inline=True)
        assert found.kept
        return [item.message for item in found.misspelled]

    def test_a_word(self) -> None:
        assert self.said(make_directive(DirectiveKind.UNKNOWN, "ingore")) == [
            "unknown comment `conclint: ingore`; did you mean 'ignore'?"
        ]

    def test_a_name(self) -> None:
        (message,) = self.said(make_directive(IGNORE, "SLEEP-ON-EVENT-LOP"))
        assert message.startswith("this `conclint: ignore` hides nothing: there is no rule")

    def test_a_code_of_another_linter(self) -> None:
        (message,) = self.said(make_directive(IGNORE, "E501"))
        assert "conclint's codes begin with CON" in message

    def test_what_is_known_is_not(self) -> None:
        assert self.said(make_directive(IGNORE, "CON2"), make_directive(NOQA, "E501")) == []
