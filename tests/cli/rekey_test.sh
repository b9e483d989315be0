. "$(dirname "$0")/begin.sh" "$1"

cp "$testdata/models/mlp-dynamo/model.onnx" plain.onnx
cp -r "$testdata/models/bert-external-zero-length" bert
chmod -R u+w .
expect 0 keygen
expect 0 keygen -o other
expect 0 encrypt plain.onnx
expect 0 encrypt plain.onnx -k other -o direct.onnx

# Under the new key the file is what encrypting the original under it gives.
expect 0 rekey plain.enc.onnx --to other
same_files plain.rekeyed.onnx direct.onnx
expect 0 decrypt plain.rekeyed.onnx -k other -o back.onnx
same_files back.onnx plain.onnx
expect 5 decrypt plain.rekeyed.onnx -o x.onnx
expect 4 rekey plain.enc.onnx --to other
expect 0 rekey plain.enc.onnx --to other --force
expect 0 rekey plain.rekeyed.onnx -k other --to home/config/permcrypt/key -o again.onnx
same_files again.onnx plain.enc.onnx

# Data files, and constant tables of indices.
expect 0 encrypt bert
expect 0 rekey bert/model.enc.onnx --to other -o bert/longer-name.onnx
mkdir restored
expect 0 decrypt bert/longer-name.onnx -k other -o restored/model.onnx
same_files restored/model.onnx bert/model.onnx
for file in restored/*; do same_files "$file" "bert/$(basename "$file")"; done

expect 2 rekey plain.enc.onnx
expect 2 rekey plain.enc.onnx --to home/config/permcrypt/key -o x.onnx
expect 2 rekey plain.enc.onnx --to other -o plain.enc.onnx
expect 3 rekey nowhere.onnx --to other
expect 5 rekey plain.enc.onnx -k other --to home/config/permcrypt/key -o x.onnx
expect 5 rekey plain.enc.onnx --to nowhere -o x.onnx
expect 6 rekey plain.onnx --to other -o x.onnx
printf 'X' | dd of=plain.enc.onnx bs=1 seek=400 conv=notrunc 2>dd.err
expect 1 rekey plain.enc.onnx --to other -o x.onnx
absent x.onnx
