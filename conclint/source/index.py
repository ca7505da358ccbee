"""The index: what one file mentions, found by a scan of its bytes without a parser.

It answers the questions that following imports forwards cannot: who may override this method, who
implements this protocol, who mentions this wrapper, which files can hold a finding at all. It errs on
the side of too much: text in a docstring that reads like an import counts as one. Statements that
begin a line or follow `:` or `;` are seen, with continuation lines and brackets; names that code
builds at run time are not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple, TypeAlias

FORMAT: Final = 2
"""Version of `FileIndex` and of `ROOT_WORDS`; part of the cache key."""

ImportMention: TypeAlias = "tuple[str, tuple[str, ...]]"
"""Module as written, with leading dots; the names taken from it, empty for `import module`."""

BaseMention: TypeAlias = "tuple[str, str]"
"""Last identifier of a base class, and its whole dotted name without subscript."""

ClassMention: TypeAlias = "tuple[str, tuple[BaseMention, ...]]"

ASYNC_DEF: Final = "async def"

ROOT_WORDS: Final = (
    ASYNC_DEF,
    "Pool",
    "Process",
    "_async",
    "anyio",
    "asyncio",
    "call_at",
    "call_later",
    "call_soon",
    "concurrent",
    "hread",
    "joblib",
    "multiprocessing",
    "run_in_",
    "run_sync",
    "submit",
    "tornado",
    "trio",
    "twisted",
    "xecutor",
)
"""Words one of which is in every file that can hold a finding, wrappers of the project's own aside.

