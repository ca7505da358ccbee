"""Workloads for the standard library's parsing, formatting and computing."""

from __future__ import annotations

import ast
import copy
import csv
import difflib
import email
import email.message
import gc
import html.parser
import io
import json
import marshal
import math
import pickle
import plistlib
import py_compile
import random
import re
import statistics
import tempfile
import tokenize
import xml.dom.minidom
import xml.etree.ElementTree as ElementTree
import xml.sax
import xmlrpc.client
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from conclint.measure.workloads.group import Group, drain, page, records, text


def _data() -> SimpleNamespace:
    rows = records(15_000)
    document = json.dumps(rows)
    markup = page(8_000)
    message = email.message.EmailMessage()
    message["Subject"] = "measured"
    message.set_content(text(1_000))
    for number in range(20):
        message.add_attachment(text(3_000, number).encode(), maintype="application", subtype="octet-stream")
    return SimpleNamespace(
        rows=rows,
        document=document,
        pickled=pickle.dumps(rows),
        marshalled=marshal.dumps(rows),
        markup=markup,
        small_markup=page(1_500),
        tree=ElementTree.fromstring(markup),
        plist=plistlib.dumps([{"id": row["id"], "name": row["name"]} for row in rows[:2000]]),
        remote=xmlrpc.client.dumps(([{"id": row["id"], "name": row["name"]} for row in rows[:3000]],)),
        message=message.as_string(),
        raw_message=message.as_bytes(),
        flat=[{"id": row["id"], "name": row["name"], "amount": row["amount"]} for row in rows],
    )


def _write_rows(rows: list[dict[str, Any]]) -> None:
    csv.DictWriter(io.StringIO(), ["id", "name", "amount"]).writerows(rows)


DATA = Group(
    _data,
    {
        "json.loads": lambda d: json.loads(d.document),
        "json.dumps": lambda d: json.dumps(d.rows),
        "json.JSONDecoder.decode": lambda d: json.JSONDecoder().decode(d.document),
        "json.JSONDecoder.raw_decode": lambda d: json.JSONDecoder().raw_decode(d.document),
        "json.JSONEncoder.encode": lambda d: json.JSONEncoder().encode(d.rows),
        "json.JSONEncoder.iterencode": lambda d: drain(json.JSONEncoder().iterencode(d.rows[:4000])),
        "pickle.loads": lambda d: pickle.loads(d.pickled),
        "pickle.dumps": lambda d: pickle.dumps(d.rows),
        "marshal.loads": lambda d: marshal.loads(d.marshalled),
        "marshal.dumps": lambda d: marshal.dumps(d.rows),
        "csv.DictWriter.writerows": lambda d: _write_rows(d.flat),
        "xml.etree.ElementTree.fromstring": lambda d: ElementTree.fromstring(d.markup),
        "xml.etree.ElementTree.XML": lambda d: ElementTree.XML(d.markup),
        "xml.etree.ElementTree.XMLID": lambda d: ElementTree.XMLID(d.markup),
        "xml.etree.ElementTree.fromstringlist": lambda d: ElementTree.fromstringlist([d.markup]),
        "xml.etree.ElementTree.tostring": lambda d: ElementTree.tostring(d.tree),
        "xml.etree.ElementTree.tostringlist": lambda d: ElementTree.tostringlist(d.tree),
        "xml.etree.ElementTree.canonicalize": lambda d: ElementTree.canonicalize(d.small_markup),
        "xml.etree.ElementTree.indent": lambda d: ElementTree.indent(d.tree),
        "xml.dom.minidom.parseString": lambda d: xml.dom.minidom.parseString(d.small_markup),
        "xml.sax.parseString": lambda d: xml.sax.parseString(d.markup, xml.sax.ContentHandler()),
        "plistlib.loads": lambda d: plistlib.loads(d.plist),
        "plistlib.dumps": lambda d: plistlib.dumps(d.flat[:3000]),
        "email.message_from_string": lambda d: email.message_from_string(d.message),
        "email.message_from_bytes": lambda d: email.message_from_bytes(d.raw_message),
        "html.parser.HTMLParser.feed": lambda d: html.parser.HTMLParser().feed(d.small_markup),
        "xmlrpc.client.dumps": lambda d: xmlrpc.client.dumps((d.flat[:3000],)),
        "xmlrpc.client.loads": lambda d: xmlrpc.client.loads(d.remote),
    },
)


def _toml() -> SimpleNamespace:
    import tomllib

    lines = (f'[table{n}]\nname = "{n}"\nvalues = [{n}, 1.5, true]\n' for n in range(1_000))
    return SimpleNamespace(tomllib=tomllib, text="\n".join(lines))


