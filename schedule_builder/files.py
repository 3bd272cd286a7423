"""Reads users' files, and writes them: all of a file, or nothing.

This module is the only one that does either.

A regular file is replaced: its new contents go to a temporary file in the same folder, which then
takes its name. A reader, or a machine that loses power, sees the old contents or the new ones.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from schedule_builder.limits import MAX_FILE_BYTES

STDIO = "-"
"""Standard input, or standard output, instead of a path."""
TEMPORARY_SUFFIX = ".schedule-builder.tmp"
_FOLDERS = ("", ".", "..")
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_MOST_LINKS = 40
_READ_BYTES = 1 << 20
_MOST_CHARACTERS = 50
"""How many characters of a name its temporary file's name has; the limit is 255 bytes."""
_NOT_REPLACEABLE = frozenset(
    (
        errno.EACCES,  # a folder that may not be changed
        errno.EPERM,  # the same; or an owner that may not be set
        errno.EROFS,  # a file of its own mount in a read-only folder
        errno.EBUSY,  # a file of its own mount
        errno.EXDEV,  # the same, in a container
        errno.EINVAL,  # an owner that has no number here, in a container
    )
)
"""The errors of replacing a file after which it is written over. A full disk is not one."""


class WriteError(OSError):
    """Raised when a file was not written and is unchanged; the message says which and why."""

    def __str__(self) -> str:
        return f"cannot write {self.filename}: {self.strerror}"


def write_file(path: str | os.PathLike[str], data: bytes, *, read: bytes | None = None) -> None:
    """Replaces the contents of a file; no reader sees only a part of them.

    Mode, owner, access lists and extended attributes stay. A symbolic link stays, and its target
    is replaced. A hard link becomes a file of its own. A file that may be written and cannot be
    replaced (its folder is read-only, its owner cannot be kept, it is a mount point) is written
    over, and restored if that fails; killing the process may then leave a part. Devices, pipes and
    standard output (`-`) are written to as they are.

    Args:
        path: the file.
        data: its new contents.
        read: the old contents, if the new ones were made from them. A file that has changed since
            is not written.

    Raises:
        WriteError: the file could not be written, or has changed since it was read.
    """
    name = os.fspath(path)
    try:
        _write(name, data, read)
    except WriteError:
        raise
    except BrokenPipeError:
        if writes_standard_output(name):
            raise  # as for other printed output
        raise WriteError(errno.EPIPE, os.strerror(errno.EPIPE), name) from None
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), name) from error


