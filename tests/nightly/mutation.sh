#!/usr/bin/env bash
# Takes each statement that ties, holds or labels something out of inference, one at a time, and
# prints those whose loss no test of inference notices. For the night: one statement takes a
# compilation and a link.
#
#     tests/nightly/mutation.sh [PATTERN]     only statements that match, e.g. 'labels\.'
#
# Works on a copy. A line that does not compile without its statement is passed over.
set -euo pipefail
cd "$(dirname "$0")/../.."

pattern=${1:-.}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cmake -S "$copy" -B "$copy/build" -DCMAKE_BUILD_TYPE=Release ${CMAKE_ARGS:-} >"$copy/log"
build() { cmake --build "$copy/build" --target permcrypt_tests -j "${JOBS:-$(nproc)}"; }
noticed() {
  ! timeout 600 "$copy/build/permcrypt_tests" >"$copy/log" 2>&1 \
    -tc='rules*,mutation*,golden*,affine*,packed*,wrong rules*,random graphs'
}
build >"$copy/log"
if noticed; then
  echo "error: the tests fail as it is" >&2
  exit 1
fi

# Whole statements of one line, perhaps behind a condition.
verbs='unify|align|pin|per_index|broadcast|attach|join|hold'
call="[A-Za-z_.>-]*\b($verbs)\(.*\);\$"
tried=0 missed=0
while IFS=: read -r file line text; do
  cp "$copy/$file" "$copy/kept"
  sed -i -E "${line}s/$call/;/" "$copy/$file"
  if build >"$copy/log" 2>&1; then
    tried=$((tried + 1))
    if ! noticed; then
      missed=$((missed + 1))
      echo "$file:$line: ${text#"${text%%[! ]*}"}"
    fi
  fi
  cp "$copy/kept" "$copy/$file"
done < <(grep -rnE "^ +(if \(.*\) |for \(.*\) )?$call" src/infer --include='*.cpp' | grep -E "$pattern")
echo "$missed of $tried statements are missed by nothing"
