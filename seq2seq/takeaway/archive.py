"""The zip of a lesson file: what this app writes, and nothing else that may be called a zip.

There are few ways to write one here: each member from the first byte on, one after the other, weights stored and all
else deflated, no comments, no extra fields, one date; then the directory. So a reader need not judge the headers of an
unknown file. It makes those that its members must have, and compares the bytes. With that nothing overlaps, is there
twice, encrypted, hidden between members or told differently in two places.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from seq2seq.limits import MAX_LESSON_PARTS
from seq2seq.takeaway.document import DamagedError

DOCUMENT, TEXT, WEIGHTS = "lesson.json", ".jsonl", ".safetensors"
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_VERSION, _FLAGS, _STORED, _DEFLATED = 20, 0, 0, 8
_TIME, _DATE = 0, 1 << 5 | 1  # 1 January 1980, the first day that a zip knows: the same lesson gives the same bytes
_MAX_NAME = 64


@dataclass(frozen=True)
class Member:
    """A part of a zip.

    Args:
        name: by its ending it is stored or deflated.
        packed: its content as it lies in the zip.
        size: of its content, unpacked; a reader has only the file's word for it.
        crc: the same of its checksum.
    """

    name: str
    packed: bytes | memoryview
    size: int
    crc: int

    @property
    def is_text(self) -> bool:
        return not self.name.endswith(WEIGHTS)

    def unpacked(self) -> bytes | memoryview:
        """Returns the content: of text bytes, no more of them than was said; of weights a view.

        Raises:
            DamagedError: it has another size or checksum than was said.
        """
        content, is_whole = self.packed, True
        if self.is_text:
            unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            try:
                content = unpacker.decompress(self.packed, self.size + 1)  # one more, to see that there is none
            except zlib.error as error:
                raise DamagedError(f"{self.name}: {error}") from error
            is_whole = unpacker.eof and not unpacker.unused_data
        if not is_whole or len(content) != self.size or zlib.crc32(content) != self.crc:
            raise DamagedError(f"{self.name} does not have the size or the checksum that is said of it")
        return content

    def local_header(self) -> bytes:
        return _LOCAL.pack(b"PK\x03\x04", *self._fields()) + self.name.encode()

    def central_header(self, offset: int) -> bytes:
        return _CENTRAL.pack(b"PK\x01\x02", _VERSION, *self._fields(), 0, 0, 0, 0, offset) + self.name.encode()

    def _fields(self) -> tuple[int, ...]:
        method, name = _DEFLATED if self.is_text else _STORED, self.name.encode()
        return _VERSION, _FLAGS, method, _TIME, _DATE, self.crc, len(self.packed), self.size, len(name), 0


def write_zip(contents: Mapping[str, bytes]) -> bytes:
    """Returns a zip of contents by their names."""
    members = []
    for name, content in contents.items():
        packed = content if name.endswith(WEIGHTS) else zlib.compress(content, wbits=-zlib.MAX_WBITS)
        members.append(Member(name, packed, len(content), zlib.crc32(content)))
    parts = [part for member in members for part in (member.local_header(), member.packed)]
    return b"".join([*parts, _directory(members)])


def read_zip(content: bytes) -> dict[str, Member]:
    """Returns the members of `write_zip` by their names, as views: nothing is unpacked yet.

    Raises:
        DamagedError: it is another zip, or none.
    """
    whole, end = memoryview(content), max(0, len(content) - _END.size)  # slices of a view take no memory
    if not content.startswith(b"PK\x03\x04") or whole[_LOCAL.size :][: len(DOCUMENT)] != DOCUMENT.encode():
        raise DamagedError(f"it does not begin with {DOCUMENT}", "no_lesson_file")
    if whole[end:][:4] != b"PK\x05\x06":
        raise DamagedError("the directory of its parts is missing", "lesson_cut")
    _, _, _, count, _, size, start, _ = _END.unpack_from(content, end)
    if count > MAX_LESSON_PARTS or start + size != end:
        raise DamagedError(f"its directory cannot be: {count:,} parts in {size:,} bytes")
    members, place = [], 0
    for _ in range(count):
        member = _member(whole[start:end], whole[place:])
        header = member.local_header()
        if whole[place:][: len(header)] != header:
            raise DamagedError(f"the header of {member.name} is another one than in the directory")
        members.append(member)
        place, start = place + len(header) + len(member.packed), start + _CENTRAL.size + len(member.name)
    by_name = {member.name: member for member in members}
    if whole[place:] != _directory(members) or len(by_name) < count or DOCUMENT not in by_name:
        raise DamagedError("its directory is not that of its parts")
    return by_name


def _member(directory: memoryview, rest: memoryview) -> Member:
    """Returns the member that a directory goes on with, of which the rest of the zip begins with its header."""
    try:
        _, _, _, _, _, _, _, crc, packed, size, length, *_ = _CENTRAL.unpack_from(directory)
        name = str(directory[_CENTRAL.size :][: min(length, _MAX_NAME)], "ascii")
    except (struct.error, UnicodeDecodeError) as error:
        raise DamagedError(f"its directory cannot be read: {error}") from error
    return Member(name, rest[_LOCAL.size + len(name) :][:packed], size, crc)


def _directory(members: list[Member]) -> bytes:
    entries, offset = [], 0
    for member in members:
        entries.append(member.central_header(offset))
        offset += len(member.local_header()) + len(member.packed)
    size = sum(map(len, entries))
    return b"".join([*entries, _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), size, offset, 0)])
