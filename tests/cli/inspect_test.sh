. "$(dirname "$0")/begin.sh" "$1"

models=$testdata/models
cp "$models/mlp-dynamo/model.onnx" plain.onnx
expect 0 keygen
expect 0 keygen -o other.key
expect 0 encrypt plain.onnx
weight=$("$tool" inspect plain.onnx | sed -n "s/^ *float32 *'\([^']*weight\)' .*/\1/p" | head -n 1)
[ -n "$weight" ] || fail "no weight in the list"

# A model.
expect 0 inspect plain.onnx
says out '^protected'
says out "^ *float32 .*\[g[0-9]+"
expect 0 inspect plain.onnx --json
says out '"kind": "model"'
says out '"protected": "both"'
says out '"kind": "(input|output|index|boundary)"'
expect 0 inspect "$models/sklearn-scaler-logreg"
says err '^warning: '

# Why.
expect 0 inspect plain.onnx --explain "$weight"
says out '^axis 0 .* is permuted, as '
says out 'because these operators need one numbering'
expect 2 inspect plain.onnx --explain nothing

# An encrypted model, with its key and without.
expect 0 inspect plain.enc.onnx
says out '^key_id +permcrypt1'
says out "^ *float32 .*\[g[0-9]+"
expect 0 inspect plain.enc.onnx --json
says out '"kind": "encrypted"'
XDG_CONFIG_HOME=$work/none HOME=$work/none expect 0 inspect plain.enc.onnx
says out '^plan +sealed'
! grep -q '\[g[0-9]' out || fail "groups without a key"
expect 5 inspect plain.enc.onnx -k other.key
expect 5 inspect plain.enc.onnx -k nowhere
expect 6 inspect plain.enc.onnx --explain "$weight"

# A key, which is not shown.
expect 0 inspect other.key
says out '^id: permcrypt1'
! grep -q SECRET out || fail "the secret is in the output"
expect 0 inspect other.key --json
says out '"kind": "key"'

expect 2 inspect other.key --explain "$weight"

# The same members in JSON, whatever it is.
expect 0 token plain.enc.onnx
for file in plain.onnx plain.enc.onnx other.key plain.enc.token.npz; do
  expect 0 inspect $file --json
  for member in file kind groups tensors coverage locks unknown_ops key_bits; do
    says out "^  \"$member\": "
  done
done
says out '"kind": "token"'

expect 2 inspect
expect 3 inspect nowhere
printf 'neither' >file
expect 3 inspect file
