. "$(dirname "$0")/begin.sh" "$1"

# Kill -9 at random moments. KILL_MODEL is the folder of another model than this small one,
# KILL_ROUNDS how often each command is killed.
model=${KILL_MODEL:-$testdata/models/bert-external-zero-length}
rounds=${KILL_ROUNDS:-6}
memory=${KILL_MEMORY:-128KB}
kills=0
declare -A found  # after kills: in how many rounds

cp -r "$model" plain
chmod -R u+w plain
expect 0 keygen

# killed ARGUMENT...: runs the tool and kills it at a random moment of what it took before; fails
# when the tool itself failed.
killed() {
  local pid code=0
  "$tool" "$@" >out 2>err &
  pid=$!
  sleep "$(awk -v ns="$took" -v r="$RANDOM" 'BEGIN { printf "%.6f", ns * r / 32768 / 1e9 }')"
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 137 ] || fail "exit code $code: permcrypt $*"
  if [ "$code" -eq 137 ]; then kills=$((kills + 1)); fi
}

# timed ARGUMENT...: runs the tool to its end; `took` is what it took, in nanoseconds.
timed() {
  local begin
  begin=$(date +%s%N)
  expect 0 "$@"
  took=$(($(date +%s%N) - begin))
}

tally() { found[$1]=$((${found[$1]:-0} + 1)); }

# A file that is there is whole.
whole() { [ ! -e "$1" ] || same_files "$1" "$2"; }

nothing_hidden() {
  [ -z "$(find "$1" -name '.permcrypt-*')" ] || fail "left behind: $(find "$1" -name '.permcrypt-*')"
}
# Where files need a name from the start, a kill leaves it.
if ! python3 -c 'import os; os.close(os.open(".", os.O_TMPFILE | os.O_RDWR))' 2>/dev/null; then
  nothing_hidden() { :; }
fi

# encrypt: all or nothing.
timed encrypt plain -o right.onnx
data=(right.onnx.data*)
for ((round = 0; round < rounds; ++round)); do
  mkdir copy
  killed encrypt plain -o copy/right.onnx
  for file in right.onnx "${data[@]}"; do whole "copy/$file" "$file"; done
  if [ -e copy/right.onnx ]; then
    for file in "${data[@]}"; do same_files "copy/$file" "$file"; done
    tally "encrypt: whole"
  else
    tally "encrypt: nothing, or data files only"
  fi
  nothing_hidden copy
  expect 0 encrypt plain -o copy/right.onnx --force
  for file in right.onnx "${data[@]}"; do same_files "copy/$file" "$file"; done
  rm -r copy
done

# --in-place: said again, it goes on, however often it was killed.
cp -r plain done
timed encrypt done --in-place --memory "$memory"
for ((round = 0; round < rounds; ++round)); do
  cp -r plain copy
  for again in 1 2 3; do
    if [ "$(wc -c <copy/model.onnx)" -eq "$(wc -c <plain/model.onnx)" ] ||
      [ -e copy/model.onnx.permcrypt-journal ]; then
      killed encrypt copy --in-place --memory "$memory"
    fi
  done
  if [ -e copy/model.onnx.permcrypt-journal ]; then
    tally "in place: half, with a journal"
    if cmp -s copy/model.onnx plain/model.onnx; then expect 6 encrypt copy -o other.onnx; fi
    expect 0 encrypt copy --in-place --memory "$memory"
  elif cmp -s copy/model.onnx plain/model.onnx; then
    tally "in place: the original"
    diff -r plain copy >out 2>err || fail "changed without a journal"
    expect 0 encrypt copy --in-place --memory "$memory"
  else
    tally "in place: encrypted"
  fi
  diff -r done copy >out 2>err || fail "not what an undisturbed run makes"
  nothing_hidden copy
  rm -r copy
done
mkdir back
expect 0 decrypt done/model.onnx -o back/model.onnx
diff -r plain back >out 2>err || fail "decrypted, it is not the original"

# --shard and --finish.
timed encrypt plain -o took.onnx --shard 1/2
rm -r took.onnx.shares
for ((round = 0; round < rounds; ++round)); do
  mkdir copy
  for share in 1/2 2/2; do
    killed encrypt plain -o copy/right.onnx --shard $share
    absent copy/right.onnx
    expect 0 encrypt plain -o copy/right.onnx --shard $share
  done
  killed encrypt plain -o copy/right.onnx --finish
  for file in right.onnx "${data[@]}"; do whole "copy/$file" "$file"; done
  if [ -e copy/right.onnx ]; then
    tally "shares: finished"
  else
    tally "shares: not finished"
    expect 0 encrypt plain -o copy/right.onnx --finish
  fi
  for file in right.onnx "${data[@]}"; do same_files "copy/$file" "$file"; done
  nothing_hidden copy
  rm -r copy
done
echo "$kills kills"
for state in "${!found[@]}"; do echo "${found[$state]} x $state"; done | sort
