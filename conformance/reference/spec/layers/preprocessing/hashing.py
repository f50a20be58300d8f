"""The two hash functions that Keras names: FarmHash64 and, with a salt, SipHash64.

Words are 64 bits wide and wrap around. Published by Google (FarmHash, 2014) and by Aumasson and
Bernstein (SipHash, 2012); the names of FarmHash's
parts are its own where it has any.
"""

from __future__ import annotations

_WORD = 2**64 - 1
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F
_LONGEST = 16
_BLOCK = 64


def _turned(word: int, bits: int, *, left: bool = False) -> int:
    bits = 64 - bits if left else bits
    return ((word >> bits) | (word << (64 - bits))) & _WORD


def _mixed(word: int) -> int:
    return word ^ (word >> 47)


def _joined(u: int, v: int, factor: int) -> int:
    a = _mixed(((u ^ v) * factor) & _WORD)
    b = _mixed(((v ^ a) * factor) & _WORD)
    return (b * factor) & _WORD


def _number(text: bytes) -> int:
    return int.from_bytes(text, "little")


def farmhash64(text: bytes) -> int:
    """FarmHash's 64-bit fingerprint, ``farmhash::Fingerprint64``."""
    n = len(text)
    if n > _LONGEST:
        long = _two_words_or_more if n <= _BLOCK // 2 else _half_a_block_or_more
        return (long if n <= _BLOCK else _blocks)(text)
    if n == 0:
        return _K2
    factor = (_K2 + 2 * n) & _WORD
    if n >= 8:  # noqa: PLR2004 (one word)
        a = (_number(text[:8]) + _K2) & _WORD
        b = _number(text[-8:])
        c = (_turned(b, 37) * factor + a) & _WORD
        d = ((_turned(a, 25) + b) * factor) & _WORD
        return _joined(c, d, factor)
    if n >= 4:  # noqa: PLR2004 (half a word)
        return _joined(n + (_number(text[:4]) << 3), _number(text[-4:]), factor)
    y = text[0] + (text[n >> 1] << 8)
    z = n + (text[-1] << 2)
    return (_mixed(((y * _K2) ^ (z * _K0)) & _WORD) * _K2) & _WORD


def _fetch(text: bytes, at: int) -> int:
    """The word at a place, which counts from the end where it is negative."""
    at = at if at >= 0 else len(text) + at
    return _number(text[at : at + 8])


