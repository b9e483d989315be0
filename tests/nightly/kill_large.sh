#!/usr/bin/env bash
# Kills `encrypt`, `encrypt --in-place`, `--shard` and `--finish` at random moments, on a large model.
#
#     tests/nightly/kill_large.sh build/permcrypt [SIZE [ROUNDS]]     1G and 50 unless said otherwise
#
# What tests/cli/kill_test.sh does with a small model: nothing may be lost or half visible, and what a
# kill leaves, the next run completes to the bytes of an undisturbed one. Needs room for five times
# the model in TMPDIR, and Python with numpy and onnx ($PYTHON).
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
tool=$(realpath "$1")
size=${2:-1G} rounds=${3:-50}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" "$tests/../bench/make_model.py" "$folder/model.onnx" --bytes "$size"
du -sh "$folder"
KILL_MODEL=$folder KILL_ROUNDS=$rounds KILL_MEMORY=${KILL_MEMORY:-32MB} \
  bash "$tests/cli/kill_test.sh" "$tool"
