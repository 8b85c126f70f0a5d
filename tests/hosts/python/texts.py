"""What this host tells of each text in a directory, one JSON line each: name, form, and what ``validate`` tells.

Arguments: the directory of the texts.
"""

import json
import sys
from pathlib import Path

from oci_image_planner import Forms, Language, Planner


def main() -> None:
    forms = Forms.load(Planner.load())
    for file in sorted(Path(sys.argv[1]).iterdir()):
        text = file.read_bytes().decode()
        language: Language = "json" if file.suffix == ".json" else "yaml"
        form = forms.read(text, language)["form"]
        print(json.dumps({"name": file.name, "form": form, "told": forms.validate(text, language)}))


if __name__ == "__main__":
    main()
