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

# A model that runs without its key, wrongly, and takes it all the same.
expect 0 keygen
expect 0 encrypt "$mlp" -o decoy.onnx --decoy
expect 0 token decoy.onnx -o decoy.npz
values() { grep -oE 'float32.*' out; }
expect 0 run "$mlp" --inputs "$data"
values >right
expect 0 run decoy.onnx -t decoy.npz --inputs "$data"
values | sed 's/.*\]//' >with
expect 0 run decoy.onnx --inputs "$data"
values | sed 's/.*\]//' >without
paste <(sed 's/.*\]//' right) with without | awk '{ n = NF / 3; far = 0
  for (i = 1; i < n; ++i) {
    if (($i - $(i + n))^2 > 1e-8) { print "wrong with the key"; exit 1 }
    if (($i - $(i + 2 * n))^2 > 1e-4) far = 1
  }
  if (!far) { print "right without the key"; exit 1 } }' || fail "a decoy"
expect 0 verify decoy.onnx --original "$mlp" --numeric
expect 0 verify decoy.onnx --record known
expect 0 verify decoy.onnx -t decoy.npz --known known
expect 0 keygen -o other.key
expect 0 encrypt "$mlp" -o other.onnx --decoy -k other.key
expect 0 token other.onnx -o other.npz -k other.key
expect 5 verify decoy.onnx -t other.npz --known known
expect 2 run decoy.onnx -t decoy.npz --inputs "$data" -o decoy.npz --force

# A token, but not for this model.
expect 6 run "$mlp" --inputs "$data" -t "$testdata/data/token.npz"
says err 'takes no token'
