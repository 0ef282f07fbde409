"""Reads a file by pelicanfs for each line of standard input, in one process, and answers with one line of JSON.

A line is an address (pelican://HOST/PATH), after "new " if nothing that was read before is to be remembered.
"""

import json
import sys

from fsspec.implementations.http import HTTPFileSystem
from pelicanfs import PelicanFileSystem

for line in sys.stdin:
    words = line.split()
    _, _, host, path = words[-1].split("/", 3)
    if words[0] == "new":
        # Both are cached by their arguments, and the second one keeps the last token in its headers.
        PelicanFileSystem.clear_instance_cache()
        HTTPFileSystem.clear_instance_cache()
    try:
        answer = {"text": PelicanFileSystem(f"pelican://{host}").cat_file(f"/{path}").decode()}
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
