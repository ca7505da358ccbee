"""Workloads for documents and serialisation: JSON, YAML, XML, HTML, templates, sheets, tokens."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

from conclint.measure.workloads.group import Group, drain, page, records, text


def _rows() -> SimpleNamespace:
    rows = records(15_000)
    return SimpleNamespace(rows=rows, document=json.dumps(rows))


def _orjson() -> SimpleNamespace:
    import orjson

    return SimpleNamespace(orjson=orjson, **vars(_rows()))


def _ujson() -> SimpleNamespace:
    import ujson

    return SimpleNamespace(ujson=ujson, **vars(_rows()))


def _simplejson() -> SimpleNamespace:
    import simplejson

    return SimpleNamespace(simplejson=simplejson, **vars(_rows()))


def _msgpack() -> SimpleNamespace:
    import msgpack

    rows = records(20_000)
    return SimpleNamespace(msgpack=msgpack, rows=rows, packed=msgpack.packb(rows))


ORJSON = Group(
    _orjson,
    {
        "orjson.loads": lambda d: d.orjson.loads(d.document),
        "orjson.dumps": lambda d: [d.orjson.dumps(d.rows) for _ in range(5)],
    },
)
UJSON = Group(
    _ujson,
    {
        "ujson.loads": lambda d: d.ujson.loads(d.document),
        "ujson.dumps": lambda d: [d.ujson.dumps(d.rows) for _ in range(3)],
    },
)
SIMPLEJSON = Group(
    _simplejson,
    {
        "simplejson.loads": lambda d: d.simplejson.loads(d.document),
        "simplejson.dumps": lambda d: d.simplejson.dumps(d.rows),
    },
)
MSGPACK = Group(
    _msgpack,
    {
        "msgpack.packb": lambda d: d.msgpack.packb(d.rows),
        "msgpack.unpackb": lambda d: d.msgpack.unpackb(d.packed),
    },
)


def _yaml() -> SimpleNamespace:
    import yaml

    rows = records(100)
    return SimpleNamespace(
        yaml=yaml,
        rows=rows,
        document=yaml.safe_dump(rows),
        fast=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
    )


YAML = Group(
    _yaml,
    {
        "yaml.safe_load": lambda d: d.yaml.safe_load(d.document),
        "yaml.load": lambda d: [d.yaml.load(d.document, d.fast) for _ in range(5)],
        "yaml.full_load": lambda d: d.yaml.full_load(d.document),
        "yaml.safe_dump": lambda d: d.yaml.safe_dump(d.rows),
        "yaml.compose": lambda d: d.yaml.compose(d.document),
        "yaml.scan": lambda d: drain(d.yaml.scan(d.document)),
    },
)


_SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><o>
<xsl:for-each select="//tr"><i><xsl:value-of select="td[1]"/></i></xsl:for-each></o>
</xsl:template></xsl:stylesheet>"""


def _lxml() -> SimpleNamespace:
    import lxml.etree
    import lxml.html

    markup = page(15_000)
    return SimpleNamespace(
        etree=lxml.etree,
        html=lxml.html,
        markup=markup,
        tree=lxml.etree.fromstring(markup),
        document=lxml.html.fromstring(markup),
        sheet=lxml.etree.fromstring(_SHEET),
        # One thread's trees are copied when another works on them: each call has its own.
        small=page(12_000),
    )


LXML = Group(
    _lxml,
    {
        "lxml.etree.fromstring": lambda d: d.etree.fromstring(d.markup),
        "lxml.etree.XML": lambda d: d.etree.XML(d.markup),
        "lxml.etree.HTML": lambda d: d.etree.HTML(d.markup),
        "lxml.etree.tostring": lambda d: [d.etree.tostring(d.tree) for _ in range(3)],
        "lxml.html.fromstring": lambda d: d.html.fromstring(d.markup),
        "lxml.html.tostring": lambda d: [d.html.tostring(d.document) for _ in range(3)],
        "lxml.etree._Element.xpath": lambda d: d.tree.xpath("//td[@id]"),
        "lxml.etree._Element.iter": lambda d: drain(element for _ in range(8) for element in d.tree.iter()),
        "lxml.etree.XSLT.__call__": lambda d: d.etree.XSLT(d.sheet)(d.etree.fromstring(d.small)),
    },
)


def _soup() -> SimpleNamespace:
    import bs4

    markup = page(700)
    return SimpleNamespace(
        bs4=bs4,
        markup=markup,
        soup=bs4.BeautifulSoup(page(12_000), "html.parser"),
        small=bs4.BeautifulSoup(markup, "html.parser"),
    )


BS4 = Group(
    _soup,
    {
        "bs4.BeautifulSoup.__init__": lambda d: d.bs4.BeautifulSoup(d.markup, "html.parser"),
        "bs4.Tag.find_all": lambda d: d.soup.find_all("td"),
        "bs4.Tag.select": lambda d: d.soup.select("tr.row3"),
        "bs4.Tag.get_text": lambda d: d.soup.get_text(),
        "bs4.Tag.prettify": lambda d: d.small.prettify(),
    },
)


