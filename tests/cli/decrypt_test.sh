. "$(dirname "$0")/begin.sh" "$1"

models=$testdata/models
cp -r "$models"/* .
chmod -R u+w .
expect 0 keygen
expect 0 keygen -o other.key

# Byte for byte, for every sample that can be encrypted.
count=0
for model in */model.onnx; do
  folder=${model%/*}
  "$tool" encrypt "$folder" >/dev/null 2>&1 || continue
  mkdir "$folder/back"
  expect 0 decrypt "$folder/model.enc.onnx" -o "$folder/back/model.onnx"
  (cd "$folder/back" && find . -type f) | while read -r file; do
    same_files "$folder/$file" "$folder/back/$file"
  done
  count=$((count + 1))
done
[ "$count" -ge 5 ] || fail "only $count samples could be encrypted"

# The default name; an identical data file is accepted, a different one is not.
bert=bert-external-zero-length
expect 0 decrypt $bert/model.enc.onnx
same_files $bert/model.onnx $bert/model.dec.onnx
expect 4 decrypt $bert/model.enc.onnx
rm $bert/model.dec.onnx
mkdir elsewhere
printf 'something else' >elsewhere/model.onnx.data
expect 4 decrypt $bert/model.enc.onnx -o elsewhere/model.onnx
absent elsewhere/model.onnx
expect 0 decrypt $bert/model.enc.onnx -o elsewhere/model.onnx --force
same_files $bert/model.onnx.data elsewhere/model.onnx.data

cp mlp-dynamo/model.enc.onnx enc.onnx
expect 2 decrypt
expect 2 decrypt enc.onnx -o enc.onnx --force
expect 3 decrypt nowhere.onnx
expect 6 decrypt mlp-dynamo/model.onnx
expect 5 decrypt enc.onnx -k other.key
expect 5 decrypt enc.onnx -k nowhere
expect 5 decrypt enc.onnx -k other.key -o mlp-dynamo/model.onnx
expect 4 decrypt enc.onnx -o mlp-dynamo/model.onnx
absent enc.dec.onnx

# flip FILE OFFSET: one bit of one byte.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  printf "$(printf '\\%03o' $((byte ^ 1)))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Any changed byte is found: in the structure, the weights, the manifest, the MAC, a data file.
size=$(stat -c %s enc.onnx)
for offset in 0 1 2 3 40 $((size / 3)) $((size / 2)) $((size - 900)) $((size - 200)) $((size - 1)); do
  cp mlp-dynamo/model.enc.onnx bad.onnx
  flip bad.onnx "$offset"
  expect 1 decrypt bad.onnx
  absent bad.dec.onnx
done
cp mlp-dynamo/model.enc.onnx bad.onnx
flip bad.onnx $((size - 1))
expect 1 decrypt bad.onnx
flip $bert/model.enc.onnx.data 4000
rm $bert/model.dec.onnx 2>/dev/null || true
expect 1 decrypt $bert/model.enc.onnx
absent $bert/model.dec.onnx
