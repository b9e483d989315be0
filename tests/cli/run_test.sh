. "$(dirname "$0")/begin.sh" "$1"

model=$testdata/models/matmul-external/model.onnx
mlp=$testdata/models/mlp-dynamo
data=$mlp/test_data_set_0

if ! "$tool" run "$mlp" --inputs "$data" >out 2>err && grep -q 'has no ONNX Runtime' err; then
  exit 77
fi

# A table on standard output.
expect 0 run "$mlp" --inputs "$data"
says out "^'[^']+' +float32 \[.*\] "

# The layout of the inputs, for the outputs.
expect 0 run "$mlp" --inputs "$data" -o results
[ -s results/output_0.pb ] || fail "no results/output_0.pb"
[ ! -s out ] || fail "output besides the file"
expect 4 run "$mlp" --inputs "$data" -o results
expect 0 run "$mlp" --inputs "$data" -o results --force

expect 2 run "$mlp" --inputs "$data" -o results.npz
absent results.npz
expect 2 run "$mlp"
expect 3 run "$mlp" --inputs nowhere
expect 3 run nowhere.onnx --inputs "$data"
expect 3 run "$model" --inputs "$data"
expect 3 run "$mlp" --inputs "$data" -t "$testdata/data/stored.npz"
expect 4 run "$mlp" --inputs "$data" -o nowhere/results
absent nowhere

# A token for a model that takes none.
printf 'PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >empty.npz
expect 3 run "$mlp" --inputs "$data" -t empty.npz
