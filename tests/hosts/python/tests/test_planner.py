"""The planner as a Python program has it: its answers, its errors, its limits."""

import contextlib
import io
import os
import re
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from unittest import mock

from wasmtime.component import RecordType

from oci_image_planner import NoWorkspace, Planner, PlannerError, Refused, Workspace, canonical
from oci_image_planner.workspace import Entry, FileError

#: The component, as the build of the workspace leaves it.
COMPONENT = Path(os.environ["OCI_IMAGE_PLANNER"])
#: One that does everything that a planner must not; the object's text is its deed.
HOSTILE = COMPONENT.with_name("oci_image_hostile_planner.wasm")
README = Path(__file__).parent.parent / "README.md"

planner = Planner.load(COMPONENT)


class Readme(unittest.TestCase):
    def test_example_prints_the_attributes_of_the_plan(self) -> None:
        (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
            Path("app").mkdir()
            Path("app/Dockerfile").write_text("FROM scratch AS release\n")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(example, str(README), "exec"), {})

        self.assertEqual(printed.getvalue(), "['filename', 'target']\n")


class Answers(unittest.TestCase):
    def test_refusal_carries_every_diagnostic_with_its_place(self) -> None:
        with self.assertRaises(Refused) as caught:
            planner.describe('{"contxt": "."}')

        first = caught.exception.diagnostics[0]
        self.assertEqual((first["code"], first["pointer"]), ("missing-key", ""))
        self.assertIn("unknown-key", [one["code"] for one in caught.exception.diagnostics])
        self.assertIn("is not a key of the object", str(caught.exception))

    def test_interface_names_what_comes_in_and_goes_out(self) -> None:
        interface = planner.describe('{"context": "src", "output": "image", "cache": true}')

        self.assertEqual(interface["inputs"], [{"name": "src"}])
        self.assertEqual(interface["caches"], ["cache"])

    def test_types_of_answers_are_read_once(self) -> None:
        request = '{"context": "src", "output": "image", "cache": true}'
        first = planner.describe(request)
        with mock.patch.object(RecordType, "fields", new_callable=mock.PropertyMock) as fields:
            second = planner.describe(request)

        fields.assert_not_called()
        self.assertEqual(first, second)

    def test_canonical_text_escapes_what_json_must_and_nothing_else(self) -> None:
        self.assertEqual(canonical(["ä\u2028\x7f\x00\n", [], None]), '[\n  "ä\u2028\x7f\\u0000\\n",\n  [],\n  null\n]\n')


class Liar:
    """A workspace whose answers are whatever a test says; with no entry said, everything is a file."""

    def __init__(self, text: object, entry: object = "file") -> None:
        self._text = text
        self._entry = entry

    def read_text(self, path: str) -> str:
        return cast(str, self._say(self._text))

    def entry_at(self, path: str) -> Entry:
        return cast(Entry, "directory" if path in (".", "image") and self._entry == "file" else self._say(self._entry))

    @staticmethod
    def _say(answer: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer


class HostileWorkspace(unittest.TestCase):
    """Whatever a workspace answers, the planner answers, with diagnostics about the key that names the file."""

    OBJECT = '{"context": ".", "output": "image", "build_args_file": "args"}'

    def refused(self, workspace: Workspace) -> list[tuple[str, str]]:
        with self.assertRaises(Refused) as caught:
            planner.plan(self.OBJECT, workspace)
        return [(one["code"], one["pointer"]) for one in caught.exception.diagnostics]

    def test_file_that_is_there_and_not_found(self) -> None:
        self.assertEqual(self.refused(Liar(FileError("not-found"))), [("missing-path", "/build_args_file")])

    def test_workspace_that_raises_or_answers_nonsense(self) -> None:
        for text in (ValueError("\x00 broken"), None, 7, b"A=1", FileError("other", "of the system"), FileError("not-text")):
            with self.subTest(text=text):
                self.assertEqual(self.refused(Liar(text)), [("unreadable-file", "/build_args_file")])

    def test_hundred_mebibytes(self) -> None:
        self.assertEqual(self.refused(Liar("A=1\n" * (25 << 20))), [("unreadable-file", "/build_args_file")])

    def test_text_that_is_no_unicode(self) -> None:
        self.assertEqual(self.refused(Liar("A=\ud800")), [("unreadable-file", "/build_args_file")])

    def test_text_of_nothing_but_nul(self) -> None:
        codes = {code for code, _ in self.refused(Liar("\x00" * 1000))}
        self.assertEqual(codes, {"missing-equals"})

    def test_entry_that_is_none(self) -> None:
        for entry in ("socket", None, OSError("gone")):
            with self.subTest(entry=entry):
                self.assertIn(("unreadable-file", "/context"), self.refused(Liar("A=1", entry)))

    def test_workspace_that_asks_the_planner_in_its_turn(self) -> None:
        asked = []

        class Curious(Liar):
            def read_text(self, path: str) -> str:
                asked.append(self)
                return "A=1" if len(asked) > 1 else str(len(planner.plan(HostileWorkspace.OBJECT, self)["solves"]))

        self.assertEqual(self.refused(Curious("")), [("missing-equals", "/build_args_file")])
        self.assertEqual(len(asked), 2)

    def test_calls_at_the_same_time_have_each_its_own_workspace(self) -> None:
        def value(number: int) -> str:
            plan = planner.plan(self.OBJECT, Liar(f"A={number}"))
            return plan["solves"][0]["attributes"][0]["value"]["text"]

        with ThreadPoolExecutor(8) as pool:
            self.assertEqual(list(pool.map(value, range(64))), [str(number) for number in range(64)])

    def test_workspace_that_answers_for_nothing(self) -> None:
        self.assertIn(("unreadable-file", "/context"), self.refused(NoWorkspace()))


class HostilePlanner(unittest.TestCase):
    def test_loop_trap_and_reach_for_the_machine_end_as_errors_of_the_planner(self) -> None:
        hostile = Planner.load(HOSTILE)
        for deed in ("loop", "allocate", "recurse", "panic", "exit", "sleep", "look at the clock", "read a file", "call home"):
            with self.subTest(deed=deed), self.assertRaises(PlannerError):
                hostile.validate(deed)

        self.assertEqual(hostile.validate("nothing"), [])

    def test_other_component_is_no_planner(self) -> None:
        with self.assertRaisesRegex(PlannerError, "does not export"):
            Planner(b"\0asm\x0d\0\x01\0")


class Cache(unittest.TestCase):
    def test_compiled_component_is_kept_and_damage_is_made_good(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            cache = Path(directory) / "cache"
            Planner.load(COMPONENT, cache)
            (kept,) = cache.iterdir()
            whole = kept.read_bytes()
            kept.write_bytes(whole[: len(whole) // 2])

            answer: Any = Planner.load(COMPONENT, cache).validate("{}")

            self.assertEqual(answer[0]["code"], "missing-key")
            self.assertEqual(kept.stat().st_size, len(whole))


if __name__ == "__main__":
    unittest.main()
