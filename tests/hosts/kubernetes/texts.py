"""Prints the texts of the ConfigMaps in files of manifests, by their names, as JSON."""

import json
import sys

import yaml

texts = {}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            if document["kind"] == "ConfigMap":
                texts |= document["data"]
print(json.dumps(texts))
