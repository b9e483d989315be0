. "$(dirname "$0")/begin.sh" "$1"

cp -r "$testdata/models/bert-external-zero-length" bert
chmod -R u+w .

expect 0 digest bert/model.onnx
cp out list
[ "$(wc -l <list)" -gt 1 ] || fail "data files are missing"
(cd bert && sha256sum --quiet -c ../list) || fail "sha256sum does not agree"
expect 0 digest bert --check list
expect 0 digest bert --json
cp out statement
says out '"_type": "https://in-toto.io/Statement/v1"'
says out '"files": 2'
expect 0 digest bert --check statement

data=$(sed -n '2s/^[0-9a-f]*  //p' list)
printf 'X' >>"bert/$data"
expect 1 digest bert --check list
says err "$data"
expect 1 digest bert --check statement
head -1 list >short
expect 1 digest bert --check short
says err 'not in the list'

for statement in '{"subject":[1]}' '{"subject":[{"name":3,"digest":{"sha256":5}}]}' '{"subject":[{}]}'; do
  echo "$statement" >bad
  expect 3 digest bert --check bad
done

# Names that sha256sum escapes.
mkdir odd
cp "$testdata/models/mlp-dynamo/model.onnx" "$(printf 'odd/a\\b\nc.onnx')"
expect 0 digest "$(printf 'odd/a\\b\nc.onnx')"
cp out odd.list
(cd odd && sha256sum --quiet -c ../odd.list) || fail "sha256sum does not agree on an odd name"
expect 0 digest "$(printf 'odd/a\\b\nc.onnx')" --check odd.list

expect 2 digest
expect 3 digest nowhere.onnx
expect 3 digest bert --check nowhere
expect 3 digest bert --check bert/model.onnx
