. "$(dirname "$0")/begin.sh" "$1"

models=$testdata/models
cp "$models/mlp-dynamo/model.onnx" plain.onnx
cp -r "$models/bert-external-zero-length" bert
chmod -R u+w .
expect 0 keygen

# With no option at all; a summary on standard output; nothing else changes.
expect 0 encrypt plain.onnx
says out '^protected +100.0 % on both axes'
says out '^locks '
says out '^key id +permcrypt1'
[ -s plain.enc.onnx ] || fail "no plain.enc.onnx"
same_files plain.onnx "$models/mlp-dynamo/model.onnx"

# The same bytes again, whatever the number of threads; others for another licensee or option.
expect 0 encrypt plain.onnx -o again.onnx -j 1 -q
[ ! -s out ] && [ ! -s err ] || fail "output in spite of -q"
same_files plain.enc.onnx again.onnx
expect 0 encrypt plain.onnx -o two.onnx -j 2
same_files plain.enc.onnx two.onnx
expect 0 encrypt plain.onnx -o other.onnx --licensee somebody
! cmp -s plain.enc.onnx other.onnx || fail "the licensee makes no difference"

# External data, in a folder.
expect 0 encrypt bert
[ -s bert/model.enc.onnx ] || fail "no bert/model.enc.onnx"
[ "$(stat -c %s bert/model.onnx.data)" -eq "$(stat -c %s bert/model.enc.onnx.data)" ] ||
  fail "the data file has another length"

# A dry run needs no key and writes nothing.
expect 0 encrypt plain.onnx -o dry.onnx --dry-run -k nowhere
says out '^would be'
absent dry.onnx

# What an owner can do: a size that the exporter left open.
cp "$models/llama-fp16/model.onnx" open.onnx
expect 0 encrypt open.onnx -o x.onnx --dry-run
says out 'because the model takes any size: .*--dim sequence_length=N'
expect 0 encrypt open.onnx -o x.onnx --dry-run --dim sequence_length=6 --dim past_sequence_length=5
says out '^protected +100.0 %'
! grep -q '^what may help' out || fail "advice where all moves"
expect 2 encrypt open.onnx -o x.onnx --dry-run --dim lenght=6
says err "^error: the model has no dynamic dimension 'lenght'"
rm open.onnx

# Refusals, and nothing left behind by them.
before=$(ls -A | grep -Evc '^\(out\|err\)$')
expect 2 encrypt
expect 2 encrypt plain.onnx --internal some -o x.onnx
expect 2 encrypt plain.onnx --dim width -o x.onnx
expect 2 encrypt plain.onnx --dim width=0 -o x.onnx
expect 2 encrypt plain.onnx --dim no_such_dimension=8 -o x.onnx
expect 2 encrypt plain.onnx --dim width=8 --dim width=9 -o x.onnx

expect 2 encrypt plain.onnx -o ./plain.onnx --force
expect 3 encrypt nowhere.onnx -o x.onnx
expect 3 encrypt "$models" -o x.onnx
printf 'not a model' >broken.onnx
expect 3 encrypt broken.onnx -o x.onnx
head -c 2000 plain.onnx >broken.onnx
expect 3 encrypt broken.onnx -o x.onnx
rm broken.onnx
expect 6 encrypt plain.enc.onnx -o x.onnx
expect 6 encrypt "$models/sklearn-scaler-logreg" -o x.onnx
says err '^hint: the model has no weights'
expect 5 encrypt plain.onnx -o x.onnx -k nowhere
expect 4 encrypt plain.onnx
expect 4 encrypt plain.onnx -o nowhere/x.onnx
[ "$(ls -A | grep -Evc '^\(out\|err\)$')" -eq "$before" ] || fail "a refusal left a file: $(ls -A)"
expect 0 encrypt plain.onnx --force
same_files plain.enc.onnx again.onnx

# In this order: input, state, key, output.
expect 3 encrypt nowhere.onnx -o plain.enc.onnx -k nowhere
expect 6 encrypt plain.enc.onnx -o again.onnx -k nowhere
expect 5 encrypt plain.onnx -o again.onnx -k nowhere
expect 2 encrypt nowhere.onnx -o nowhere.onnx --internal some

# Missing data, and a path out of the folder.
mkdir lost
cp bert/model.onnx lost
expect 3 encrypt lost
says err 'model.onnx.data'
mkdir outside
sed 's|model.onnx.data|../bert/xx.data|g' bert/model.onnx >outside/model.onnx
expect 3 encrypt outside

# A folder that cannot be written to, and a full disk. Root may write anywhere.
if [ "$(id -u)" -ne 0 ]; then
  mkdir closed
  chmod 500 closed
  expect 4 encrypt plain.onnx -o closed/x.onnx
fi

# Locks inside: more of them.
locks() { sed -n 's/^locks *//p' out; }
expect 0 encrypt bert -o none.onnx
none=$(locks)
expect 0 encrypt bert -o block.onnx --internal block
block=$(locks)
expect 0 encrypt bert -o all.onnx --internal all
[ "$none" -lt "$block" ] && [ "$block" -lt "$(locks)" ] || fail "$none, $block, $(locks) locks"
