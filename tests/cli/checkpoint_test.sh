. "$(dirname "$0")/begin.sh" "$1"

# A checkpoint of the model, with one matrix transposed and one tensor that the graph does not use.
cp "$testdata/models/mlp-dynamo/model.onnx" plain.onnx
cp "$testdata/models/mlp-dynamo/model.safetensors" plain.safetensors
expect 0 keygen

expect 0 encrypt plain.onnx --carry data --checkpoint plain.safetensors
says err "warning: .*'unused.weight'"
[ "$(grep -c "of the checkpoint" err)" -eq 1 ] || fail "something else is unmatched"
[ "$(stat -c %s plain.enc.safetensors)" = "$(stat -c %s plain.safetensors)" ] || fail "other size"
cmp -s plain.enc.safetensors plain.safetensors && fail "the checkpoint is not encrypted"
expect 0 decrypt plain.enc.onnx --checkpoint plain.enc.safetensors
same_files plain.dec.safetensors plain.safetensors

# After training, the rest of it is still in the right place.
cp plain.enc.safetensors trained.safetensors
printf 'abcd' | dd of=trained.safetensors bs=1 seek=2000 conv=notrunc 2>dd.err
expect 0 decrypt plain.enc.onnx --checkpoint trained.safetensors -o trained.dec.onnx
changed=$(cmp -l trained.dec.safetensors plain.safetensors | wc -l || true)
[ "$changed" -le 4 ] && [ "$changed" -gt 0 ] || fail "$changed bytes changed"

expect 4 encrypt plain.onnx --carry data --checkpoint plain.safetensors -o trained.onnx
absent trained.onnx
expect 3 encrypt plain.onnx --carry data --checkpoint plain.onnx -o x.onnx
expect 3 encrypt plain.onnx --carry data --checkpoint nowhere -o x.onnx
head -c 3000 plain.safetensors >cut.safetensors
expect 3 encrypt plain.onnx --carry data --checkpoint cut.safetensors -o x.onnx
expect 3 decrypt plain.enc.onnx --checkpoint cut.safetensors -o x.onnx
expect 2 encrypt plain.onnx --checkpoint plain.safetensors -o x.onnx
expect 0 encrypt plain.onnx -o without.onnx
expect 6 decrypt without.onnx --checkpoint plain.enc.safetensors -o x.onnx
absent x.onnx
absent x.safetensors