Parts of words, so that one stands for `thread`, `Thread`, `to_thread` and `threading`.
"""


class FileIndex(NamedTuple):
    """What a file mentions. Plain tuples and strings inside, in order of appearance, without repeats."""

    imports: tuple[ImportMention, ...]
    classes: tuple[ClassMention, ...]
    functions: tuple[str, ...]
    words: tuple[str, ...]
    kept: tuple[str, ...] = ()
    """Under which names it keeps something in an application: `app.state.db = …`, `app["db"] = …`,
    `bot.db = …`, `yield {"db": …}`."""

    @property
    def is_root(self) -> bool:
        """Whether the file can hold a finding by its own words."""
        return bool(self.words)

    @property
    def imports_from_outside(self) -> bool:
        """Whether the file imports anything besides the standard library."""
        tops = {module.partition(".")[0] for module, _ in self.imports}
        return not tops <= sys.stdlib_module_names

    def mentions_library(self, tops: Collection[str]) -> bool:
        """Whether the file imports something below one of the top-level names."""
        return any(module.partition(".")[0] in tops for module, _ in self.imports)


# A break inside a statement is a backslash and a newline. Loops over it are written so that each byte
# can be matched in one way only: nothing here backtracks more than linearly. What a lookahead has found is
# matched as it is (`(?=(…))\N`), without a shorter try: Python 3.10 has no other way to say so.
_SPACE: Final = rb"(?:[ \t\f]|\\\r?\n)"
_NAME: Final = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_PATH: Final = _NAME + rb"(?:" + _SPACE + rb"*\." + _SPACE + rb"*" + _NAME + rb"){0,100}"
_IMPORT: Final = rb"import(?![\w\x80-\xff])"
_REST: Final = rb"([^\r\n\\#;(]*(?:\\\r?\n[^\r\n\\#;(]*)*)"
_BODY: Final = (
    rb"[ \t\f]*(?=[acdfi])(?:"  # asking for the letter first halves the time
    rb"import(?=[ \t\f\\])" + _REST + rb"|"
    rb"from(?=((?:" + _SPACE + rb"|\.)+(?:(?!" + _IMPORT + rb")" + _PATH + rb")?))\2"
    + _SPACE + rb"*" + _IMPORT + _REST + rb"|"
    rb"class" + _SPACE + rb"+(" + _NAME + rb")" + _SPACE + rb"*(?:\(([^()\[\]{}#'\"]{0,2000})\)|(?=[(\[:]))|"
    rb"(?:(async)" + _SPACE + rb"+)?def" + _SPACE + rb"+(" + _NAME + rb"))"
)  # fmt: skip
_FIRST: Final = re.compile(rb"(?:\xef\xbb\xbf)?" + _BODY)
_STATEMENT: Final = re.compile(rb"[\n\r:;]" + _BODY)
_ASYNC_DEF: Final = re.compile(rb"async" + _SPACE + rb"+def" + _SPACE)
_DOTTED: Final = re.compile(rb"[\s*]*(" + _NAME + rb"(?:\s*\.\s*" + _NAME + rb")*)\s*")
_TOKEN: Final = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|#[^\n]*|[()\[\]{},]", re.DOTALL)
_PARENTHESIS: Final = re.compile(rb"[()]|#[^\n]*")
_IDENTIFIER: Final = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_BLANKS: Final = b" \t\f\v\r\n\\"
_LITERAL_WORDS: Final = tuple((word, word.encode()) for word in ROOT_WORDS if word != ASYNC_DEF)
_KEEPING: Final = (b".state.", b".ctx.", b"pp[", b"on[", b"bot.")
_KEPT: Final = re.compile(
    rb"(?:(?:\.state|\.ctx|\bbot)\.(" + _NAME + rb")|(?:app|application)\[[ ]?[\"']([\w.-]{1,80})[\"'][ ]?\])"
    rb"[ ]*(?::[^=\n]{1,200})?=(?!=)"
)
_YIELDED: Final = re.compile(rb"yield \{([^{}]{1,1000})\}")
_KEY: Final = re.compile(rb"[\"'](\w{1,80})[\"'][ ]?:")
_HEADER_LIMIT: Final = 4_000
_DEPTH_LIMIT: Final = 20
_FEW_WORDS: Final = 12


def scan(data: bytes) -> FileIndex:
    """The index of a file's bytes, whatever they are; never raises."""
    imports: dict[ImportMention, None] = {}
    classes: dict[ClassMention, None] = {}
    functions: dict[bytes, None] = {}
    has_async = False
    read = 0
    for match in _statements(data):
        plain, module, names, cls, bases, is_async, function = match.groups()
        if function is not None:
            functions[function] = None
            has_async = has_async or is_async is not None
        elif module is not None:
            if data[match.end() : match.end() + 1] == b"(" and match.end() >= read:
                names, read = _parenthesised(data, match.end() + 1)
            imports[_text(module.translate(None, _BLANKS)), tuple(_imported(names))] = None
        elif plain is not None:
            for name in _imported(plain):
                imports[name, ()] = None
        elif cls is not None:
            found = _simple_bases(bases) if bases is not None else _bases(data, match.end())
            classes[_text(cls), tuple(dict.fromkeys(found))] = None
    words = _literal_words(data)
    if has_async or (b"async" in data and _ASYNC_DEF.search(data) is not None):
        words.insert(0, ASYNC_DEF)
    return FileIndex(
        tuple(imports), tuple(classes), tuple(map(_text, functions)), tuple(words), tuple(_kept(data))
    )


def mentions(data: bytes, words: Collection[str]) -> set[str]:
    """Those of the words (identifiers) that the bytes contain as whole identifiers, even in a comment."""
    wanted = {word.encode("utf-8", "surrogatepass"): word for word in words}
    if len(wanted) <= _FEW_WORDS:
        # A search for each is several times faster than reading every identifier.
        wanted = {key: word for key, word in wanted.items() if key in data}
        if not wanted:
            return set()
    return {wanted[key] for key in wanted.keys() & set(_IDENTIFIER.findall(data))}


def _statements(data: bytes) -> Iterator[re.Match[bytes]]:
    first = _FIRST.match(data)
    if first is not None:
        yield first
    yield from _STATEMENT.finditer(data, first.end() if first is not None else 0)


def _literal_words(data: bytes) -> list[str]:
    return [text for text, word in _LITERAL_WORDS if word in data]


