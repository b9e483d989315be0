# What commands do with the places they write to: nothing half-written, nothing precious replaced,
# nothing lost in silence.
. "$(dirname "$0")/begin.sh" "$1"

cp "$testdata/models/mlp-dynamo/model.onnx" plain.onnx
cp -r "$testdata/models/bert-external-zero-length" bert
chmod -R u+w .
expect 0 keygen
expect 0 encrypt plain.onnx
expect 0 token plain.enc.onnx
expect 0 encrypt bert
token=plain.enc.token.npz
key=$XDG_CONFIG_HOME/permcrypt/key

# each OUT CODE OPTION...: every command that writes a file, to OUT.
each() {
  local out=$1 code=$2
  shift 2
  expect "$code" encrypt plain.onnx -o "$out" "$@"
  expect "$code" token plain.enc.onnx -o "$out" "$@"
  expect "$code" unlock plain.enc.onnx -t $token -o "$out" "$@"
  expect "$code" decrypt plain.enc.onnx -o "$out" "$@"
}

# No key is ever replaced, whether it is in use or not.
expect 0 keygen -o other.key
cp other.key kept.key
cp "$key" in_use.key
each other.key 4 --force
each "$key" 4 --force
same_files other.key kept.key
same_files "$key" in_use.key

# What a command reads is not what it writes, under whatever name.
cp plain.onnx original
cp plain.enc.onnx encrypted
cp $token kept.npz
ln -s plain.onnx link.onnx
ln plain.onnx hard.onnx
for out in plain.onnx ./plain.onnx link.onnx hard.onnx "$PWD/plain.onnx"; do
  expect 2 encrypt plain.onnx -o "$out"
  expect 2 encrypt plain.onnx -o "$out" --force
done
ln -s plain.enc.onnx link.enc.onnx
ln plain.enc.onnx hard.enc.onnx
for out in plain.enc.onnx link.enc.onnx hard.enc.onnx; do
  expect 2 token plain.enc.onnx -o $out --force
  expect 2 decrypt plain.enc.onnx -o $out --force
  expect 2 unlock plain.enc.onnx -t $token -o $out --force
done
expect 2 unlock plain.enc.onnx -t $token -o $token --force
expect 2 decrypt bert/model.enc.onnx -o bert/model.enc.onnx.data --force
same_files plain.onnx original
same_files plain.enc.onnx encrypted
same_files $token kept.npz

# Neither folders, nor pipes, nor devices.
mkdir folder
mkfifo pipe
for out in folder pipe /dev/null; do
  each $out 4
  each $out 4 --force
done
[ -p pipe ] && [ -c /dev/null ] || fail "a special file was replaced"
for in in folder pipe /dev/null /dev/zero; do
  expect 3 encrypt $in -o x.onnx
  expect 3 inspect $in
  expect 3 decrypt $in -o x.onnx
  expect 3 unlock plain.enc.onnx -t $in -o x.onnx
done
absent x.onnx

# Names that cannot be.
each "$(printf 'n%.0s' {1..300}).onnx" 4

# Of a name in the way and a damaged model, the name comes first.
cp plain.enc.onnx damaged.onnx
at=$(grep -abo 'permcrypt.plan' damaged.onnx | tail -n 1 | cut -d: -f1)
printf 'z' | dd of=damaged.onnx bs=1 seek=$((at + 40)) conv=notrunc status=none
for command in token decrypt; do
  expect 1 $command damaged.onnx -o new
  expect 4 $command damaged.onnx -o plain.onnx
  expect 5 $command damaged.onnx -o plain.onnx -k nowhere
done
absent new

# A full disk, where one can be mounted.
mkdir full
if mount -t tmpfs -o size=16k tmpfs full 2>/dev/null; then
  trap 'umount full; rm -rf "$work"' EXIT
  dd if=/dev/zero of=full/filler bs=1k 2>/dev/null || true
  each full/x 4
  expect 4 keygen -o full/key
  expect 4 encrypt bert -o full/x.onnx
  [ "$(ls -A full)" = filler ] || fail "left on a full disk: $(ls -A full)"
fi

# A folder that cannot be written to. Root may write anywhere, but can be somebody else, unless the
# tool lies where only root can read.
as_nobody=
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 .
  as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
# shellcheck disable=SC2086
if $as_nobody "$tool" --version >out 2>err; then
  mkdir closed
  cp plain.onnx plain.enc.onnx $token closed
  cp "$key" readable.key
  chmod 644 readable.key
  chmod 555 closed
  for command in "encrypt closed/plain.onnx -o closed/x" "token closed/plain.enc.onnx -o closed/x" \
    "decrypt closed/plain.enc.onnx" "keygen -o closed/key"; do
    code=0
    # shellcheck disable=SC2086
    PERMCRYPT_KEY_FILE=readable.key $as_nobody "$tool" $command >out 2>err || code=$?
    [ $code -eq 4 ] || fail "exit code $code instead of 4: $command"
  done
  [ "$(ls -A closed | wc -l)" -eq 3 ] || fail "left in a closed folder: $(ls -A closed)"
fi

# What is printed and lost is an error too.
for command in "inspect plain.onnx" "inspect plain.onnx --json" "encrypt plain.onnx --dry-run" \
  "verify plain.enc.onnx" "keygen -o -" "--help" "digest plain.onnx"; do
  code=0
  # shellcheck disable=SC2086
  "$tool" $command >/dev/full 2>err || code=$?
  [ $code -eq 4 ] || fail "exit code $code instead of 4: $command >/dev/full"
done

# Streams that are closed do not turn into the files that are opened next.
code=0
"$tool" encrypt plain.onnx -o closed.onnx <&- >&- 2>&- || code=$?
[ $code -eq 4 ] || fail "exit code $code instead of 4 without a standard output"
same_files closed.onnx plain.enc.onnx
expect 0 decrypt closed.onnx -o back.onnx
same_files back.onnx plain.onnx
