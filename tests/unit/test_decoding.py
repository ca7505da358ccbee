"""From bytes to text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint.syntax.decoding import DecodingError, decode_source, encode_source


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x = 1\r\ny\r", "x = 1\r\ny\r"),
        ("é".encode(), "é"),
        (codecs.BOM_UTF8 + b"x", "x"),
        (codecs.BOM_UTF8 + b"# coding: utf-8\nx", "# coding: utf-8\nx"),
        (b"# -*- coding: latin-1 -*-\n\xe9", "# -*- coding: latin-1 -*-\né"),
        (
            b"#!/bin/sh\n# vim: set fileencoding=cp1252 :\n\x80",
            "#!/bin/sh\n# vim: set fileencoding=cp1252 :\n€",
        ),
        (b"\r# coding: latin-1\r\xe9", "\r# coding: latin-1\ré"),
        (b"# coding=UTF_8\n\xc3\xa9", "# coding=UTF_8\né"),
        (b"# -*- coding: utf-8-unix -*-\n\xc3\xa9", "# -*- coding: utf-8-unix -*-\né"),
        (codecs.BOM_UTF8 + b"# coding: utf-8-dos\n", "# coding: utf-8-dos\n"),
        (b"# coding: Latin-1-unix\n\xe9", "# coding: Latin-1-unix\né"),
        (b"# coding: iso-8859-15\n\xa4", "# coding: iso-8859-15\n€"),
        (b"# coding: koi8-r\n\xc1", "# coding: koi8-r\nа"),
        (b"x = 1  # caf\xe9\ny", "x = 1  # caf\ufffd\ny"),
        (b"# coding: utf-8\n# \xe9\xff\nx", "# coding: utf-8\n# \ufffd\ufffd\nx"),
    ],
)
def test_decodes(data: bytes, text: str) -> None:
    assert decode_source(data) == text


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"x\n\xe9 = 1", 2, "0xe9"),
        (b"x\r\ny\r\xff", 3, "0xff"),
        (b"a\nb\0", 2, "NUL"),
        (b"# coding: nonsense\n", 1, "nonsense"),
        (b"\n# coding: rot13\nx", 2, "rot13"),
        (codecs.BOM_UTF8 + b"\n# coding: latin-1\n", 2, "latin-1"),
        (b"x = 1\n# coding: latin-1\n\xe9", 3, "coding line"),
        (b"\n\n# coding: latin-1\n\xe9", 4, "coding line"),
        (b"# coding: ascii\n\xe9", 2, "ascii"),
        (b"# coding: utf-16\nx", 1, "utf-16"),
        (b"# coding: idna\n\xff", 1, "idna"),
        (b"# coding: unicode_escape\nx = '\\n'", 1, "unicode_escape"),
        (b"#\n# coding: utf-7\nx", 2, "utf-7"),
        (b"# coding: zip\nx", 1, "zip"),
        (b"# coding: undefined\nx", 1, "undefined"),
        (codecs.BOM_UTF16_LE + "x = 1".encode("utf-16-le"), 1, "UTF-16"),
        (codecs.BOM_UTF32_BE + "x = 1".encode("utf-32-be"), 1, "UTF-32"),
    ],
)
def test_names_the_line_at_fault(data: bytes, line: int, word: str) -> None:
    with pytest.raises(DecodingError, match=word) as caught:
        decode_source(data)
    assert caught.value.line == line


@given(st.binary() | st.from_regex(rb"# coding: [a-z0-9_-]{1,12}\n[\x00-\xff]{0,20}", fullmatch=True))
def test_raises_nothing_else(data: bytes) -> None:
    try:
        decode_source(data)
    except DecodingError as error:
        assert 1 <= error.line <= data.count(b"\n") + data.count(b"\r") + 1


def test_no_codec_is_looked_for_outside_of_python() -> None:
    asked = []

    def search(name: str) -> None:
        asked.append(name)

    codecs.register(search)
    try:
        with pytest.raises(DecodingError, match="unknown encoding"):
            decode_source(b"# coding: of_the_project\nx")
        encode_source("# coding: of_the_project\nx")
    finally:
        getattr(codecs, "unregister", lambda _: None)(search)
    assert asked == []
