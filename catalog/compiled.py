"""What comes with the package as YAML, as it was parsed once, kept in the user's cache.

Parsing YAML is most of the time that opening the catalogue takes. What is kept can not be stale: it names
the digest of every byte that it was made from, the YAML files and this room's own modules, and is
read only for those. It is data, not objects: it is validated each time. A file that is damaged, that
somebody else could have written, or that cannot be read or written is as good as none.
The environment variable CASCADE_CACHE_DIR names another folder for it.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

import pydantic
from platformdirs import user_cache_path
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

_FORMAT = "cloudcascade-kept-1"
# Far more than any catalogue; whoever fills the cache with something else does not fill the memory.
_MAX_BYTES = 64 << 20


def digest(files: Mapping[str, bytes]) -> str:
    """What must have been kept to be of use: that of these files, by name, and of the code that reads them."""
    found = hashlib.sha256(f"{_FORMAT} pydantic {pydantic.VERSION}".encode())
    for name, content in [*sorted(files.items()), *_modules()]:
        found.update(f"\n{name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def recall(name: str, wanted: str, adapter: TypeAdapter[T]) -> T | None:
    """What was kept under the name from files of that digest, or None."""
    try:
        with _file(name).open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not _is_own(status) or status.st_size > _MAX_BYTES:
                return None
            head, _, kept = stream.read(_MAX_BYTES).partition(b"\n")
    except OSError:
        return None
    if head.decode(errors="replace").split() != [_FORMAT, wanted, hashlib.sha256(kept).hexdigest()]:
        return None
    try:
        return adapter.validate_json(kept, by_alias=True, by_name=False)
    except ValidationError:
        return None


def keep(name: str, wanted: str, data: object) -> None:
    """Keep data that was found sound, under the digest of the files it was read from."""
    kept = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"{_FORMAT} {wanted} {hashlib.sha256(kept).hexdigest()}\n".encode()
    file = _file(name)
    # A home that is read-only, full or missing costs time and nothing else.
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=f"{file.stem}-", delete=False) as stream:
            try:
                stream.write(head + kept)
                stream.close()
                os.replace(stream.name, file)
            except BaseException:
                os.unlink(stream.name)
                raise


@cache
def _modules() -> tuple[tuple[str, bytes], ...]:
    room = Path(__file__).parent
    return tuple((file.name, file.read_bytes()) for file in sorted(room.glob("*.py")))


def _file(name: str) -> Path:
    """One file of the name for each place where the package is installed."""
    here = hashlib.sha256(str(Path(__file__).parent).encode()).hexdigest()[:16]
    given = os.environ.get("CASCADE_CACHE_DIR")
    folder = Path(given) if given else user_cache_path("cloudcascade", appauthor=False)
    return folder / f"{name}-{here}.json"


def _is_own(status: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):  # Windows: the folder is the user's own
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
