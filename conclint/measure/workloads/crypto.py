"""Workloads for password hashing, encryption, and compression outside the standard library."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

from conclint.measure.workloads.group import Group, text


def _bcrypt() -> SimpleNamespace:
    import bcrypt

    salt = bcrypt.gensalt(10)
    return SimpleNamespace(bcrypt=bcrypt, salt=salt, hashed=bcrypt.hashpw(b"secret", salt))


BCRYPT = Group(
    _bcrypt,
    {
        "bcrypt.hashpw": lambda d: d.bcrypt.hashpw(b"secret", d.salt),
        "bcrypt.checkpw": lambda d: d.bcrypt.checkpw(b"secret", d.hashed),
        "bcrypt.kdf": lambda d: d.bcrypt.kdf(b"secret", b"saltsalt", 32, 15),
    },
)


def _argon2() -> SimpleNamespace:
    import argon2
    import argon2.low_level

    hasher = argon2.PasswordHasher(time_cost=2, memory_cost=16_384, parallelism=1)
    return SimpleNamespace(argon2=argon2, hasher=hasher, hashed=hasher.hash("secret"))


ARGON2 = Group(
    _argon2,
    {
        "argon2.PasswordHasher.hash": lambda d: d.hasher.hash("secret"),
        "argon2.PasswordHasher.verify": lambda d: d.hasher.verify(d.hashed, "secret"),
        "argon2.low_level.hash_secret_raw": lambda d: d.argon2.low_level.hash_secret_raw(
            b"secret", b"saltsalt", 2, 16_384, 1, 32, d.argon2.Type.ID
        ),
    },
)


def _passlib() -> SimpleNamespace:
    from passlib.hash import pbkdf2_sha256, sha512_crypt

    return SimpleNamespace(
        derived=pbkdf2_sha256.using(rounds=60_000), crypt=sha512_crypt.using(rounds=120_000)
    )


PASSLIB = Group(
    _passlib,
    {
        "passlib.hash.pbkdf2_sha256.hash": lambda d: d.derived.hash("secret"),
        "passlib.hash.sha512_crypt.hash": lambda d: d.crypt.hash("secret"),
    },
)


def _cryptography() -> SimpleNamespace:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    data = Random(1).randbytes(4_000_000)
    key = rsa.generate_private_key(65_537, 2048)
    fernet = Fernet(Fernet.generate_key())
    return SimpleNamespace(
        rsa=rsa,
        ec=ec,
        serialization=serialization,
        key=key,
        padding=padding.PKCS1v15(),
        sha256=hashes.SHA256(),
        pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        fernet=fernet,
        token=fernet.encrypt(data),
        aes=AESGCM(b"k" * 32),
        chacha=ChaCha20Poly1305(b"k" * 32),
        nonce=b"n" * 12,
        data=data,
        PBKDF2HMAC=PBKDF2HMAC,
        Scrypt=Scrypt,
    )


CRYPTOGRAPHY = Group(
    _cryptography,
    {
        "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key": lambda d: (
            d.rsa.generate_private_key(65_537, 2048)
        ),
        "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key": lambda d: [
            d.ec.generate_private_key(d.ec.SECP256R1()) for _ in range(1_000)
        ],
        "cryptography.hazmat.primitives.asymmetric.rsa.RSAPrivateKey.sign": lambda d: [
            d.key.sign(b"text", d.padding, d.sha256) for _ in range(40)
        ],
        "cryptography.hazmat.primitives.serialization.load_pem_private_key": lambda d: [
            d.serialization.load_pem_private_key(d.pem, None) for _ in range(3)
        ],
        "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC.derive": lambda d: d.PBKDF2HMAC(
            d.sha256, 32, b"saltsalt", 200_000
        ).derive(b"secret"),
        "cryptography.hazmat.primitives.kdf.scrypt.Scrypt.derive": lambda d: d.Scrypt(
            salt=b"saltsalt", length=32, n=2**14, r=8, p=1
        ).derive(b"secret"),
        "cryptography.fernet.Fernet.encrypt": lambda d: d.fernet.encrypt(d.data),
        "cryptography.fernet.Fernet.decrypt": lambda d: d.fernet.decrypt(d.token),
        "cryptography.hazmat.primitives.ciphers.aead.AESGCM.encrypt": lambda d: [
            d.aes.encrypt(d.nonce, d.data, None) for _ in range(24)
        ],
        "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305.encrypt": lambda d: [
            d.chacha.encrypt(d.nonce, d.data, None) for _ in range(24)
        ],
    },
)


def _prose() -> SimpleNamespace:
    return SimpleNamespace(prose=text(300_000).encode(), many=text(300_000).encode() * 5)


def _zstandard() -> SimpleNamespace:
    import zstandard

    d = _prose()
    return SimpleNamespace(
        zstandard=zstandard, prose=d.prose, many=d.many, packed=zstandard.compress(d.prose * 15)
    )


def _lz4() -> SimpleNamespace:
    import lz4.block
    import lz4.frame

    d = _prose()
    return SimpleNamespace(
        lz4=lz4,
        many=d.many,
        frame=lz4.frame.compress(d.prose * 15),
        block=lz4.block.compress(d.prose * 15),
    )


def _brotli() -> SimpleNamespace:
    import brotli

    d = _prose()
    return SimpleNamespace(brotli=brotli, prose=d.prose, packed=brotli.compress(d.prose * 8, quality=3))


ZSTANDARD = Group(
    _zstandard,
    {
        "zstandard.compress": lambda d: d.zstandard.compress(d.many),
        "zstandard.decompress": lambda d: d.zstandard.decompress(d.packed),
        "zstandard.ZstdCompressor.compress": lambda d: d.zstandard.ZstdCompressor(6).compress(d.prose),
        "zstandard.ZstdDecompressor.decompress": lambda d: d.zstandard.ZstdDecompressor().decompress(
            d.packed
        ),
    },
)
LZ4 = Group(
    _lz4,
    {
        "lz4.frame.compress": lambda d: d.lz4.frame.compress(d.many),
        "lz4.frame.decompress": lambda d: d.lz4.frame.decompress(d.frame),
        "lz4.block.compress": lambda d: d.lz4.block.compress(d.many),
        "lz4.block.decompress": lambda d: d.lz4.block.decompress(d.block),
    },
)
BROTLI = Group(
    _brotli,
    {
        "brotli.compress": lambda d: d.brotli.compress(d.prose, quality=5),
        "brotli.decompress": lambda d: d.brotli.decompress(d.packed),
    },
)
