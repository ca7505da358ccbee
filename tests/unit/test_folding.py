"""Reports on narrow terminals: at 60, 80 and 120 columns, with long names and paths."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint.model.code_lines import folded_code
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Finding, Recommendation, Step
from conclint.report.folding import folded
from conclint.report.outcome import Outcome, Presentation, render_outcome
from samples import make_finding

LIBRARY = "azure.storage.blob._generated.operations._block_blob_operations.BlockBlobOperations.upload"
EXAMPLE = (
    "import asyncio\n\n"
    "answer = await asyncio.to_thread(self.storage.upload_and_wait, name, content, "
    "timeout=self.settings.timeout)"
)


def deep() -> Finding:
    chain = (
        Step("shop.orders.services.checkout.CheckoutService.place_order", "shop/orders/api.py", 11, 1),
        Step(
            "shop.storage.backends.blobs.BlobStore.upload_and_wait",
            "shop/orders/services/checkout.py",
            120,
            1,
        ),
        Step(LIBRARY, "shop/storage/backends/blobs.py", 7, 1),
    )
    fix = Recommendation(ExecutionModel.THREAD, "run `upload_and_wait` in a thread.", EXAMPLE)
    return make_finding(message="it blocks", path="a.py", chain=chain, recommendation=fix)


def shown(width: int, *, colour: bool = False) -> list[str]:
    outcome = Outcome([deep()], 1, Path("/nowhere"))
    presentation = Presentation(width=width, wraps=True, quiet=True, colour=colour)
    return render_outcome(outcome, presentation).splitlines()


AT_60 = """\
a.py:3:12: CON101 it blocks [critical]
  shop/orders/api.py:11 calls CheckoutService.place_order
    shop/orders/services/checkout.py:120
          calls BlobStore.upload_and_wait
      shop/storage/backends/blobs.py:7
            calls azure.….BlockBlobOperations.upload
  fix: run `upload_and_wait` in a thread.
      import asyncio

      answer = await asyncio.to_thread(
          self.storage.upload_and_wait, name, content,
          timeout=self.settings.timeout)
"""
AT_80 = """\
a.py:3:12: CON101 it blocks [critical]
  shop/orders/api.py:11 calls CheckoutService.place_order
    shop/orders/services/checkout.py:120 calls BlobStore.upload_and_wait
      shop/storage/backends/blobs.py:7 calls azure.….BlockBlobOperations.upload
  fix: run `upload_and_wait` in a thread.
      import asyncio

      answer = await asyncio.to_thread(self.storage.upload_and_wait, name,
          content, timeout=self.settings.timeout)
"""


@pytest.mark.parametrize(("width", "wanted"), [(60, AT_60), (80, AT_80)])
def test_a_finding(width: int, wanted: str) -> None:
    assert [line.rstrip() for line in shown(width) if line] == [line for line in wanted.splitlines() if line]
    assert "" in shown(width)[:-1]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_and_nothing_ends_in_spaces(width: int) -> None:
    assert max(map(len, shown(width))) <= width
    coloured = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown(width, colour=True)]
    assert coloured == [line.rstrip() for line in coloured]


def test_folded_text_goes_on_further_in() -> None:
    assert folded("      waits: sleep (time.sleep), http (requests.get)\n", 30) == (
        "      waits: sleep\n          (time.sleep), http\n          (requests.get)\n"
    )
    assert folded(f"a {'b/' * 40} c\n", 30) == f"a {'b/' * 40}\n    c\n"
    assert folded("\n  short\n", 30) == "\n  short\n"


NAMES = st.sampled_from(["name", "a.much_longer_name", "'a, (string'", "call(one, two)", "[1, 2]", "key=3"])


@given(st.lists(NAMES, min_size=1, max_size=8), st.integers(20, 60))
def test_folded_code_means_the_same(names: list[str], width: int) -> None:
    code = f"result = function({', '.join(sorted(names, key=lambda name: '=' in name))})"
    lines = folded_code(code, width)
    duplicate = names.count("key=3") > 1
    if not duplicate:
        assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(code))


@pytest.mark.parametrize(
    "code", ["a, b = first_name_of_all, second_name_of_all", "x = 1  # (not, broken, here)"]
)
def test_what_no_bracket_holds_is_kept_whole(code: str) -> None:
    assert folded_code(code, 24) == [code]
