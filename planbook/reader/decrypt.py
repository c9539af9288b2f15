"""Open a workbook that has a password, where the extra ``planbook[encrypted]`` is installed."""

from __future__ import annotations

import io
from typing import Any

from planbook.problems import Code, say
from planbook.reader.refusal import RefusedError

# Excel encrypts with this one where it only protects a workbook's structure; nobody is asked for it.
_UNASKED = "VelvetSweatshop"
MAX_SPIN = 1_000_000  # rounds of hashing a password: Excel writes 100,000


def decrypt(data: bytes, password: str) -> bytes:
    """The package inside an encrypted workbook; RefusedError says why there is none.

    The password appears in no message.
    """
    try:
        import msoffcrypto
    except ImportError:
        raise RefusedError(Code.PASSWORD_UNSUPPORTED, say("not_installed", name="msoffcrypto-tool")) from None
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception:  # on a damaged container the library raises whatever it stumbles over
        code = Code.PASSWORD_UNSUPPORTED if password else Code.ENCRYPTED
        raise RefusedError(code, say("encryption")) from None
    info = getattr(file, "info", None)
    if isinstance(info, dict) and info.get("spinValue", 0) > MAX_SPIN:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("slow_password"))
    for attempt in dict.fromkeys((_UNASKED, password)):
        opened = _open(file, attempt) if attempt else None
        if opened is not None:
            return opened
    raise RefusedError(Code.PASSWORD_WRONG if password else Code.ENCRYPTED)


def _open(file: Any, password: str) -> bytes | None:
    from msoffcrypto.format.ooxml import OOXMLFile

    target = io.BytesIO()
    # An .xls checks the password unasked, and cannot be asked to.
    asked = {"verify_password": True} if isinstance(file, OOXMLFile) else {}
    try:
        file.load_key(password=password, **asked)
        file.decrypt(target)
    except MemoryError:
        raise
    except Exception:  # wrong, or damaged: whatever the library stumbles over, some of it with the key
        return None
    return target.getvalue()
