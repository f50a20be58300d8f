"""The two hash functions that Keras names: FarmHash64 and, with a salt, SipHash64.

Words are 64 bits wide and wrap around. Published by Google (FarmHash, 2014) and by Aumasson and
Bernstein (SipHash, 2012); what is computed here are texts of up to 16 bytes, as long as any
number is.
"""

from __future__ import annotations

_WORD = 2**64 - 1
_K0 = 0xC3A5C85C97CB3127
_K2 = 0x9AE16A3B2F90404F
_LONGEST = 16


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
    """FarmHash's 64-bit fingerprint of up to 16 bytes.

    Raises:
        ValueError: The text is longer.
    """
    n = len(text)
    if n > _LONGEST:
        message = f"FarmHash64 of {n} bytes is not in the reference, only of up to {_LONGEST}"
        raise ValueError(message)
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
