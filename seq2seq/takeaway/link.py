"""A lesson as a link: rows and settings travel in the address itself, so that any server of this app can open it.

A link is a digit, the format's version, and then JSON, compressed, in the letters that an address may have. Whoever
opens one trusts nothing of it: its length is checked before it is unpacked, what is unpacked is limited, and every
field is checked as where it is typed.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from seq2seq.lesson import ModelConfig, TrainingConfig
from seq2seq.takeaway.document import DamagedError, Short, Typed

FORMAT = 1  # whoever changes what a link means counts it up; one digit
# Of an address. Common proxies refuse a first line of more than 8 kB, and the rest of it needs some of that.
MAX_LINK = 6000
MAX_UNPACKED = 200_000  # bytes of JSON: many times what fits, unless the sentences are all alike
# What nearly all links have in common need not be in any of them. It belongs to the format: never change it.
_COMMON = (
    b'"},"hidden":["pairs","tensors","model","train","translate","share"],"language":"en","language":"ko","asks":false'
    b'{"rows":[["","."],["?","?"],["!","!"]],"name":"own","name":"notebook","model":{"hidden_size":32,"markers":true,'
    b'"mask_padding":true,"source_tokens":"character","target_tokens":"character"},"training":{"epochs":150,'
    b'"batch_size":1,"learning_rate":0.01,"patience":0,"seed":0,"shuffle":true,"clip_norm":1.0,"stop_when_right":true,'
    b'"held_out":0.0},"is_large":false,"language":null,"asks":true,"hidden":[]}'
)


@dataclass(frozen=True)
class SharedLesson:
    """What is handed on with a link.

    Args:
        rows: of the table of pairs as they stand, faulty or not.
        name: of the supplied lesson that it began with, or "own".
        model, training: the settings, the seed among them.
        is_large: whether it opens in large type.
        language: in which it opens; None is that of the browser.
        asks: whether it asks questions before it shows the answers.
        hidden: names of pages and controls that are left out.
    """

    rows: tuple[tuple[Typed, Typed], ...]
    name: Short = "own"
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    is_large: bool = False
    language: Literal["ko", "en"] | None = None
    asks: bool = True
    hidden: tuple[Short, ...] = ()


def write_link(shared: SharedLesson) -> str | None:
    """Returns a lesson as text for an address; None if it is too large for one."""
    content = msgspec.json.encode(shared)
    if len(content) >= MAX_UNPACKED:
        return None
    packing = zlib.compressobj(level=9, zdict=_COMMON)
    packed = packing.compress(content) + packing.flush()
    text = f"{FORMAT}{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
    return text if len(text) <= MAX_LINK else None


def read_link(text: str) -> SharedLesson:
    """Returns the lesson of a link that nobody has looked at yet.

    Raises:
        DamagedError: it is none, not whole, of a later version, or has something in it that cannot be typed.
    """
    if len(text) > MAX_LINK:
        raise DamagedError(f"{len(text):,} characters", "link_too_long", limit=MAX_LINK)
    if text[:1] not in set("123456789"):
        raise DamagedError("it has no version", "link_damaged")
    if int(text[0]) > FORMAT:
        raise DamagedError(f"format {text[0]}; this app reads up to {FORMAT}", "lesson_later")
    try:
        return msgspec.json.decode(_unpacked(text[1:]), type=SharedLesson)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise DamagedError(str(error), "link_damaged") from error


def _unpacked(text: str) -> bytes:
    """Returns what is packed in a text, if that is not too large."""
    packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    unpacking = zlib.decompressobj(zdict=_COMMON)
    try:
        content = unpacking.decompress(packed, MAX_UNPACKED)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("it is not whole, or too large")
    return content
