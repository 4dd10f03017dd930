"""Whether this machine has a Java that Spark runs on; `make test-spark` asks before it installs anything.

`python tests/spark/java.py` prints why not, in one line, and ends with 1; nothing and 0 where it has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys


def java_missing() -> str | None:
    """Why no cluster can run here; None where Java 17 or later is found."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        return "no Java here. Install Java 17 (Debian: openjdk-17-jre-headless) to run them."
    told = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < 17:
        return f"{java} is {found[1] if found else 'of no known version'}, Spark needs Java 17 or later."
    return None


if __name__ == "__main__":
    reason = java_missing()
    if reason:
        print(reason)
    sys.exit(1 if reason else 0)