TOML = Group(_toml, {"tomllib.loads": lambda d: d.tomllib.loads(d.text)})


def _prose() -> SimpleNamespace:
    prose = text(60_000)
    lines, changed = text(6_000).splitlines(), text(6_000).splitlines()
    for number in range(0, len(changed), 5):
        changed[number] = f"{changed[number]} changed"
    return SimpleNamespace(
        prose=prose,
        lines=lines,
        changed=changed,
        raw=[line.encode() for line in lines],
        raw_changed=[line.encode() for line in changed],
        words=[f"{word}{number}" for number, word in enumerate(prose.split()[:8_000])],
        one=prose[:6_000],
        other=text(60_000, seed=5)[:6_000],
        pattern=re.compile(r"\w+@\w+\.com"),
        absent=re.compile(r"\w+@nowhere\.org"),
        whole=re.compile(r"(?:(\w)|\W)*"),
    )


TEXT = Group(
    _prose,
    {
        "re.match": lambda d: re.match(r"(?:(\w)|\W)*", d.prose),
        "re.fullmatch": lambda d: re.fullmatch(r"(?:(\w)|\W)*", d.prose),
        "re.search": lambda d: re.search(r"\w+@nowhere\.org", d.prose),
        "re.split": lambda d: re.split(r"\s+", d.prose * 3),
        "re.findall": lambda d: re.findall(r"\w+@\w+\.com", d.prose),
        "re.finditer": lambda d: drain(re.finditer(r"\w+@\w+\.com", d.prose)),
        "re.sub": lambda d: re.sub(r"(\w+)@(\w+)", r"\2 at \1", d.prose),
        "re.subn": lambda d: re.subn(r"(\w+)@(\w+)", r"\2 at \1", d.prose),
        "re.Pattern.match": lambda d: d.whole.match(d.prose),
        "re.Pattern.fullmatch": lambda d: d.whole.fullmatch(d.prose),
        "re.Pattern.search": lambda d: d.absent.search(d.prose),
        "re.Pattern.findall": lambda d: d.pattern.findall(d.prose),
        "re.Pattern.finditer": lambda d: drain(d.pattern.finditer(d.prose)),
        "re.Pattern.sub": lambda d: d.pattern.sub("somebody", d.prose),
        "re.Pattern.subn": lambda d: d.pattern.subn("somebody", d.prose),
        "re.Pattern.split": lambda d: d.pattern.split(d.prose),
        "difflib.ndiff": lambda d: drain(difflib.ndiff(d.lines[:250], d.changed[:250])),
        "difflib.unified_diff": lambda d: drain(difflib.unified_diff(d.lines, d.changed)),
        "difflib.context_diff": lambda d: drain(difflib.context_diff(d.lines, d.changed)),
        "difflib.diff_bytes": lambda d: drain(difflib.diff_bytes(difflib.unified_diff, d.raw, d.raw_changed)),
        "difflib.get_close_matches": lambda d: difflib.get_close_matches("heartbeats", d.words),
        "difflib.SequenceMatcher.ratio": lambda d: difflib.SequenceMatcher(None, d.one, d.other).ratio(),
        "difflib.SequenceMatcher.get_opcodes": lambda d: difflib.SequenceMatcher(
            None, d.one, d.other
        ).get_opcodes(),
        "difflib.SequenceMatcher.get_matching_blocks": lambda d: difflib.SequenceMatcher(
            None, d.one, d.other
        ).get_matching_blocks(),
        "difflib.SequenceMatcher.find_longest_match": lambda d: difflib.SequenceMatcher(
            None, d.prose[:12_000], d.prose[6_000:18_000], autojunk=False
        ).find_longest_match(0, 600, 0, 12_000),
        "difflib.SequenceMatcher.get_grouped_opcodes": lambda d: drain(
            difflib.SequenceMatcher(None, d.one, d.other).get_grouped_opcodes()
        ),
        "difflib.SequenceMatcher.quick_ratio": lambda d: difflib.SequenceMatcher(
            None, d.prose[:150_000], d.prose[100_000:250_000]
        ).quick_ratio(),
        "difflib.SequenceMatcher.set_seq2": lambda d: difflib.SequenceMatcher().set_seq2(d.prose),
        "difflib.SequenceMatcher.set_seqs": lambda d: difflib.SequenceMatcher().set_seqs(d.one, d.prose),
        "difflib.Differ.compare": lambda d: drain(difflib.Differ().compare(d.lines[:250], d.changed[:250])),
        "difflib.HtmlDiff.make_file": lambda d: difflib.HtmlDiff().make_file(d.lines[:400], d.changed[:400]),
        "difflib.HtmlDiff.make_table": lambda d: difflib.HtmlDiff().make_table(
            d.lines[:400], d.changed[:400]
        ),
    },
)