def read_file(path: str | os.PathLike[str], *, at_most: int | None = None) -> bytes:
    """The contents of a file.

    Pipes and devices are not read, as that may never end, but for those that this process was
    given: `/dev/stdin`, or `/dev/fd/63` in place of `<(command)`.

    Args:
        path: the file.
        at_most: the bytes that it may have; of a file with more, only so many and one more are
            read, whatever size it says it has.

    Raises:
        OSError: the file cannot be read; the message says why.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise OSError(errno.EINVAL, "its name holds a NUL character", name)
    # Opening a pipe without a writer would wait for one.
    with FileIO(name, opener=lambda name, flags: os.open(name, flags | _NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) and not os.path.samestat(status, os.stat(os.devnull)):  # noqa: PTH116 - as elsewhere here
            if _descriptor(name) is None:
                what = "a named pipe" if stat.S_ISFIFO(status.st_mode) else "a device"
                reason = f"it is {what}, not a regular file (`-` reads standard input)"
                raise OSError(errno.EINVAL, reason, name)
            os.set_blocking(file.fileno(), True)
        return file.readall() if at_most is None else _beginning(file, at_most + 1)


def read_config(path: str | os.PathLike[str]) -> bytes:
    """The contents of a config; of one that is too large, only as much as shows that it is.

    Raises:
        OSError: the file cannot be read; the message says why.
    """
    return read_file(path, at_most=MAX_FILE_BYTES)


def read_whole(path: str | os.PathLike[str], most: int) -> bytes:
    """The contents of a file that is read as a whole or not at all.

    Args:
        path: the file.
        most: the bytes that it may have.

    Raises:
        OSError: the file cannot be read, or is larger; the message says why.
    """
    data = read_file(path, at_most=most)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", os.fspath(path))
    return data


def _beginning(file: FileIO, size: int) -> bytes:
    """The first bytes of a file."""
    parts, left = [], size
    while left and (part := file.read(min(left, _READ_BYTES))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def resolved(path: str | os.PathLike[str]) -> Path:
    """A whole path without symbolic links; those that lead in circles stay.

    `Path.resolve` raises RuntimeError for these, up to Python 3.12.
    """
    return Path(os.path.realpath(path))


def folder_of(path: str | os.PathLike[str]) -> Path:
    """The folder of a file, from the root; of a link, that of the file that it leads to.

    Folders may be links: to resolve them for each of many files would ask the system for every
    part of every path.
    """
    if os.path.islink(path):  # noqa: PTH114 - once for each of many files
        return resolved(path).parent
    folder = os.path.dirname(path)  # noqa: PTH120 - as above
    return Path(folder if os.path.isabs(folder) else os.path.join(os.getcwd(), folder))  # noqa: PTH109, PTH117, PTH118 - as above


def writes_standard_output(path: str) -> bool:
    """Whether a path names standard output, as `-` and `/dev/stdout` do."""
    return _descriptor(path) == 1


def same_file(path: str, others: Iterable[str]) -> str | None:
    """The first of other paths that is the same regular file, also through a link."""
    status = _regular(path)
    if status is None:
        return None
    for other in others:
        found = _regular(other)
        if found is not None and os.path.samestat(status, found):
            return other
    return None


def _regular(path: str) -> os.stat_result | None:
    try:
        status = os.fstat(0) if path == STDIO else os.stat(path)  # noqa: PTH116 - for many files
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _write(path: str, data: bytes, read: bytes | None) -> None:
    descriptor = _descriptor(path)
    status = None
    if descriptor is None:
        with suppress(FileNotFoundError):
            status = os.stat(path)  # noqa: PTH116 - like the rest here, of a string
    if descriptor is None and (status is None or stat.S_ISREG(status.st_mode)):
        _replace(path, os.path.realpath(path), data, status, read)
        return
    if read is not None:
        reason = "not a regular file. Use `-` to read standard input and write standard output"
        raise WriteError(errno.EINVAL, reason, path)
    if descriptor is None:
        with FileIO(path, "w") as file:
            _write_all(file, data)
        return
    sys.stdout.flush()  # What was printed comes first.
    sys.stderr.flush()
    with FileIO(descriptor, "w", closefd=False) as file:
        _write_all(file, data)


def _descriptor(path: str) -> int | None:
    """The open file that a path such as /dev/stdout or /dev/fd/3 names.

    Opening it by its path would write over what it holds, and a socket cannot be opened at all.
    """
    if path == STDIO:
        return 1
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path)
        if name.isdecimal() and os.path.realpath(folder) in ("/dev/fd", f"/proc/{os.getpid()}/fd"):
            return int(name)
        if not os.path.islink(path):  # noqa: PTH114 - a string
            break
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118 - strings
    return None


def _replace(
    path: str, target: str, data: bytes, status: os.stat_result | None, read: bytes | None
) -> None:
    """Replaces a regular file, or makes a new one.

    Args:
        path: the name to use in messages.
        target: the file, after all links.
        data: the new contents.
        status: of the file, if there is one.
        read: what it has to hold, or None.
    """
    if os.path.basename(path) in _FOLDERS:  # noqa: PTH119 - a string
        code = errno.EISDIR if path else errno.ENOENT
        raise OSError(code, os.strerror(code))
    if status is not None:
        # Replacing needs only the right to change the folder: check the file's own as well.
        os.close(os.open(target, os.O_WRONLY))
    folder, name = os.path.split(target)
    random = os.urandom(4).hex()
    temporary = f"{folder}/.{name[:_MOST_CHARACTERS]}.{random}{TEMPORARY_SUFFIX}"
    try:
        try:
            _write_new(temporary, target, data, status)
            _check_unchanged(path, target, read)
            os.replace(temporary, target)  # noqa: PTH105 - strings
        except OSError as error:
            _check_unchanged(path, target, read)
            if status is None or error.errno not in _NOT_REPLACEABLE:
                raise
            # The temporary file, if there is one, stays complete until the target is complete.
            _write_over(target, data)
    finally:
        with suppress(OSError):  # It was renamed to the target, or was never made.
            os.unlink(temporary)  # noqa: PTH108 - a string
    _sync_folder(folder)


def _write_new(temporary: str, target: str, data: bytes, status: os.stat_result | None) -> None:
    """Writes a file that will replace another one, with the same access rights."""
    # Until its owner and mode are set, other users may not read it. A new file has the usual mode.
    mode = 0o666 if status is None else 0o600
    with FileIO(temporary, "x", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        _write_all(file, data)
        if status is not None:
            own = os.fstat(file.fileno())
            if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            import shutil  # noqa: PLC0415 - 2 ms, for writing alone

            shutil.copystat(target, temporary)  # mode, access lists, extended attributes
            os.utime(temporary)  # but not the times
        size = os.fstat(file.fileno()).st_size
        if size != len(data):
            message = f"{size} bytes are on the disk, of {len(data)}"
            raise OSError(errno.EIO, message)
        os.fsync(file.fileno())


def _write_over(target: str, data: bytes) -> None:
    """Writes over a file, and puts back what was there if that fails."""
    with FileIO(target, "r+") as file:
        old = file.readall()
        try:
            _write_whole(file, data)
        except BaseException:
            _write_whole(file, old)
            raise


def _write_whole(file: FileIO, data: bytes) -> None:
    file.seek(0)
    _write_all(file, data)
    file.truncate()
    os.fsync(file.fileno())


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        # A disk that fills up takes a part of the data, and fails at the next write.
        count = file.write(left)
        if not count:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[count:]


def _check_unchanged(path: str, target: str, read: bytes | None) -> None:
    if read is None:
        return
    try:
        with FileIO(target) as file:
            is_unchanged = file.readall() == read
    except FileNotFoundError:
        is_unchanged = False
    if not is_unchanged:
        reason = "the file has changed since it was read. Run the command again"
        raise WriteError(errno.ESTALE, reason, path)


def _sync_folder(folder: str) -> None:
    """Syncs a folder, so that a new name in it survives a loss of power."""
    # The file is whole in any case, and some file systems cannot sync a folder.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
