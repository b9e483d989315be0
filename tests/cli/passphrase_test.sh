. "$(dirname "$0")/begin.sh" "$1"

# Sealed with a passphrase of a descriptor or of the environment.
echo 'correct horse' >phrase
expect 0 keygen -o by_fd --passphrase --passphrase-fd 3 3<phrase
expect 0 keygen -o implied --passphrase-fd 3 3<phrase
! grep -q horse out err || fail "the passphrase is in a message"
PERMCRYPT_PASSPHRASE='correct horse' expect 0 keygen -o by_env --passphrase
for key in by_fd implied by_env; do
  says $key '^PERMCRYPT-SEALED-KEY-1[A-Z0-9]+$'
  says $key '^# key id: permcrypt1'
  ! grep -qE 'SECRET|horse' $key || fail "$key is not sealed"
  [ "$(stat -c %a $key)" = 600 ] || fail "others can read $key"
done

# The variable alone seals nothing.
PERMCRYPT_PASSPHRASE=x expect 0 keygen -o plain
says plain '^PERMCRYPT-SECRET-KEY-1'

# Passphrases that are none.
PERMCRYPT_PASSPHRASE= expect 5 keygen -o none --passphrase
expect 5 keygen -o none --passphrase-fd 0 </dev/null
expect 5 keygen -o none --passphrase-fd 0 < <(head -c 5000 /dev/zero | tr '\0' a)
expect 5 keygen -o none --passphrase-fd 9
expect 2 keygen -o none --passphrase-fd -1
absent none

# Whether the key may be written is clear before anybody is asked for a passphrase.
expect 4 keygen -o plain --passphrase-fd 9

# Without a terminal there is nobody to ask.
code=0
setsid -w "$tool" keygen -o none --passphrase >out 2>err || code=$?
[ "$code" -eq 5 ] || fail "exit code $code instead of 5 without a terminal"
says err '^hint: .*PERMCRYPT_PASSPHRASE'
absent none
