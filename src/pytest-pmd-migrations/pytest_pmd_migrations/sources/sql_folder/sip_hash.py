"""SipHash-1-3 with a key of zeros: what Rust's standard library hashes with, and refinery too."""

from __future__ import annotations

__all__ = ["sip_hash"]

_ALL = 2**64 - 1


def sip_hash(message: bytes) -> int:
    """Return the 64-bit hash of a message."""
    state = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]
    whole = len(message) - len(message) % 8
    for at in range(0, whole, 8):
        _absorb(state, int.from_bytes(message[at : at + 8], "little"))
    rest = int.from_bytes(message[whole:], "little")
    _absorb(state, rest | (len(message) & 0xFF) << 56)
    state[2] ^= 0xFF
    for _ in range(3):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _absorb(state: list[int], word: int) -> None:
    state[3] ^= word
    _round(state)
    state[0] ^= word


def _round(state: list[int]) -> None:
    a, b, c, d = state
    a = a + b & _ALL
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c = c + d & _ALL
    d = _turned(d, 16) ^ c
    a = a + d & _ALL
    d = _turned(d, 21) ^ a
    c = c + b & _ALL
    b = _turned(b, 17) ^ c
    c = _turned(c, 32)
    state[:] = a, b, c, d


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) & _ALL