def _kept(data: bytes) -> dict[str, None]:
    found: dict[str, None] = {}
    if any(word in data for word in _KEEPING):
        found.update(dict.fromkeys(_text(attribute or item) for attribute, item in _KEPT.findall(data)))
    if b"yield {" in data:
        for items in _YIELDED.findall(data):
            found.update(dict.fromkeys(map(_text, _KEY.findall(items))))
    return found


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        # Latin-1 gives every byte a character; a file in another encoding is looked up by ASCII names.
        return name.decode("latin-1")


def _parenthesised(data: bytes, start: int) -> tuple[bytes, int]:
    """The bytes from `start` to the closing parenthesis, comments removed, and where that is; none if another
    one opens before, or it never closes."""
    parts = []
    for token in _PARENTHESIS.finditer(data, start):
        if token[0] != b"(":
            parts.append(data[start : token.start()])
            start = token.end()
        if token[0] == b")":
            return b" ".join(parts), start
        if token[0] == b"(":
            return b"", token.start()
    return b"", len(data)


def _imported(names: bytes) -> Iterator[str]:
    """The names before `as` in `a.b as c, d, *`."""
    for part in names.split(b","):
        words = part.replace(b"\\", b" ").split()
        if words:
            yield _text(words[0])


def _simple_bases(arguments: bytes) -> Iterator[BaseMention]:
    for argument in arguments.split(b","):
        yield from _base(argument)


def _base(argument: bytes) -> Iterator[BaseMention]:
    """The base that an argument of a class header names; nothing for a keyword or a literal."""
    match = _DOTTED.match(argument)
    if match is None or argument[match.end() : match.end() + 1] == b"=":
        return
    dotted = _text(match[1].translate(None, _BLANKS))
    yield dotted.rpartition(".")[2], dotted


def _bases(data: bytes, start: int) -> Iterator[BaseMention]:
    """The bases of a header whose arguments have brackets, strings or comments of their own.

    Of a base that is a call (`with_metaclass(Meta, Base)`) the callee and every argument are named.
    """
    limit = start + _HEADER_LIMIT
    if data[start : start + 1] == b"[":
        start = _closing_bracket(data, start, limit)
        while data[start : start + 1] in (b" ", b"\t"):
            start += 1
    if data[start : start + 1] != b"(":
        return
    depth = 0
    piece = start + 1
    comments: list[tuple[int, int]] = []
    brackets: list[bytes] = []
    for token in _TOKEN.finditer(data, start, limit):
        kind = token[0][:1]
        if kind == b"#":
            comments.append(token.span())
        elif kind in b"([{":
            depth += 1
            if depth > _DEPTH_LIMIT:
                return
            brackets.append(kind)
            if depth > 1 and kind == b"(":
                yield from _base(_without(data, piece, token.start(), comments))
                piece = token.end()
        elif kind in b")]}":
            if b"[" not in brackets and b"{" not in brackets:
                yield from _base(_without(data, piece, token.start(), comments))
                piece = token.end()
            depth -= 1
            if depth <= 0:
                return
            brackets.pop()
        elif kind == b"," and b"[" not in brackets and b"{" not in brackets:
            yield from _base(_without(data, piece, token.start(), comments))
            piece = token.end()


def _closing_bracket(data: bytes, start: int, limit: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(data, start, limit):
        if token[0] in (b"(", b"[", b"{"):
            depth += 1
            if depth > _DEPTH_LIMIT:
                break
        elif token[0] in (b")", b"]", b"}"):
            depth -= 1
            if depth == 0:
                return token.end()
    return start


def _without(data: bytes, start: int, end: int, comments: list[tuple[int, int]]) -> bytes:
    """The bytes from start to end, without the comments that lie between."""
    parts = []
    for first, last in comments:
        if start <= first < end:
            parts.append(data[start:first])
            start = last
    parts.append(data[start:end])
    comments.clear()
    return b" ".join(parts)