def _numbers() -> SimpleNamespace:
    source = random.Random(3)
    return SimpleNamespace(
        floats=[source.random() * 100 for _ in range(60_000)],
        others=[source.random() * 100 for _ in range(60_000)],
        integers=[source.randrange(5_000) for _ in range(400_000)],
        nested=[[number, (number, {"value": number})] for number in range(40_000)],
    )


NUMBERS = Group(
    _numbers,
    {
        "copy.deepcopy": lambda d: copy.deepcopy(d.nested[:6_000]),
        "statistics.mean": lambda d: statistics.mean(d.floats),
        "statistics.fmean": lambda d: statistics.fmean(d.floats * 20),
        "statistics.geometric_mean": lambda d: statistics.geometric_mean(d.floats * 4),
        "statistics.harmonic_mean": lambda d: statistics.harmonic_mean(d.floats),
        "statistics.median": lambda d: statistics.median(d.integers),
        "statistics.median_low": lambda d: statistics.median_low(d.integers),
        "statistics.median_high": lambda d: statistics.median_high(d.integers),
        "statistics.median_grouped": lambda d: statistics.median_grouped(d.integers),
        "statistics.mode": lambda d: statistics.mode(d.integers),
        "statistics.multimode": lambda d: statistics.multimode(d.integers),
        "statistics.quantiles": lambda d: statistics.quantiles(d.integers),
        "statistics.stdev": lambda d: statistics.stdev(d.floats[:30_000]),
        "statistics.pstdev": lambda d: statistics.pstdev(d.floats[:30_000]),
        "statistics.variance": lambda d: statistics.variance(d.floats[:30_000]),
        "statistics.pvariance": lambda d: statistics.pvariance(d.floats[:30_000]),
        "statistics.correlation": lambda d: statistics.correlation(d.floats, d.others),
        "statistics.covariance": lambda d: statistics.covariance(d.floats, d.others),
        "statistics.linear_regression": lambda d: statistics.linear_regression(d.floats, d.others),
        "math.factorial": lambda d: math.factorial(45_000),
        "math.comb": lambda d: math.comb(60_000, 20_000),
        "math.perm": lambda d: math.perm(30_000, 20_000),
        "random.shuffle": lambda d: random.Random(4).shuffle(d.floats[:]),
        "random.sample": lambda d: random.sample(d.integers, 60_000),
        "random.choices": lambda d: random.choices(d.integers, k=200_000),
        "gc.collect": lambda d: gc.collect(),
        "gc.get_objects": lambda d: [gc.get_objects() for _ in range(5)],
        "gc.get_referrers": lambda d: [gc.get_referrers(d) for _ in range(5)],
    },
)


def _source() -> SimpleNamespace:
    function = "def f{0}(a, b=1, *c, **d):\n    return [x + {0} for x in a if x > b] or (c, d)\n"
    source = "\n".join(function.format(number) for number in range(700))
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name, "module.py")
    path.write_text(source, encoding="utf-8")
    return SimpleNamespace(
        source=source,
        raw=source.encode(),
        tree=ast.parse(source),
        literal=repr(records(800)),
        tokens=[token[:2] for token in tokenize.generate_tokens(io.StringIO(source).readline)],
        folder=folder,
        path=path,
    )


SYNTAX = Group(
    _source,
    {
        "builtins.compile": lambda d: compile(d.source, "module.py", "exec"),
        "ast.parse": lambda d: ast.parse(d.source),
        "ast.literal_eval": lambda d: ast.literal_eval(d.literal),
        "ast.dump": lambda d: ast.dump(d.tree),
        "ast.unparse": lambda d: ast.unparse(d.tree),
        "ast.walk": lambda d: drain(ast.walk(d.tree)),
        "ast.fix_missing_locations": lambda d: ast.fix_missing_locations(d.tree),
        "tokenize.generate_tokens": lambda d: drain(tokenize.generate_tokens(io.StringIO(d.source).readline)),
        "tokenize.tokenize": lambda d: drain(tokenize.tokenize(io.BytesIO(d.raw).readline)),
        "tokenize.untokenize": lambda d: tokenize.untokenize(d.tokens),
        "py_compile.compile": lambda d: py_compile.compile(str(d.path), cfile=f"{d.path}c"),
    },
)
