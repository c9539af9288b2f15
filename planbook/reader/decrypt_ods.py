"""Open an .ods that has a password: each part is encrypted by itself, as its manifest describes.

OpenDocument 1.2, part 3, chapter 3; what LibreOffice writes by default up to version 24.2: AES-256 in
CBC mode, a key by PBKDF2 from the SHA-256 of the password.  The cipher comes with the extra
``planbook[encrypted]``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.problems import Code, say
from planbook.reader.kinds import SPREADSHEET_MIME
from planbook.reader.parts import MAX_INFLATED, check_growth
from planbook.reader.refusal import RefusedError

MANIFEST = "META-INF/manifest.xml"
CONTENT = "content.xml"
WANTED = (CONTENT, "meta.xml", "settings.xml")
MAX_MANIFEST = 4 * 2**20
MAX_ROUNDS = 1_000_000  # of deriving a key: LibreOffice writes 100,000
_KNOWN = ("aes256-cbc", "PBKDF2", "sha256")
_FED, _CHUNK = 2**16, 2**20  # bytes given to be inflated, and taken of what they inflate to


@dataclass(frozen=True, slots=True)
class _Lock:
    """How one part is encrypted."""

    name: str
    size: int
    cipher: str
    vector: bytes
    derivation: str
    salt: bytes
    rounds: int
    start: str


def read_locks(archive: zipfile.ZipFile) -> list[_Lock]:
    """How the parts of an .ods are encrypted; nothing where they are not, or where it is no .ods."""
    names = archive.namelist()
    if MANIFEST not in names or "mimetype" not in names:
        return []
    if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST or archive.getinfo("mimetype").file_size > 200:
        return []
    if not archive.read("mimetype").strip().startswith(SPREADSHEET_MIME):
        return []
    content = archive.read(MANIFEST)
    if b"encryption-data" not in content:
        return []
    locks = list(_locks(ElementTree.fromstring(content, forbid_dtd=True)))
    seen: set[str] = set()
    for lock in locks:
        if lock.name in seen:
            raise RefusedError(Code.UNSAFE_PACKAGE, say("part_twice", name=lock.name))
        seen.add(lock.name)
    return locks


def _locks(root: Element) -> Iterator[_Lock]:
    for entry in root.iter():
        if entry.tag.rpartition("}")[2] != "file-entry":
            continue
        given = _attributes(entry)
        for element in entry.iter():
            if element is not entry:
                given |= _attributes(element)
        if "algorithm-name" in given:
            yield _Lock(
                given.get("full-path", ""),
                int(given.get("size", "0")),
                _short(given["algorithm-name"]),
                _bytes(given.get("initialisation-vector", "")),
                _short(given.get("key-derivation-name", "")),
                _bytes(given.get("salt", "")),
                int(given.get("iteration-count", "0")),
                _short(given.get("start-key-generation-name", "sha1")),
            )


def _short(name: str) -> str:
    """The last word of an algorithm's name, which is often an address."""
    return re.split(r"[#:/]", name)[-1]


def _attributes(element: Element) -> dict[str, str]:
    return {key.rpartition("}")[2]: value for key, value in element.items()}


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise RefusedError(Code.BROKEN_PACKAGE, say("xml_faulty")) from None


def decrypt_ods(archive: zipfile.ZipFile, locks: list[_Lock], password: str) -> bytes:
    """The workbook without its password, as far as it is read; RefusedError says why there is none.

    The password appears in no message.
    """
    wanted = [lock for lock in locks if lock.name in WANTED]
    _check_known(wanted if any(lock.name == CONTENT for lock in wanted) else locks)
    if not password:
        raise RefusedError(Code.ENCRYPTED)
    buffer, room = io.BytesIO(), MAX_INFLATED
    # Packed as loosely as it goes: quick, and never tighter than a part may be.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        copy.writestr("mimetype", SPREADSHEET_MIME, zipfile.ZIP_STORED)
        copy.writestr(MANIFEST, _manifest())
        for lock in wanted:
            packed = _unlock(_read_locked(archive, lock.name), lock, password)
            with copy.open(lock.name, "w") as part:
                room -= _inflate(packed, lock, room, part)
    return buffer.getvalue()


def _check_known(locks: list[_Lock]) -> None:
    """Refuse, before any password is asked for, what no password would open here."""
    try:
        import cryptography  # noqa: F401 - whether the extra is there
    except ImportError:
        raise RefusedError(Code.PASSWORD_UNSUPPORTED, say("not_installed", name="cryptography")) from None
    for lock in locks:
        kinds = (lock.cipher, lock.derivation, lock.start)
        if kinds != _KNOWN or lock.name not in WANTED:  # LibreOffice 24.8: one package within the package
            odd = [kind for kind, known in zip(kinds, _KNOWN, strict=True) if kind != known]
            raise RefusedError(Code.PASSWORD_UNSUPPORTED, say("cipher", name=" ".join(odd or kinds)))
        if not 0 < lock.rounds <= MAX_ROUNDS:
            raise RefusedError(Code.UNSAFE_PACKAGE, say("slow_password"))


def _read_locked(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of an encrypted part, which do not shrink: it was compressed before it was encrypted."""
    entry = archive.getinfo(name)
    if entry.file_size > 2 * entry.compress_size:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("inflates", name=name))
    return archive.read(entry)


def _manifest() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in (("/", SPREADSHEET_MIME.decode()), *((part, "text/xml") for part in WANTED))
    )
    return f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{space}">{entries}</manifest:manifest>'


def _unlock(data: bytes, lock: _Lock, password: str) -> bytes:
    """The part as it is without the password, still compressed."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(lock.vector) != 16 or len(data) % 16:
        raise RefusedError(Code.BROKEN_PACKAGE, say("malformed"))
    start = hashlib.sha256(password.encode()).digest()
    key = hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.rounds, 32)
    cipher = Cipher(algorithms.AES(key), modes.CBC(lock.vector)).decryptor()
    return cipher.update(data) + cipher.finalize()


def _inflate(packed: bytes, lock: _Lock, room: int, target: IO[bytes]) -> int:
    """Write what a part inflates to, measured as it grows; returns its size."""
    size = 0
    try:
        for chunk in _chunks(packed):
            size += len(chunk)
            check_growth(lock.name, size, len(packed), room)
            target.write(chunk)
    except zlib.error:
        raise RefusedError(Code.PASSWORD_WRONG) from None
    if size != lock.size:
        raise RefusedError(Code.PASSWORD_WRONG)
    return size


def _chunks(packed: bytes) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), _FED):
        left = packed[at : at + _FED]
        while chunk := engine.decompress(left, _CHUNK):
            yield chunk
            left = engine.unconsumed_tail
        if engine.eof:
            return
