"""The workspace at a directory: what it answers for, and what it keeps to itself."""

import os
import tempfile
import unittest
from pathlib import Path

from oci_image_planner import SECRET_LIMIT, TEXT_LIMIT, DirectoryWorkspace, FileError


class Directory(unittest.TestCase):
    def setUp(self) -> None:
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.directory = Path(top.name) / "work"
        (self.directory / "app").mkdir(parents=True)
        (self.directory / "labels").write_text("a=b\n")
        (self.directory / "token").write_text("hidden")
        (Path(top.name) / "outside").write_text("not yours")
        self.workspace = DirectoryWorkspace(self.directory, '{"buildkit_secrets": {"id": "token"}}')

    def refused(self, path: str) -> FileError:
        with self.assertRaises(FileError) as caught:
            self.workspace.read_text(path)
        return caught.exception

    def test_files_and_directories_within(self) -> None:
        (self.directory / "app/link").symlink_to("../labels")

        self.assertEqual(self.workspace.read_text("./app//link"), "a=b\n")
        self.assertEqual(self.workspace.entry_at("app/"), "directory")
        self.assertEqual(self.workspace.entry_at("labels"), "file")
        self.assertEqual(self.workspace.entry_at("labels/below"), "nothing")
        self.assertEqual(self.refused("app").reason, "is-directory")
        self.assertEqual(self.refused("missing").reason, "not-found")

    def test_nothing_outside(self) -> None:
        (self.directory / "link").symlink_to("../outside")

        self.assertEqual(self.refused("../outside").reason, "denied")
        self.assertEqual(self.refused("/etc/passwd").reason, "denied")
        self.assertEqual(self.refused("link").value, "a symbolic link leads out of the working directory")

    def test_directory_beside_has_the_same_beginning_and_is_outside(self) -> None:
        (self.directory.parent / "workshop").mkdir()
        (self.directory / "link").symlink_to("../workshop")

        self.assertEqual(self.refused("../workshop/file").reason, "denied")
        self.assertEqual(self.refused("link").value, "a symbolic link leads out of the working directory")

    def test_symbolic_links_in_a_circle_are_an_error_of_the_system(self) -> None:
        (self.directory / "link").symlink_to("link")

        self.assertIn("symbolic links", str(self.refused("link").value))

    def test_root_is_a_directory_as_any_other(self) -> None:
        workspace = DirectoryWorkspace("/", "{}")

        self.assertEqual(workspace.entry_at(str(self.directory / "labels")), "file")
        self.assertEqual(workspace.entry_at(".."), "directory")

    def test_text_of_a_secret_is_kept_and_a_large_one_refused(self) -> None:
        self.assertEqual(self.refused("./token").reason, "denied")
        self.assertEqual(self.workspace.entry_at("token"), "file")

        (self.directory / "token").write_bytes(b"x" * (SECRET_LIMIT + 1))

        with self.assertRaises(FileError) as caught:
            self.workspace.entry_at("token")
        self.assertEqual((caught.exception.reason, caught.exception.value), ("too-large", SECRET_LIMIT))

    def test_what_is_no_small_text_has_no_text(self) -> None:
        (self.directory / "binary").write_bytes(b"\xff\xfe")
        (self.directory / "large").write_bytes(b"x" * (TEXT_LIMIT + 1))
        os.mkfifo(self.directory / "pipe")

        self.assertEqual(self.refused("binary").reason, "not-text")
        self.assertEqual(self.refused("large").value, TEXT_LIMIT)
        self.assertEqual(self.refused("pipe").value, "it is no regular file")


if __name__ == "__main__":
    unittest.main()
