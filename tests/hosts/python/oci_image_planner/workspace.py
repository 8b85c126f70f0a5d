"""What the planner may ask while it plans, and the workspace that answers from a directory."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from wasmtime.component import Variant

#: How long a text may be that the planner is shown, in bytes of UTF-8.
TEXT_LIMIT = 1 << 20
#: How long a secret may be, in bytes: a step cannot be given a longer one.
SECRET_LIMIT = 500 << 10

Entry = Literal["nothing", "file", "directory"]
Reason = Literal["not-found", "not-text", "is-directory", "too-large", "denied", "other"]


class FileError(Exception):
    """Why a path has no answer; ``too-large`` carries the limit in bytes, ``other`` the words of the system."""

    def __init__(self, reason: Reason, value: int | str | None = None) -> None:
        super().__init__(reason if value is None else f"{reason}: {value}")
        self.reason = reason
        self.value = value


class Workspace(Protocol):
    """What the planner may ask. Paths are as the object wrote them."""

    def read_text(self, path: str) -> str:
        """The text of a small file. Raises ``FileError``."""

    def entry_at(self, path: str) -> Entry:
        """What stands at a path, symbolic links followed. Raises ``FileError``."""


class NoWorkspace:
    """Answers for nothing: validation and description look at no file."""

    def read_text(self, path: str) -> str:
        raise FileError("denied")

    def entry_at(self, path: str) -> Entry:
        raise FileError("denied")


class DirectoryWorkspace:
    """The workspace at a directory, for an object's text. It answers for nothing outside, and has no secret's text."""

    def __init__(self, directory: str | Path, text: str) -> None:
        self._directory = os.path.realpath(directory, strict=True)
        self._secrets = {PurePosixPath(path) for path in _secret_files(text)}

    def read_text(self, path: str) -> str:
        if PurePosixPath(path) in self._secrets:
            raise FileError("denied")
        with _system_errors():
            data = _read_small(self._resolve(path))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise FileError("not-text") from None

    def entry_at(self, path: str) -> Entry:
        try:
            with _system_errors():
                found = os.stat(self._resolve(path))
        except FileError as error:
            if error.reason == "not-found":
                return "nothing"
            raise
        if stat.S_ISDIR(found.st_mode):
            return "directory"
        if found.st_size > SECRET_LIMIT and PurePosixPath(path) in self._secrets:
            raise FileError("too-large", SECRET_LIMIT)
        return "file"

    # Texts, not `Path`s, which take most of the time that an answer takes.
    def _resolve(self, path: str) -> str:
        """Where a path leads, symbolic links followed: beneath the directory, or nowhere."""
        written = os.path.normpath(os.path.join(self._directory, path))
        if not self._holds(written):
            raise FileError("denied")
        real = os.path.realpath(written, strict=True)
        if not self._holds(real):
            raise FileError("other", "a symbolic link leads out of the working directory")
        return real

    def _holds(self, path: str) -> bool:
        return os.path.join(path, "").startswith(os.path.join(self._directory, ""))


def read_text(workspace: Workspace, path: str) -> str | Variant:
    """The text at a path, as the component imports it: whatever a workspace answers or raises, the planner is answered."""

    def ask() -> str:
        text = workspace.read_text(path)
        if not isinstance(text, str):
            raise FileError("other", "the workspace gave no text")
        # A character is at least a byte of UTF-8: the longest texts are not even measured.
        if len(text) > TEXT_LIMIT or len(_utf8(text)) > TEXT_LIMIT:
            raise FileError("too-large", TEXT_LIMIT)
        return text

    return _answered(ask)


def entry_at(workspace: Workspace, path: str) -> str | Variant:
    """What stands at a path, in the same way."""

    def ask() -> str:
        entry = workspace.entry_at(path)
        if entry not in ("nothing", "file", "directory"):
            raise FileError("other", "the workspace gave no entry")
        return entry

    return _answered(ask)


def _answered(ask: Callable[[], str]) -> str | Variant:
    try:
        return ask()
    except FileError as error:
        return Variant(error.reason, error.value)
    except Exception as error:  # a host's own code: what it raises is for the planner to report
        return Variant("other", str(error))


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise FileError("not-text") from None


def _read_small(path: str) -> bytes:
    # Not blocking: a named pipe would keep us until somebody writes.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileError("other", "it is no regular file")
        data = file.read(TEXT_LIMIT + 1)
    if len(data) > TEXT_LIMIT:
        raise FileError("too-large", TEXT_LIMIT)
    return data


class _system_errors:
    """The system's errors as the contract's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case FileNotFoundError() | NotADirectoryError():
                raise FileError("not-found") from None
            case IsADirectoryError():
                raise FileError("is-directory") from None
            case OSError():
                raise FileError("other", str(error)) from None


def _secret_files(text: str) -> list[str]:
    """The files of the secrets that an object's text names, as far as it is one."""
    try:
        values = json.loads(text)["buildkit_secrets"].values()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
    return [value for value in values if isinstance(value, str)]
