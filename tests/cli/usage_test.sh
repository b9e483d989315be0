. "$(dirname "$0")/begin.sh" "$1"

expect 0 --help
says out '^ +keygen '
[ ! -s err ] || fail "help on standard error"
expect 0 keygen --help
says out '--passphrase'
expect 0 --version
says out '^permcrypt [0-9]'
expect 0 keygen --version

expect 2
expect 2 frobnicate
expect 2 keygen surplus
expect 2 keygen --no-such-option
expect 2 keygen -o
expect 2 keygen keygen
expect 2 -j many keygen

# A key on the command line is a mistake, and not repeated.
expect 2 keygen --no-such-option PERMCRYPT-SECRET-KEY-1QQQQSECRET
! grep -q QQQQSECRET out err || fail "a key is in a message"

# Options for all commands stand before or after the name.
expect 0 -j 2 --force -q -v keygen -o a
expect 0 keygen -j 2 --force -q -v -o b
! grep -q '^took ' err || fail "-q does not keep -v quiet"
expect 0 keygen -v -o c
grep -q '^took [0-9.]* s, in at most [0-9]* MB of memory$' err || fail "-v does not say what it took"
