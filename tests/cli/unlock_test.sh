. "$(dirname "$0")/begin.sh" "$1"

cp "$testdata/models/mlp-dynamo/model.onnx" plain.onnx
cp -r "$testdata/models/bert-external-zero-length" bert
cp -r "$testdata/models/gpt2-ir3-initializers-as-inputs" ir3
chmod -R u+w .
expect 0 keygen
expect 0 encrypt plain.onnx
expect 0 token plain.enc.onnx

expect 0 unlock plain.enc.onnx -t plain.enc.token.npz
[ -s plain.unlocked.onnx ] || fail "no plain.unlocked.onnx"
[ "$(stat -c %a plain.unlocked.onnx.key)" = 600 ] || fail "others can read the key"
expect 4 unlock plain.enc.onnx -t plain.enc.token.npz
expect 0 unlock plain.enc.onnx -t plain.enc.token.npz -o elsewhere.onnx

# It is an encrypted model still, but one that takes no token.
expect 6 encrypt plain.unlocked.onnx
expect 6 token plain.unlocked.onnx
expect 6 decrypt plain.unlocked.onnx
expect 6 unlock plain.unlocked.onnx -t plain.enc.token.npz -o x.onnx
expect 0 inspect plain.unlocked.onnx
says out '^unlocked'

# Weights in data files stay where they are.
expect 0 encrypt bert
expect 0 token bert/model.enc.onnx
expect 0 unlock bert/model.enc.onnx -t bert/model.enc.token.npz
[ -s bert/model.unlocked.onnx ] || fail "no bert/model.unlocked.onnx"
expect 2 unlock bert/model.enc.onnx -t bert/model.enc.token.npz -o x.onnx

# An old model, whose initializers are inputs too.
expect 0 encrypt ir3
expect 0 token ir3/model.enc.onnx
expect 0 unlock ir3/model.enc.onnx -t ir3/model.enc.token.npz

expect 2 unlock plain.enc.onnx
expect 3 unlock nowhere.onnx -t plain.enc.token.npz
expect 3 unlock plain.enc.onnx -t nowhere.npz -o x.onnx
expect 3 unlock plain.enc.onnx -t plain.onnx -o x.onnx
expect 3 unlock plain.enc.onnx -t bert/model.enc.token.npz -o x.onnx
expect 6 unlock plain.onnx -t plain.enc.token.npz
absent x.onnx

# What runs with the token runs the same without it.
data=$testdata/models/mlp-dynamo/test_data_set_0
if "$tool" run plain.onnx --inputs "$data" >out 2>err; then
  expect 0 run plain.enc.onnx -t plain.enc.token.npz --inputs "$data"
  cp out with_token
  expect 0 run plain.unlocked.onnx --inputs "$data"
  same_files out with_token
fi
