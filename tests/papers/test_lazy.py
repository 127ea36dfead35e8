"""What is heavy is loaded by whoever makes a document, at the first one, and never by a start."""

import subprocess
import sys

HEAVY = ("babel", "weasyprint", "PIL", "fontTools", "lxml", "pypdf")
LOOK = """
import sys
from freehold.edge.discovery import find_all
find_all()
print(sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1].split(","))))
"""


def test_no_function_loads_what_sets_pages_when_it_starts():
    ran = subprocess.run([sys.executable, "-c", LOOK, ",".join(HEAVY)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
