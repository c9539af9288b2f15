"""Open a workbook that has a password, where the extra ``planbook[encrypted]`` is installed."""

from __future__ import annotations

import io

from planbook.problems import Code
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
        if password:
            raise RefusedError(Code.PASSWORD_UNSUPPORTED, "msoffcrypto-tool") from None
        raise RefusedError(Code.ENCRYPTED) from None
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
    except Exception as error:  # the library's own, on a damaged container: many kinds
        reason = str(error) or type(error).__name__
        raise RefusedError(Code.PASSWORD_UNSUPPORTED if password else Code.ENCRYPTED, reason) from None
    info = getattr(file, "info", None)
    if isinstance(info, dict) and info.get("spinValue", 0) > MAX_SPIN:
        raise RefusedError(Code.UNSAFE_PACKAGE, "a password that takes forever to check")
    for attempt in dict.fromkeys((_UNASKED, password)):
        opened = _open(file, attempt) if attempt else None
        if opened is not None:
            return opened
    raise RefusedError(Code.PASSWORD_WRONG if password else Code.ENCRYPTED)


def _open(file: object, password: str) -> bytes | None:
    target = io.BytesIO()
    try:
        file.load_key(password=password, verify_password=True)  # type: ignore[attr-defined]
        file.decrypt(target)  # type: ignore[attr-defined]
    except Exception:  # wrong, or damaged: the library raises many kinds, some with the key in them
        return None
    return target.getvalue()
