"""What a run has scored so far, kept beside its target until the target is complete.

One SQLite file in ``OUT.sk-work/`` holds the results of each chunk with a digest of the chunk's texts. A run reads its
input from the beginning each time and takes from here what is scored already, so that an interrupted run and an
uninterrupted one write the same bytes. SQLite brings the journal that survives a kill or a power cut, and the lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sentiment_kit.batch.scoring import Scored, unpack
from sentiment_kit.errors import FileFormatError

_FORMAT = "1"
_FILE = "scored.sqlite"
_OWNER = "process"


def work_folder(target: Path) -> Path:
    """Return the folder that holds the unfinished work on a target."""
    return target.with_name(f"{target.name}.sk-work")


def digest_of(texts: Sequence[Any]) -> bytes:
    """Return what tells the texts of one chunk from those of another."""
    return hashlib.blake2b(repr(texts).encode("ascii", "backslashreplace"), digest_size=16).digest()


class Checkpoint:
    """The kept results of one target. `put` may be called by any thread.

    Attributes:
        folder: Where they are kept.
        complete: Set it when the target is complete: the work is then removed on leaving the block.
        notes: What the user should know about what became of earlier work.
    """

    def __init__(self, target: Path, identity: Mapping[str, str], *, resume: bool = True) -> None:
        """Open the work on a target; what was scored otherwise than `identity` says is dropped.

        Args:
            target: The file that the run will write.
            identity: What decides the scores, by names that a user knows.
            resume: Whether to go on with what an interrupted run has left.

        Raises:
            FileFormatError: If another run works on this target, or the work cannot be kept.
        """
        self.folder = work_folder(target)
        self.complete = False
        self.notes: list[str] = []
        self._target = target
        self._lock = threading.Lock()
        self._database = self._open()
        wanted = {"format": _FORMAT, **identity}
        found = dict(self._database.execute("SELECT name, value FROM identity").fetchall())
        changed = [name for name in wanted if found.get(name) != wanted[name]]
        if found and resume and changed:
            self.notes.append(f"starting anew: since the interrupted run these have changed: {', '.join(changed)}")
        if changed or not resume:
            with self._database:
                self._database.execute("BEGIN")
                self._database.execute("DELETE FROM chunks")
                self._database.execute("DELETE FROM identity")
                self._database.executemany("INSERT INTO identity VALUES (?, ?)", wanted.items())

    @property
    def rows(self) -> int:
        """Rows whose results are kept."""
        with self._lock:
            return int(self._database.execute("SELECT coalesce(sum(rows), 0) FROM chunks").fetchone()[0])

    def get(self, number: int, digest: bytes) -> list[Scored] | None:
        """Return the kept results of a chunk, or None if there are none for these texts or they are damaged."""
        with self._lock:
            row = self._database.execute(
                "SELECT results, rows FROM chunks WHERE number = ? AND digest = ?", (number, digest)
            ).fetchone()
        results = None if row is None else unpack(row[0])
        return results if results is not None and len(results) == row[1] else None

    def differs(self, number: int, digest: bytes) -> bool:
        """Say whether results are kept in this place, but for other texts."""
        with self._lock:
            row = self._database.execute("SELECT digest FROM chunks WHERE number = ?", (number,)).fetchone()
        return row is not None and row[0] != digest

    def put(self, number: int, digest: bytes, rows: int, results: bytes) -> None:
        """Keep the packed results of a chunk; when this returns, they are on the disk.

        Raises:
            FileFormatError: If they cannot be kept, as on a full disk.
        """
        with self._lock:
            try:
                self._database.execute("REPLACE INTO chunks VALUES (?, ?, ?, ?)", (number, digest, rows, results))
            except sqlite3.Error as error:
                raise FileFormatError(
                    "SK234", f"cannot keep results in {self.folder} ({error}); is the disk full? Make some space."
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the work to the next run, unless it is complete or there is none."""
        keep = not self.complete and self.rows
        with self._lock:
            self._database.close()
        if not keep:
            self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> sqlite3.Connection:
        try:
            self.folder.mkdir(exist_ok=True)
            try:
                return self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.notes.append(f"starting anew: {self.folder} is damaged")
                self._remove()
                self.folder.mkdir()
                return self._connect()
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error

    def _connect(self) -> sqlite3.Connection:
        # Each statement is a transaction, and it is on the disk when it returns.
        database = sqlite3.connect(self.folder / _FILE, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            # Exclusive before the first access: the lock then lasts until the end of the process, however it ends.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("the file is damaged")
            database.execute("CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY, value TEXT)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS chunks "
                "(number INTEGER PRIMARY KEY, digest BLOB, rows INTEGER, results BLOB)"
            )
            database.execute("BEGIN EXCLUSIVE")
            database.execute("COMMIT")
            (self.folder / _OWNER).write_text(str(os.getpid()), encoding="ascii")
        except BaseException:
            database.close()
            raise
        return database

    def _refusal(self, error: Exception) -> FileFormatError:
        if "locked" in str(error):
            owner = self.folder / _OWNER
            process = f" (process {owner.read_text(encoding='ascii')})" if owner.is_file() else ""
            return FileFormatError(
                "SK232", f"another run{process} is writing {self._target}; wait for it, or give another name"
            )
        return FileFormatError("SK233", f"cannot keep the work in {self.folder}: {error}")
