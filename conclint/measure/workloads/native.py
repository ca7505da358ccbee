"""Workloads for the standard library's compression and hashes, whose C code may release the GIL."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import hmac
import lzma
import zlib
from random import Random
from types import SimpleNamespace

from conclint.measure.workloads.group import Group, text


def _bytes() -> SimpleNamespace:
    prose = (text(150_000) + text(150_000, seed=7)).encode()
    return SimpleNamespace(
        prose=prose,
        zlib=zlib.compress(prose * 4),
        gzip=gzip.compress(prose * 4),
        bz2=bz2.compress(prose[:400_000]),
        lzma=lzma.compress(prose * 2, preset=0),
    )


def _with_compressobj(data: bytes) -> bytes:
    return zlib.compressobj().compress(data)


COMPRESSION = Group(
    _bytes,
    {
        "zlib.compress": lambda d: zlib.compress(d.prose),
        "zlib.decompress": lambda d: zlib.decompress(d.zlib),
        "zlib.compressobj.<object>.compress": lambda d: _with_compressobj(d.prose),
        "zlib.decompressobj.<object>.decompress": lambda d: zlib.decompressobj().decompress(d.zlib),
        "gzip.compress": lambda d: gzip.compress(d.prose, 6),
        "gzip.decompress": lambda d: gzip.decompress(d.gzip),
        "bz2.compress": lambda d: bz2.compress(d.prose[:400_000]),
        "bz2.decompress": lambda d: bz2.decompress(d.bz2),
        "lzma.compress": lambda d: lzma.compress(d.prose[:150_000]),
        "lzma.decompress": lambda d: lzma.decompress(d.lzma),
    },
)


def _zstd() -> SimpleNamespace:
    from compression import zstd

    prose = text(300_000).encode()
    return SimpleNamespace(
        zstd=zstd,
        prose=prose,
        packed=zstd.compress(prose * 10),
        samples=[text(200, seed).encode() for seed in range(400)],
    )


ZSTD = Group(
    _zstd,
    {
        "compression.zstd.compress": lambda d: d.zstd.compress(d.prose * 2, 6),
        "compression.zstd.decompress": lambda d: d.zstd.decompress(d.packed),
        "compression.zstd.train_dict": lambda d: d.zstd.train_dict(d.samples, 10_000),
    },
)


def _blob() -> SimpleNamespace:
    blob = Random(6).randbytes(1_000_000) * 24
    return SimpleNamespace(blob=blob, double=blob * 2)  # made here: copying them holds the GIL


HASHES = Group(
    _blob,
    {
        "hashlib.md5": lambda d: hashlib.md5(d.blob),
        "hashlib.sha1": lambda d: hashlib.sha1(d.double),
        "hashlib.sha224": lambda d: hashlib.sha224(d.blob),
        "hashlib.sha256": lambda d: hashlib.sha256(d.blob),
        "hashlib.sha384": lambda d: hashlib.sha384(d.blob),
        "hashlib.sha512": lambda d: hashlib.sha512(d.blob),
        "hashlib.sha3_224": lambda d: hashlib.sha3_224(d.blob),
        "hashlib.sha3_256": lambda d: hashlib.sha3_256(d.blob),
        "hashlib.sha3_384": lambda d: hashlib.sha3_384(d.blob[:16_000_000]),
        "hashlib.sha3_512": lambda d: hashlib.sha3_512(d.blob[:12_000_000]),
        "hashlib.shake_128": lambda d: hashlib.shake_128(d.blob),
        "hashlib.shake_256": lambda d: hashlib.shake_256(d.blob),
        "hashlib.blake2b": lambda d: hashlib.blake2b(d.blob),
        "hashlib.blake2s": lambda d: hashlib.blake2s(d.blob),
        "hashlib.new": lambda d: hashlib.new("sha256", d.blob),
        "hashlib.<hash>.update": lambda d: hashlib.sha256().update(d.blob),
        "hashlib.pbkdf2_hmac": lambda d: hashlib.pbkdf2_hmac("sha256", b"secret", b"salt" * 4, 100_000),
        "hashlib.scrypt": lambda d: hashlib.scrypt(b"secret", salt=b"salt" * 4, n=2**14, r=8, p=1),
        "hmac.digest": lambda d: hmac.digest(b"secret", d.blob, "sha256"),
    },
)
