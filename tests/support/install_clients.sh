#!/usr/bin/env bash
# Fetch the libraries of other languages that the tests fill workbooks with (ExcelJS, SheetJS), as
# package-lock.json has them, and run none of their scripts.  Without npm the tests that need them are
# skipped; exits 1 for that only when PLANBOOK_REQUIRE_OFFICE=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/clients"

if [[ node_modules/.package-lock.json -nt package-lock.json ]]; then
  exit 0
fi
if command -v npm >/dev/null && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; then
  touch node_modules/.package-lock.json
  exit 0
fi
echo "ExcelJS and SheetJS are not installed: skipped without them are tests of workbooks they saved." >&2
if [[ "${PLANBOOK_REQUIRE_OFFICE:-}" == 1 ]]; then
  exit 1
fi
