#!/bin/sh
. "$(dirname "$0")/harness.sh"

mlp=$FIXTURES/models/mlp-dynamo
data=$mlp/test_data_set_0

run permcrypt run "$mlp" --inputs "$data"
if grep -q 'has no ONNX Runtime' err; then skip "built without ONNX Runtime"; fi

# A table on standard output.
exits 0 permcrypt run "$mlp/model.onnx" --inputs "$data"
prints "' float32 ["
check test ! -s err

# With -o, the layout of the inputs.
exits 0 permcrypt run "$mlp" --inputs "$data" -o results
silent
check test -s results/output_0.pb
exits 4 permcrypt run "$mlp" --inputs "$data" -o results
exits 0 permcrypt run "$mlp" --inputs "$data" -o results --force
exits 2 permcrypt run "$mlp" --inputs "$data" -o results.npz
refute test -e results.npz
exits 4 permcrypt run "$mlp" --inputs "$data" -o nowhere/results
refute test -e nowhere

exits 2 permcrypt run "$mlp"
exits 3 permcrypt run "$mlp" --inputs nowhere
exits 3 permcrypt run nowhere.onnx --inputs "$data"
exits 3 permcrypt run "$FIXTURES/models/matmul-external" --inputs "$data"
exits 3 permcrypt run "$mlp" --inputs "$data" -t "$FIXTURES/data/stored.npz"
says "is not a token"

# A token, but not for this model.
exits 6 permcrypt run "$mlp" --inputs "$data" -t "$FIXTURES/data/token.npz"
says "takes no token"

done_testing
