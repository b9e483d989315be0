. "$(dirname "$0")/begin.sh" "$1"

cp "$testdata/models/mlp-dynamo/model.onnx" plain.onnx
expect 0 keygen
expect 0 keygen -o other.key
expect 0 encrypt plain.onnx

expect 0 token plain.enc.onnx
[ "$(stat -c %a plain.enc.token.npz)" = 600 ] || fail "others can read the token"
head -c 2 plain.enc.token.npz | grep -q PK || fail "not a .npz"
expect 0 inspect plain.enc.token.npz
says out '^kind: token'

expect 4 token plain.enc.onnx
expect 0 token plain.enc.onnx --force
expect 0 token plain.enc.onnx -o named.npz
same_files plain.enc.token.npz named.npz

expect 2 token
expect 2 token plain.enc.onnx -o plain.enc.onnx --force
expect 3 token nowhere.onnx
expect 6 token plain.onnx
expect 5 token plain.enc.onnx -o x.npz -k other.key
expect 5 token plain.enc.onnx -o x.npz -k nowhere
absent x.npz
