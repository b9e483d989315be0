. "$(dirname "$0")/begin.sh" "$1"

mlp=$testdata/models/mlp-dynamo
data=$mlp/test_data_set_0

if ! "$tool" run "$mlp" --inputs "$data" >out 2>err && grep -q 'has no ONNX Runtime' err; then
  exit 77
fi

# A table on standard output.
expect 0 run "$mlp/model.onnx" --inputs "$data"
says out "^'[^']+' +float32 \[.*\] "
[ ! -s err ] || fail "messages besides the table"

# With -o, the layout of the inputs.
expect 0 run "$mlp" --inputs "$data" -o results
[ -s results/output_0.pb ] || fail "no results/output_0.pb"
[ ! -s out ] || fail "output besides the file"
expect 4 run "$mlp" --inputs "$data" -o results
expect 0 run "$mlp" --inputs "$data" -o results --force
expect 2 run "$mlp" --inputs "$data" -o results.npz
absent results.npz
expect 4 run "$mlp" --inputs "$data" -o nowhere/results
absent nowhere

expect 2 run "$mlp"
expect 3 run "$mlp" --inputs nowhere
expect 3 run nowhere.onnx --inputs "$data"
expect 3 run "$testdata/models/matmul-external" --inputs "$data"
expect 3 run "$mlp" --inputs "$data" -t "$testdata/data/stored.npz"
says err 'is not a token'

# A token, but not for this model.
expect 6 run "$mlp" --inputs "$data" -t "$testdata/data/token.npz"
says err 'takes no token'
