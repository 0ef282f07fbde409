#!/bin/sh
# world.sh PACKAGES COMMAND…: runs the command in a world of its own: network, mounts and processes are not the machine's, and
# the Debian packages that were unpacked to PACKAGES cover /usr and /etc (test/machine/with-packages.sh). All processes
# in it end with it.
set -eu
packages=$1
shift
here=$(dirname "$0")
case ${INSIDE_WORLD:-} in
  '') INSIDE_WORLD=no exec unshare --net --mount --pid --fork --kill-child=KILL --propagation private "$0" "$packages" "$@" ;;
  no) INSIDE_WORLD=yes exec "$here/../machine/with-packages.sh" "$packages" "$0" "$packages" "$@" ;;
esac
unset INSIDE_WORLD

# From here on this is process 1: it adopts and reaps the orphans.
mount -n -t proc proc /proc
ip link set lo up
"$@" &
code=0
wait $! || code=$?
exit "$code"
