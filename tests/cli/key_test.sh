. "$(dirname "$0")/begin.sh" "$1"

# Where commands find their key, by the exit code of token: 0 with the right one, 5 without.
cp "$testdata/models/mlp-dynamo/model.onnx" model.onnx
expect 0 keygen -o right
expect 0 keygen -o wrong
secret=$(grep '^PERMCRYPT-SECRET' right)
expect 0 encrypt model.onnx -o enc.onnx -k right
token() { expect "$1" token enc.onnx -o token.npz --force "${@:2}"; }
no_secret() { ! grep -qF "${secret#PERMCRYPT-SECRET-KEY-1}" out err || fail "a secret is in a message"; }

token 5
says err '^error: no key found$'
says err '^hint: .*permcrypt keygen'
absent token.npz
token 0 -k right
[ "$(stat -c %a token.npz)" = 600 ] || fail "others can read the token"
rm token.npz

# The order: option, file variable, text variable, command, default file. The first that is set
# decides, even when it fails.
mkdir -p "$XDG_CONFIG_HOME/permcrypt"
cp right "$XDG_CONFIG_HOME/permcrypt/key"
token 0
PERMCRYPT_KEY_CMD='cat wrong' token 5
PERMCRYPT_KEY_CMD='cat right' token 0
PERMCRYPT_KEY_CMD='echo from the command >&2; cat right' token 0
says err 'from the command'
PERMCRYPT_KEY_CMD='exit 7' token 5
says err 'exit code 7'
PERMCRYPT_KEY=$secret PERMCRYPT_KEY_CMD='cat wrong' token 0
PERMCRYPT_KEY=$(cat wrong) PERMCRYPT_KEY_CMD='cat right' token 5
PERMCRYPT_KEY_FILE=right PERMCRYPT_KEY=$(cat wrong) token 0
PERMCRYPT_KEY_FILE=missing PERMCRYPT_KEY=$secret token 5
says err 'missing'
PERMCRYPT_KEY_FILE=wrong token 0 -k right
PERMCRYPT_KEY_FILE=right token 5 -k wrong
no_secret

# Damaged keys.
rm "$XDG_CONFIG_HOME/permcrypt/key" token.npz
sed 's/\(KEY-1....\)./\1B/' right >damaged  # B is no character of Bech32
head -c 150 right >short
cat right wrong >two
printf '{"key": "%s"}\n' "$secret" >foreign
: >empty
for key in damaged short two foreign empty . missing /dev/zero; do
  token 5 -k $key
  no_secret
done
PERMCRYPT_KEY="${secret%?}" token 5
no_secret
PERMCRYPT_KEY_CMD="echo $secret; exit 1" token 5
no_secret
token 5 -k "$secret"
no_secret
absent token.npz

# Sealed keys.
echo 'open sesame' >phrase
echo 'open sesami' >wrong_phrase
expect 0 keygen -o sealed --passphrase-fd 3 3<phrase
expect 0 encrypt model.onnx -o enc.onnx --force -k sealed --passphrase-fd 3 3<phrase
token 0 -k sealed --passphrase-fd 3 3<phrase
PERMCRYPT_PASSPHRASE='open sesame' token 0 -k sealed
PERMCRYPT_PASSPHRASE='open sesame' PERMCRYPT_KEY=$(cat sealed) token 0
PERMCRYPT_PASSPHRASE='open sesame' PERMCRYPT_KEY_CMD='cat sealed' token 0
token 5 -k sealed --passphrase-fd 3 3<wrong_phrase
says err 'wrong passphrase'
! grep -q 'sesam' out err || fail "the passphrase is in a message"
