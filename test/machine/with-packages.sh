#!/bin/sh
# with-packages.sh ROOT COMMAND…: runs the command with the unpacked Debian packages of ROOT laid over /usr and /etc. It has
# mounts of its own: files that it writes to /usr, /etc, /var or /run are in memory, and lost when it ends.
set -eu
root=$1
shift
[ "${INSIDE:-}" = yes ] || INSIDE=yes exec unshare --mount --propagation private "$0" "$root" "$@"
unset INSIDE
here=$PWD
mount -n -t tmpfs tmpfs /mnt
for folder in usr etc var run; do
  mkdir -p "/mnt/$folder" "/mnt/$folder-work" "$root/$folder"
  mount -n -t overlay overlay -o "lowerdir=$root/$folder:/$folder,upperdir=/mnt/$folder,workdir=/mnt/$folder-work" "/$folder"
done
# Otherwise a working directory below /var, /run … would still be the one below the new mounts.
cd "$here"
exec "$@"
