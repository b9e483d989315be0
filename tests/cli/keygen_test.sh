. "$(dirname "$0")/begin.sh" "$1"

secret_of() { grep -o '^PERMCRYPT-SECRET-KEY-1.*' "$1"; }
id_of() { sed -n 's/^# key id: //p' "$1"; }
mode_of() { stat -c %a "$1"; }
has_mode() { [ "$(mode_of "$1")" = "$2" ] || fail "$1 has mode $(mode_of "$1"), not $2"; }
silent() { [ ! -s out ] && [ ! -s err ] || fail "not silent"; }

# The default file: private, in private folders, its id on standard error, its secret nowhere else.
umask 022
unset XDG_CONFIG_HOME
expect 0 keygen
key=$HOME/.config/permcrypt/key
has_mode "$key" 600
has_mode "$HOME/.config/permcrypt" 700
says "$key" '^# created: [0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}Z$'
says "$key" '^# key id: permcrypt1[a-z0-9]{38}$'
says "$key" '^PERMCRYPT-SECRET-KEY-1[A-Z0-9]{58}$'
says err "^key id: $(id_of "$key")$"
[ ! -s out ] || fail "output besides the file"
! grep -qF "$(secret_of "$key")" err || fail "the secret is in a message"

# It is never replaced.
cp "$key" before
expect 4 keygen
says err "^error: .*$key"
expect 4 keygen --force
expect 4 --force keygen -o "$key"
same_files "$key" before
ln -s nowhere dangling
expect 4 keygen -o dangling
absent nowhere

# Other places.
XDG_CONFIG_HOME=$PWD/config expect 0 keygen
has_mode config/permcrypt/key 600
expect 0 keygen -o named
has_mode named 600
[ "$(secret_of named)" != "$(secret_of "$key")" ] || fail "the same key twice"
expect 0 keygen -o -
says out '^PERMCRYPT-SECRET-KEY-1'
says err "^key id: $(id_of out)$"
absent ./-

# Quiet.
expect 0 keygen -q -o quiet
silent
expect 0 -q keygen -o quiet_too
silent

# Where nothing can be written.
expect 4 keygen -o missing/folder/key
expect 4 keygen -o named/key
expect 4 keygen -o .
XDG_CONFIG_HOME=$PWD/named expect 4 keygen
code=0
"$tool" keygen -o - >/dev/full 2>err || code=$?
[ "$code" -eq 4 ] || fail "exit code $code instead of 4 for a full disk"