def _folded(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    """What lengths of 17 to 64 share: two words of four."""
    first = _turned((a + b) & _WORD, 43) + _turned(c, 30) + d
    second = a + _turned((b + _K2) & _WORD, 18) + c
    return first & _WORD, second & _WORD


def _two_words_or_more(text: bytes) -> int:
    factor = (_K2 + 2 * len(text)) & _WORD
    a = (_fetch(text, 0) * _K1) & _WORD
    c = (_fetch(text, -8) * factor) & _WORD
    d = (_fetch(text, -16) * _K2) & _WORD
    return _joined(*_folded(a, _fetch(text, 8), c, d), factor)


def _half_a_block_or_more(text: bytes) -> int:
    factor = (_K2 + 2 * len(text)) & _WORD
    a = (_fetch(text, 0) * _K2) & _WORD
    c = (_fetch(text, -8) * factor) & _WORD
    d = (_fetch(text, -16) * _K2) & _WORD
    y, second = _folded(a, _fetch(text, 8), c, d)
    z = _joined(y, second, factor)
    e = (_fetch(text, 16) * factor) & _WORD
    f = _fetch(text, 24)
    g = ((y + _fetch(text, -32)) * factor) & _WORD
    h = ((z + _fetch(text, -24)) * factor) & _WORD
    last = (_turned((e + f) & _WORD, 43) + _turned(g, 30) + h) & _WORD
    return _joined(last, (e + _turned((f + a) & _WORD, 18) + g) & _WORD, factor)


def _weak(text: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Two words and the four at a place become two."""
    w, x, y, z = (_fetch(text, at + 8 * i) for i in range(4))
    a = (a + w) & _WORD
    b = _turned((b + a + z) & _WORD, 21)
    c = a
    a = (a + x + y) & _WORD
    return (a + z) & _WORD, (b + _turned(a, 44) + c) & _WORD


def _blocks(text: bytes) -> int:
    seed = 81
    n = len(text)
    y = (seed * _K1 + 113) & _WORD
    z = (_mixed((y * _K2 + 113) & _WORD) * _K2) & _WORD
    x = (seed * _K2 + _fetch(text, 0)) & _WORD
    v, w = (0, 0), (0, 0)
    # Whole blocks, but the last 64 bytes: those come last, overlapping what was taken before.
    for at in range(0, (n - 1) // _BLOCK * _BLOCK, _BLOCK):
        x, y, z, v, w = _block(text, at, (x, y, z, v, w), (_K1, 1))
    factor = (_K1 + ((z & 0xFF) << 1)) & _WORD
    w = ((w[0] + ((n - 1) % _BLOCK)) & _WORD, w[1])
    v = ((v[0] + w[0]) & _WORD, v[1])
    w = ((w[0] + v[0]) & _WORD, w[1])
    x, y, z, v, w = _block(text, n - _BLOCK, (x, y, z, v, w), (factor, 9))
    first = _joined(v[0], w[0], factor) + _mixed(y) * _K0 + z
    return _joined(first & _WORD, (_joined(v[1], w[1], factor) + x) & _WORD, factor)


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _block(text: bytes, at: int, state: _State, factors: tuple[int, int]) -> _State:
    """64 bytes more; the last ones are weighed by other factors."""
    x, y, z, v, w = state
    factor, weight = factors
    x = (_turned((x + y + v[0] + _fetch(text, at + 8)) & _WORD, 37) * factor) & _WORD
    y = (_turned((y + v[1] + _fetch(text, at + 48)) & _WORD, 42) * factor) & _WORD
    x ^= (w[1] * weight) & _WORD
    y = (y + v[0] * weight + _fetch(text, at + 40)) & _WORD
    z = (_turned((z + w[0]) & _WORD, 33) * factor) & _WORD
    v = _weak(text, at, (v[1] * factor) & _WORD, (x + w[0]) & _WORD)
    w = _weak(text, at + 32, (z + w[1]) & _WORD, (y + _fetch(text, at + 16)) & _WORD)
    return z, y, x, v, w


def joined_fingerprints(first: int, second: int) -> int:
    """One fingerprint of two, as TensorFlow joins those of crossed features (FingerprintCat64)."""
    factor = 0xC6A4A7935BD1E995
    joined = first ^ factor ^ ((_mixed((second * factor) & _WORD) * factor) & _WORD)
    joined = (joined * factor) & _WORD
    return _mixed((_mixed(joined) * factor) & _WORD)


def siphash64(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 with a key of two words."""
    a, b, c, d = (
        word ^ constant
        for word, constant in zip(
            (*key, *key),
            (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573),
            strict=True,
        )
    )

    def rounds(count: int) -> None:
        nonlocal a, b, c, d
        for _ in range(count):
            a, c = (a + b) & _WORD, (c + d) & _WORD
            b, d = _turned(b, 13, left=True) ^ a, _turned(d, 16, left=True) ^ c
            a = _turned(a, 32, left=True)
            a, c = (a + d) & _WORD, (c + b) & _WORD
            d, b = _turned(d, 21, left=True) ^ a, _turned(b, 17, left=True) ^ c
            c = _turned(c, 32, left=True)

    whole = len(text) - len(text) % 8
    last = _number(text[whole:]) | ((len(text) & 0xFF) << 56)
    for word in [*(_number(text[i : i + 8]) for i in range(0, whole, 8)), last]:
        d ^= word
        rounds(2)
        a ^= word
    c ^= 0xFF
    rounds(4)
    return a ^ b ^ c ^ d
