. "$(dirname "$0")/begin.sh" "$1"

cp -r "$testdata/models/bert-external-zero-length" plain
chmod -R u+w plain
expect 0 keygen

# In place: the same weights as in a copy, the same names, nothing else, and the way back.
expect 0 encrypt plain -o copy.onnx
cp -r plain here
chmod 640 here/model.onnx
expect 0 encrypt here --in-place
says out 'written .*here/model.onnx$'
same_files here/model.onnx.data copy.onnx.data
[ "$(ls -A here | wc -l)" -eq 2 ] || fail "more than the model: $(ls -A here)"
[ "$(stat -c %a here/model.onnx)" = 640 ] || fail "another mode"
expect 0 verify here/model.onnx --original plain
mkdir back
expect 0 decrypt here/model.onnx -o back/model.onnx
same_files back/model.onnx plain/model.onnx
same_files back/model.onnx.data plain/model.onnx.data
expect 6 encrypt here --in-place

# A model that holds its weights itself.
cp "$testdata/models/mlp-dynamo/model.onnx" small.onnx
chmod u+w small.onnx
expect 0 encrypt small.onnx --in-place
expect 0 decrypt small.onnx -o back.onnx
same_files back.onnx "$testdata/models/mlp-dynamo/model.onnx"

# What belongs to others as well stays as it is.
cp -r plain linked
ln linked/model.onnx.data elsewhere
expect 6 encrypt linked --in-place
mv linked/model.onnx.data real && ln -s ../real linked/model.onnx.data
expect 6 encrypt linked --in-place
same_files real plain/model.onnx.data
absent linked/model.onnx.permcrypt-journal

# One thing at a time.
expect 2 encrypt plain --in-place -o x.onnx
expect 2 encrypt plain --in-place --shard 1/2
expect 2 encrypt plain --shard 1/2 --finish
for share in 0/2 3/2 1/0 1 1/ /2 1/2/3 -1/2 x; do expect 2 encrypt plain -o x.onnx --shard=$share; done
expect 2 encrypt plain --memory little -o x.onnx
expect 0 encrypt plain --memory 1MB -o x.onnx -q
same_files x.onnx.data copy.onnx.data

# Shares.
expect 6 encrypt plain -o shared.onnx --finish
expect 0 encrypt plain -o shared.onnx --shard 2/2
says out 'shared.onnx.shares$'
expect 6 encrypt plain -o shared.onnx --finish
says err 'missing: 1$'
absent shared.onnx
expect 0 encrypt plain -o shared.onnx --shard 1/2
expect 0 encrypt plain -o shared.onnx --finish
same_files shared.onnx.data copy.onnx.data
absent shared.onnx.shares
expect 4 encrypt plain -o shared.onnx --shard 1/2
expect 0 verify shared.onnx --original plain
