"""Texts in other forms than JSON as a Python program has them. What is told of all fixtures is compared with the program elsewhere."""

import tempfile
import unittest
from pathlib import Path

from oci_image_planner import DirectoryWorkspace, Forms, Planner, Refused, Workspace

planner = Planner.load()
forms = Forms.load(planner)


class Texts(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        (self.directory / "src").mkdir()
        (self.directory / "src/Dockerfile").touch()
        (self.directory / "image").mkdir()

    def workspace(self, text: str) -> Workspace:
        return DirectoryWorkspace(self.directory, text)

    def test_request_in_yaml_has_the_plan_of_the_same_in_json(self) -> None:
        request = '{"context": "src", "output": "image"}'

        plan = forms.plan("context: src\noutput: image\n", self.workspace)

        self.assertEqual(plan, planner.plan(request, self.workspace(request)))

    def test_refusal_is_told_at_its_line_with_what_mends_it(self) -> None:
        with self.assertRaises(Refused) as refused:
            forms.plan("# ä\ncontext: src\ntraget: x\noutput: image\n", self.workspace)

        told = forms.validate("# ä\ncontext: src\ntraget: x\noutput: image\n")
        self.assertEqual(refused.exception.diagnostics, told)
        self.assertEqual(told[0]["start"], {"line": 3, "column": 1})
        self.assertEqual(told[0]["fix"], {"span": {"start": 18, "end": 24}, "text": "target"})

    def test_text_that_is_none_of_these_is_told_and_so_are_hostile_ones(self) -> None:
        for text in ["", "\0", "[", "{" * 100_000, "- " * 100_000, "a: &a [*a]", "jobs: 7", "a: " * (1 << 20)]:
            self.assertIsInstance(forms.validate(text), list)

    def test_secret_is_not_in_what_is_read(self) -> None:
        read = forms.read("context: .\noutput: image\nbuildkit_secrets: {a: {text: hidden}}\n")

        self.assertNotIn("hidden", read["builds"][0]["object"])


if __name__ == "__main__":
    unittest.main()
