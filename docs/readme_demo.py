"""Put what `partita demo` prints today into the README, between its two markers.

python docs/readme_demo.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

LINES = 8
CODE = "from partita.cli import main; main(['demo', '--no-open'])"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", CODE], cwd=folder, capture_output=True, text=True, check=True
        )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    tree = [line for line in lines if line.startswith(("1,797", "├", "│", "└"))][:LINES]
    found = next(line for line in lines if line.startswith("Partita found"))
    block = "\n".join(["<!-- output: demo -->", "```text", *tree, "…", found, "```", "<!-- end -->"])
    readme = Path(__file__).parents[1] / "README.md"
    readme.write_text(
        re.sub(r"<!-- output: demo -->.*?<!-- end -->", lambda _: block, readme.read_text(), flags=re.S)
    )
    print(found)


if __name__ == "__main__":
    main()
