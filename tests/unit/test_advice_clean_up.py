"""Advice about clean-up that a cancelled task still has to do: an `await` there may cut it short."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, imports: str, body: str) -> list[Told]:
    lines = [imports, "async def handle(folder, work):", *(f"    {line}" for line in body.splitlines())]
    (folder / "program.py").write_text("\n".join(lines), encoding="utf-8")
    return advice_for(folder)


@pytest.mark.parametrize(
    ("imports", "shield"),
    [
        ("import asyncio, shutil", "asyncio.shield"),
        ("import anyio, shutil", "anyio.CancelScope(shield=True)"),
        ("import trio, shutil", "trio.CancelScope(shield=True)"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        "try:\n    await work()\nfinally:\n    shutil.rmtree(folder)",
        "try:\n    async for x in work:\n        x\nfinally:\n    if x:\n        shutil.rmtree(folder)",
        "try:\n    yield folder\nfinally:\n    shutil.rmtree(folder)",
        "try:\n    await work()\nexcept BaseException:\n    shutil.rmtree(folder)\n    raise",
        "try:\n    await work()\nexcept (OSError, work.CancelledError):\n    shutil.rmtree(folder)",
        "try:\n    async with work:\n        pass\nexcept:\n    shutil.rmtree(folder)\n    raise",
        "try:\n    await work()\nfinally:\n    with open(folder, 'w') as file:\n        file.write('x')",
    ],
)
def test_clean_up_is_not_made_to_wait(tmp_path: Path, imports: str, shield: str, body: str) -> None:
    told = told_of(tmp_path, imports, body)
    assert told
    assert all(not item.example and shield in item.words for item in told)


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    work()\nfinally:\n    shutil.rmtree(folder)",
        "try:\n    await work()\nexcept OSError:\n    shutil.rmtree(folder)",
        "try:\n    shutil.rmtree(folder)\nfinally:\n    await work()",
        "await work()\nshutil.rmtree(folder)",
    ],
)
def test_other_places_wait(tmp_path: Path, body: str) -> None:
    told = told_of(tmp_path, "import asyncio, shutil", body)
    assert told
    assert all("await asyncio.to_thread(shutil.rmtree, folder)" in item.example for item in told)
