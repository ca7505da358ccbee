"""Drafts of the structural rules: where, what, and the form that the code there should have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Recommendation
from conclint.model.severity import Severity
from conclint.resolve.values import Key
from conclint.rules.advice.change import Advice as Constructed
from conclint.rules.advice.forms import Form
from conclint.rules.advice.imports import visible_imports
from conclint.rules.advice.library import AsyncLibrary, library_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import Advise, Draft, ModuleView, draft_at
from conclint.rules.registry import rules_by_code
from conclint.rules.structural.code import Code

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place


class Advice(NamedTuple):
    """What to do instead. `form` is what is made of the code at the place, where it is simple enough."""

    model: ExecutionModel
    text: str
    form: Form | None = None


def found(
    view: ModuleView,
    code: Code,
    site: int,
    rule: str,
    message: str,
    advice: Advice,
    *,
    cause: str,
    model: ExecutionModel | None = None,
    effect: EffectKind | None = None,
    family: str | None = None,
    severity: Severity | None = None,
    reasons: Iterable[str] = (),
    most: Confidence = Confidence.HIGH,
    chain: Iterable[Hop] = (),
) -> Draft:
    """The draft of a structural rule at a site; each reason is an assumption."""
    hops = list(chain) or [Hop(code.key, site, cause)]
    return draft_at(
        view,
        code.key,
        site,
        rules_by_code()[rule],
        message,
        advise=advise_form(view, code.key, advice),
        reasons=reasons,
        most=most,
        chain=hops,
        model=model,
        effect=effect,
        family=family,
        severity=severity,
        cause=cause,
    )


def advise_form(view: ModuleView, key: Key, advice: Advice) -> Advise:
    """Makes the advice, with the form that the code at the place should have."""
    plain = Recommendation(advice.model, advice.text)

    def advise(place: Place) -> Constructed:
        if advice.form is None:
            return Constructed(plain)
        tops = view.module.imported_packages()
        if advice.form is Form.GATHER and library_of(tops, view.library) is not AsyncLibrary.ASYNCIO:
            return Constructed(plain)
        from conclint.rules.advice.build import in_form

        return in_form(place, plain, advice.form, visible_imports(view.module, key))

    return advise
