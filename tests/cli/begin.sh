# Sourced first by every script here: a fresh folder to work in, and ways to say what must happen.
# $1 is the tool. The first expectation that fails ends the script.
set -euo pipefail

testdata=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../testdata" && pwd)
tool=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# No key of the person who runs the tests gets in here.
unset PERMCRYPT_KEY PERMCRYPT_KEY_FILE PERMCRYPT_KEY_CMD PERMCRYPT_PASSPHRASE
export HOME=$work/home XDG_CONFIG_HOME=$work/home/config
mkdir -p "$HOME"

fail() {
  echo "FAILED: $*" >&2
  echo "--- standard output:" >&2
  cat out >&2
  echo "--- standard error:" >&2
  cat err >&2
  exit 1
}

# expect CODE ARGUMENT...: runs the tool; its output is in the files out and err. A failure must
# print one error line and at most one hint.
expect() {
  local want=$1 code=0
  shift
  "$tool" "$@" >out 2>err || code=$?
  [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: permcrypt $*"
  if [ "$want" -ne 0 ]; then
    [ "$(grep -c '^error: ' err)" -eq 1 ] || fail "not one error line: permcrypt $*"
    [ "$(grep -c '^hint: ' err)" -le 1 ] || fail "several hints: permcrypt $*"
  fi
}

# says FILE PATTERN: out or err has a line that matches.
says() { grep -qE -- "$2" "$1" || fail "no line of $1 matches $2"; }

same_files() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }

absent() { [ ! -e "$1" ] || fail "$1 exists"; }
