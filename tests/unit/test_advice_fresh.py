"""What was just made is nobody else's: no lock is asked for around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.advice import Told, advice_for

PROGRAM = """
import dataclasses
import json
import requests
from fastapi import Body, Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()
DEFAULTS = {}

class Order(BaseModel):
    name: str
    notes: list

def settings():
    return DEFAULTS

def completed(options, url):
    options["token"] = requests.get(url, timeout=3).text
    return options

def noted(order, url):
    order.notes.append(requests.get(url, timeout=3).text)
    return order

def run(call, **options):
    return call(options)
"""


def told_of(folder: Path, code: str) -> list[Told]:
    (folder / "program.py").write_text(f"{PROGRAM}\n{code}\n", encoding="utf-8")
    told = [item for item in advice_for(folder) if item.finding.code == "CON101"]
    assert told
    return told


@pytest.mark.parametrize(
    "made",
    [
        "order.model_dump(exclude={'name'})",
        "order.dict()",
        "order.to_dict()",
        "order._asdict()",
        "order.json()",
        "dataclasses.asdict(order)",
        "dict(order)",
        "vars(order).copy()",
        "json.loads(order)",
        "{'order': order}",
        "{name: 1 for name in order}",
    ],
)
def test_what_was_just_made_needs_no_lock(tmp_path: Path, made: str) -> None:
    code = f"async def handler(order, url):\n    options = {made}\n    return completed(options, url)"
    for item in told_of(tmp_path, code):
        assert "Lock" not in item.words
        assert item.example.endswith("return await asyncio.to_thread(completed, options, url)")


@pytest.mark.parametrize("made", ["vars(order)", "order.kept", "DEFAULTS", "order"])
def test_what_others_have_too_needs_a_lock(tmp_path: Path, made: str) -> None:
    code = f"async def handler(order, url):\n    options = {made}\n    return completed(options, url)"
    for item in told_of(tmp_path, code):
        assert "a `threading.Lock` around each use" in item.words
        assert item.text is None


@pytest.mark.parametrize(
    "code",
    [
        "async def handler(url, **options):\n    return completed(options, url)",
        "async def handler(url, call, options):\n    completed(options, url)\n    run(call, **options)",
        "@app.post('/')\nasync def handler(url: str, order: Order = Body(...)):\n"
        "    noted(order, url)\n    await app.told(order)",
    ],
)
def test_the_options_of_one_call_need_no_lock(tmp_path: Path, code: str) -> None:
    for item in told_of(tmp_path, code):
        assert "Lock" not in item.words
        assert "await asyncio.to_thread(" in item.example


@pytest.mark.parametrize(
    "code",
    [
        "async def handler(url, options):\n    merged = dict(**options)\n    return completed(options, url)",
        "@app.post('/')\nasync def handler(url: str, order: Order = Depends(settings)):\n"
        "    noted(order, url)\n    await app.told(order)",
    ],
)
def test_what_a_function_is_given_may_be_that_of_others(tmp_path: Path, code: str) -> None:
    for item in told_of(tmp_path, code):
        assert "a `threading.Lock` around each use" in item.words
