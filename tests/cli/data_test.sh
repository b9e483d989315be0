# The data carries the key: encrypt --carry data and both, their tokens, and what other commands
# make of such models.
. "$(dirname "$0")/begin.sh" "$1"

mlp=$testdata/models/mlp-dynamo
vit=$testdata/vit-mnist/model.onnx
expect 0 keygen

# Nothing is added to the model; the token is two graphs.
expect 0 encrypt "$vit" -o vit.enc.onnx --carry data
says out "input +axes 2 to 3 of 784 in 'image', 253 bits"
says out "output +axis 1 of 10 in 'logits', 22 bits"
expect 0 token vit.enc.onnx
absent vit.enc.token.npz
for graph in vit.enc.token.in.onnx vit.enc.token.out.onnx; do
  [ "$(stat -c %a "$graph")" = 600 ] || fail "others can read $graph"
done
expect 4 token vit.enc.onnx
expect 0 token vit.enc.onnx -o named.npz
same_files vit.enc.token.in.onnx named.in.onnx
same_files vit.enc.token.out.onnx named.out.onnx
expect 0 decrypt vit.enc.onnx -o vit.onnx
same_files vit.onnx "$vit"

expect 0 inspect --json vit.enc.onnx
says out '"carrier": "input"'
says out '"carrier": "output"'

# It has no input for a token.
expect 0 encrypt "$mlp" -o key.enc.onnx
expect 0 token key.enc.onnx -o key.npz
expect 6 unlock vit.enc.onnx -t key.npz
says err 'takes no token'

# Both ways at once: an array and two graphs.
expect 0 encrypt "$vit" -o both.enc.onnx --carry both
expect 0 token both.enc.onnx -o both.npz
for file in both.npz both.in.onnx both.out.onnx; do
  [ -s $file ] || fail "no $file"
done
expect 0 decrypt both.enc.onnx -o both.dec.onnx
same_files both.dec.onnx "$vit"

# The same key and options, the same bytes.
expect 0 encrypt "$vit" -o again.enc.onnx --carry data -j 1
same_files vit.enc.onnx again.enc.onnx

# Files by hand: there and back again.
expect 6 scramble key.enc.onnx --inputs "$mlp/test_data_set_0" -o x
says err 'carries no key'
expect 3 scramble vit.enc.onnx --inputs "$mlp/test_data_set_0" -o x
absent x

# Nothing, too much, or another kind of thing.
expect 3 scramble vit.enc.onnx --inputs nowhere.npz -o x
expect 3 scramble vit.enc.onnx --inputs "$testdata/vit-mnist/test_labels.npy" -o x.npy
expect 3 scramble vit.enc.onnx --inputs "$testdata/vit-mnist/test_images.npy" -o x.npy
says err "does not fit the model: its shape is \[1000, 28, 28\]"
expect 3 scramble vit.enc.onnx --inputs "$testdata/data/stored.npz" -o x.npz
absent x.npz
says err "the model has 'image'"
absent x
absent x.npy

# A picture stays one, and fits in one way or not at all.
digit=$testdata/data/digit.png
if "$tool" scramble vit.enc.onnx --inputs "$digit" -o digit.png >out 2>err; then
  head -c 4 digit.png | grep -q PNG || fail "no PNG"
  ! cmp -s digit.png "$digit" || fail "the picture is as it was"
  expect 4 scramble vit.enc.onnx --inputs "$digit" -o digit.png
  expect 2 scramble vit.enc.onnx --inputs "$digit" -o "$work/x.npy"
  expect 3 scramble vit.enc.onnx --inputs "$testdata/data/digit-rgb.png" -o x.png
  says err "28 x 28 with 3 channels, and 'image' is \[any, 1, 28, 28\]"
  expect 3 unscramble vit.enc.onnx --outputs "$digit" -o x.png
  cp "$vit" not.png
  expect 3 scramble vit.enc.onnx --inputs not.png -o x.png
  absent x.png
else
  grep -q 'has no libpng' err || fail "a picture is not scrambled"
fi

# A tokenizer is renumbered for models that take its ids; this one takes pictures.
echo '{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}}}' >tokenizer.json
expect 3 token vit.enc.onnx -o tok.npz --tokenizer tokenizer.json
absent tok.in.onnx
expect 6 token key.enc.onnx -o tok.npz --tokenizer tokenizer.json
says err 'carries no key'
absent tok.npz
bert=$testdata/models/bert-weights-as-constants/model.onnx
expect 0 encrypt "$bert" -o bert.enc.onnx --carry data
expect 0 token bert.enc.onnx -o plain-token.npz
absent plain-token.tokenizer.json

# Three parts.
cp "$vit" whole.onnx
expect 0 split whole.onnx --at 2
for part in head body tail; do
  [ -s whole.split/$part.onnx ] || fail "no $part"
done
expect 0 split "$vit" --at add_120 select -o parts
expect 4 split "$vit" --at add_120 select -o parts
expect 0 split "$vit" --at add_120 select -o later --epoch 2
! cmp -s parts/body.onnx later/body.onnx || fail "the same permutations in every epoch"
expect 2 split "$vit" --at select add_120 -o none
expect 2 split "$vit" --at 99 -o none
expect 2 split "$vit" --at image -o none
says err 'no place to cut'
expect 2 split "$vit" --at 2 --epoch -1 -o none
expect 6 split vit.enc.onnx --at 2 -o none
says err "'vit.enc.onnx' is already encrypted"
absent none

# Ids that are counted inside the model, and a dynamic extent, carry nothing.
expect 6 encrypt "$testdata/models/sklearn-scaler-logreg" -o none.enc.onnx --carry data
absent none.enc.onnx

if ! "$tool" run "$mlp" --inputs "$mlp/test_data_set_0" >out 2>err &&
  grep -q 'has no ONNX Runtime' err; then
  exit 0
fi
expect 0 encrypt "$mlp" -o mlp.enc.onnx --carry data
expect 0 token mlp.enc.onnx
data=$mlp/test_data_set_0
expect 0 run "$mlp" --inputs "$data"
grep -o 'float32.*' out >plain
for token in mlp.enc.token.npz mlp.enc.token mlp.enc.token.in.onnx; do
  expect 0 run mlp.enc.onnx -t $token --inputs "$data"
  grep -o 'float32.*' out >with
  paste -d' ' plain with | awk '{ half = NF / 2
    for (i = 1; i <= half; ++i) if ($i != $(i + half) && ($i - $(i + half))^2 > 1e-8) exit 1 }' ||
    fail "results differ with $token"
done
expect 6 run "$mlp" -t mlp.enc.token.npz --inputs "$data"
says err 'takes no token'
expect 0 run mlp.enc.onnx --inputs "$data"
grep -o 'float32.*' out >without
! cmp -s plain without || fail "results are the same without the token"
expect 0 verify mlp.enc.onnx --original "$mlp" --numeric
expect 0 verify vit.enc.onnx --original "$vit" --numeric
expect 0 verify both.enc.onnx --original "$vit" --numeric
expect 6 verify vit.enc.onnx -t vit.enc.token.npz
# Scrambled, run, and unscrambled by hand.
expect 0 scramble mlp.enc.onnx --inputs "$data" -o scrambled
expect 0 run mlp.enc.onnx --inputs scrambled -o raw
expect 0 unscramble mlp.enc.onnx --outputs raw -o back
expect 0 run mlp.enc.onnx -t mlp.enc.token.npz --inputs "$data" -o by-graphs
same_files back/output_0.pb by-graphs/output_0.pb

