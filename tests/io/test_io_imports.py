"""Opening the room costs next to nothing: Arrow and SciPy are loaded when a file asks for them."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_room_loads_neither_arrow_nor_scipy() -> None:
    heavy = "{'pyarrow', 'scipy', 'numba', 'sklearn', 'pandas'}"
    code = f"import sys, partita.io; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