def _html5lib() -> SimpleNamespace:
    import html5lib

    return SimpleNamespace(html5lib=html5lib, markup=page(400))


HTML5LIB = Group(_html5lib, {"html5lib.parse": lambda d: d.html5lib.parse(d.markup)})


def _markdown() -> SimpleNamespace:
    import markdown

    return SimpleNamespace(
        markdown=markdown, text="# Head\n\n*one* `two` [three](four)\n\n- five\n- six\n\n" * 60
    )


MARKDOWN = Group(_markdown, {"markdown.markdown": lambda d: d.markdown.markdown(d.text)})

_TEMPLATE = (
    "{% for row in rows %}<p>{{ row.id }} {{ row.name|upper }}{% if row.tags %}!{% endif %}</p>{% endfor %}"
)


def _jinja2() -> SimpleNamespace:
    import jinja2

    return SimpleNamespace(
        jinja2=jinja2,
        template=jinja2.Template(_TEMPLATE),
        rows=records(25_000),
        many=_TEMPLATE * 20,
    )


JINJA2 = Group(
    _jinja2,
    {
        "jinja2.Template.render": lambda d: d.template.render(rows=d.rows),
        "jinja2.Environment.from_string": lambda d: d.jinja2.Environment(cache_size=0).from_string(d.many),
        "jinja2.Environment.parse": lambda d: d.jinja2.Environment().parse(d.many * 4),
    },
)


def _sheet(openpyxl: Any, rows: int) -> bytes:
    book = openpyxl.Workbook()
    for number in range(rows):
        book.active.append([number, "name", 1.5, None])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _openpyxl() -> SimpleNamespace:
    import openpyxl

    return SimpleNamespace(openpyxl=openpyxl, raw=_sheet(openpyxl, 1_200))


OPENPYXL = Group(
    _openpyxl,
    {
        "openpyxl.load_workbook": lambda d: d.openpyxl.load_workbook(io.BytesIO(d.raw)),
        "openpyxl.Workbook.save": lambda d: _sheet(d.openpyxl, 1_200),
    },
)


def _tiktoken() -> SimpleNamespace:
    import tiktoken

    ranks = {bytes([number]): number for number in range(256)}
    for first in range(97, 123):
        for second in range(97, 123):
            ranks[bytes([first, second])] = len(ranks)
    coding = tiktoken.Encoding("pairs", pat_str=r"\w+|\s+|[^\w\s]+", mergeable_ranks=ranks, special_tokens={})
    words = text(60_000)
    return SimpleNamespace(coding=coding, text=words, tokens=coding.encode(words))


TIKTOKEN = Group(
    _tiktoken,
    {
        "tiktoken.Encoding.encode": lambda d: d.coding.encode(d.text),
        "tiktoken.Encoding.encode_ordinary": lambda d: d.coding.encode_ordinary(d.text),
        "tiktoken.Encoding.decode": lambda d: [d.coding.decode(d.tokens) for _ in range(5)],
    },
)


def _nltk() -> SimpleNamespace:
    import nltk.stem
    import nltk.tokenize

    words = text(60_000)
    return SimpleNamespace(
        nltk=nltk,
        text=words,
        stemmer=nltk.stem.PorterStemmer(),
        words=[f"{word}ingly" for word in words.split()[:4_000]],
    )


NLTK = Group(
    _nltk,
    {
        "nltk.tokenize.wordpunct_tokenize": lambda d: d.nltk.tokenize.wordpunct_tokenize(d.text[:150_000]),
        "nltk.stem.PorterStemmer.stem": lambda d: [d.stemmer.stem(word) for word in d.words],
        "nltk.edit_distance": lambda d: d.nltk.edit_distance(d.text[:200], d.text[1_000:1_200]),
    },
)


def _networkx() -> SimpleNamespace:
    import networkx

    return SimpleNamespace(
        networkx=networkx,
        graph=networkx.gnp_random_graph(250, 0.08, seed=1),
        dense=networkx.gnp_random_graph(130, 0.35, seed=1),
    )


NETWORKX = Group(
    _networkx,
    {
        "networkx.betweenness_centrality": lambda d: d.networkx.betweenness_centrality(d.graph, 25),
        "networkx.average_clustering": lambda d: d.networkx.average_clustering(d.graph),
        "networkx.all_pairs_shortest_path_length": lambda d: drain(
            d.networkx.all_pairs_shortest_path_length(d.graph)
        ),
        "networkx.connected_components": lambda d: drain(
            component for _ in range(300) for component in d.networkx.connected_components(d.graph)
        ),
        "networkx.find_cliques": lambda d: drain(d.networkx.find_cliques(d.dense)),
    },
)
