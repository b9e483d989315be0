. "$(dirname "$0")/begin.sh" "$1"

models=$testdata/models
cp -r "$models"/mlp-dynamo "$models"/bert-external-zero-length .
chmod -R u+w .
expect 0 keygen
expect 0 keygen -o other.key
plain=mlp-dynamo/model.onnx
expect 0 encrypt $plain -o enc.onnx
expect 0 token enc.onnx -o token.npz

# Changed on purpose: the weights, and nothing else.
cp enc.onnx trained.onnx
weight=$(grep -aboF f2.weight enc.onnx | sed -n 2p | cut -d: -f1)
printf '\1\2\3' | dd of=trained.onnx bs=1 seek=$((weight + 1000)) conv=notrunc status=none
expect 1 verify trained.onnx
expect 0 verify trained.onnx --changed-weights
says out '^changed weights +ok'
expect 0 verify trained.onnx --changed-weights --original $plain
says out '^weights +note +5 tensors are equal, 1 differ'
expect 1 decrypt trained.onnx -o trained.dec.onnx
absent trained.dec.onnx
expect 0 decrypt trained.onnx -o trained.dec.onnx --changed-weights
[ "$(cmp -l trained.dec.onnx $plain | wc -l)" -le 3 ] || fail "more than the weights changed"

# Without ONNX Runtime the static checks remain.
runtime=true
"$tool" verify enc.onnx --numeric >out 2>err || [ $? -ne 2 ] || runtime=false

expect 0 verify enc.onnx
says out '^untampered +ok'
expect 2 verify
expect 2 verify enc.onnx -k other.key -t token.npz
expect 2 verify enc.onnx --record a --known b
expect 3 verify nowhere.onnx
expect 6 verify $plain
expect 5 verify enc.onnx -k other.key
expect 5 verify enc.onnx -k nowhere

# In this order: input, key, output, result.
expect 3 verify enc.onnx -k other.key --original nowhere.onnx
expect 3 verify enc.onnx -k other.key --inputs nowhere.npz
sed 's/permcrypt.plan/permcrypt.plum/' enc.onnx >damaged.onnx
expect 3 verify damaged.onnx --original nowhere.onnx
expect 5 verify damaged.onnx -k nowhere
expect 1 verify damaged.onnx
if $runtime; then expect 4 verify damaged.onnx --record token.npz; fi

# The original, and another model.
if ! $runtime; then
  expect 0 verify enc.onnx --original $plain
  says err '^warning: not run numerically$'
fi
expect 1 verify enc.onnx --original bert-external-zero-length/model.onnx
expect 1 -q verify enc.onnx --original bert-external-zero-length/model.onnx
[ ! -s out ] || fail "-q prints more than errors"
code=0
"$tool" verify enc.onnx --original bert-external-zero-length/model.onnx --json >out 2>err || code=$?
[ $code -eq 1 ] || fail "exit code $code with --json"
says out '"passed": false'

# flip FILE OFFSET: one bit of one byte.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  printf "$(printf '\\%03o' $((byte ^ 1)))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Any changed byte of weights, manifest, MAC or data file is found.
size=$(stat -c %s enc.onnx)
for offset in 0 1 2 3 40 $((size / 3)) $((size / 2)) $((size - 900)) $((size - 200)) $((size - 1)); do
  cp enc.onnx bad.onnx
  flip bad.onnx "$offset"
  expect 1 verify bad.onnx
done
head -c $((size / 2)) enc.onnx >cut.onnx
expect 3 verify cut.onnx
expect 0 encrypt bert-external-zero-length/model.onnx -o bert.onnx
expect 0 verify bert.onnx
size=$(stat -c %s bert.onnx.data)
for offset in 0 $((size / 2)) $((size - 1)); do
  flip bert.onnx.data "$offset"
  expect 1 verify bert.onnx
  flip bert.onnx.data "$offset"
done
expect 0 verify bert.onnx

if ! $runtime; then
  expect 2 verify enc.onnx --record known
  exit 0
fi

# Caches in plain order hold what was put into them: that is no use of the model.
gpt2=$models/gpt2-decoder-merged
expect 0 encrypt "$gpt2" -o plain_caches.onnx --cache plain
expect 0 verify plain_caches.onnx --original "$gpt2" --numeric

# Known answers: an owner records, a licensed user compares.
expect 0 verify enc.onnx --record known
[ "$(stat -c %a known)" = 600 ] || fail "the known answer can be read by others"
expect 4 verify enc.onnx --record known
expect 0 verify enc.onnx --record known --force
expect 0 verify enc.onnx -t token.npz --known known
says out '^known answer +ok'
expect 0 verify enc.onnx --known known
printf 'something else' >junk
expect 3 verify enc.onnx -t token.npz --known junk
expect 3 verify enc.onnx -t junk --known known
flip known 100
expect 5 verify enc.onnx -t token.npz --known known
flip known 100
# The licensed user notices a changed weight, which only the owner's MAC would show otherwise.
cp enc.onnx bad.onnx
weight=$(grep -aboF f2.weight enc.onnx | sed -n 2p | cut -d: -f1)
dd if=/dev/urandom of=bad.onnx bs=1 seek=$((weight + 1000)) count=64 conv=notrunc status=none
expect 1 verify bad.onnx -t token.npz --known known
# Another key: another token.
expect 0 encrypt $plain -o enc2.onnx -k other.key
expect 0 token enc2.onnx -o token2.npz -k other.key
expect 5 verify enc.onnx -t token2.npz --known known
