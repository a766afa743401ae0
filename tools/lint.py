#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every check there is, tools/check_*.py, so that a new one cannot be forgotten."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
checks = sorted((root / "tools").glob("check_*.py"))
failed = [check.name for check in checks
          if subprocess.run([sys.executable, check, root], check=False).returncode != 0]
if failed:
    sys.exit(f"failed: {', '.join(failed)}")
