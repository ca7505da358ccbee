"""What advice comes to: edits of the text, the imports that they need, or a reason why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from conclint.model.finding import Recommendation

if TYPE_CHECKING:
    from conclint.rules.advice.site import Fragment, Node


class Edit(NamedTuple):
    """Text that takes the place of what stands between two offsets of a fragment."""

    start: int
    end: int
    text: str


class Change(NamedTuple):
    """Edits of one statement, `shown`, or of its header; `imports` are lines that the file needs in addition,
    `definitions` lines for the module's top level after them. `what`: a phrase for what is moved."""

    shown: Node
    edits: tuple[Edit, ...]
    imports: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    what: str = ""

    def applied(self, fragment: Fragment, start: int, end: int) -> str:
        """The text between two offsets with the edits in it."""
        text, at = "", start
        for edit in sorted(self.edits):
            text += fragment.text[at : edit.start] + edit.text
            at = edit.end
        return text + fragment.text[at:end]


class Refusal(NamedTuple):
    """What is said where no code can be given; empty where there is nothing to say. `instead`: it says what
    to do, and so can stand as an alternative. `only`: there is no other one, a known counterpart neither.
    `moves`: it has the call run in a thread as it is."""

    words: str = ""
    instead: bool = False
    only: bool = False
    moves: bool = False


Outcome: TypeAlias = "Change | Refusal"


class Advice(NamedTuple):
    """What a reader is told, and the change that it shows, in full, of the text `fragment`; `done` says what
    the change does. `is_safe`: the program does what it did."""

    recommendation: Recommendation
    change: Change | None = None
    fragment: Fragment | None = None
    done: str = ""
    is_safe: bool = False
