#!/bin/bash
# world.sh RUN PACKAGES COMMAND…: runs the command in a world of its own: network, mounts, processes, host name and cgroups are
# not the machine's. All processes in it end with it. RUN is a folder for the files that are written in it; its file
# "cgroups" names our folder in each hierarchy. PACKAGES is the root of the unpacked Debian packages.
set -eu
run=$1 packages=$2
shift 2

if [ "${INSIDE:-}" != yes ]; then
  while read -r folder; do echo $$ >"$folder/cgroup.procs"; done <"$run/cgroups"
  INSIDE=yes exec unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child=KILL --propagation private \
    "$0" "$run" "$packages" "$@"
fi
unset INSIDE

# From here on this is process 1: it adopts and reaps the orphans of the container runtime.
mount -n -t proc proc /proc
for folder in usr etc var opt; do
  mkdir -p "$run/over/$folder" "$run/over/$folder-work" "$packages/$folder"
  mount -n -t overlay overlay \
    -o "lowerdir=$packages/$folder:/$folder,upperdir=$run/over/$folder,workdir=$run/over/$folder-work" "/$folder"
done
mount -n -t tmpfs tmpfs /run

# The cgroups, as our own cgroup namespace shows them.
hierarchies=$(awk '$2 ~ "^/sys/fs/cgroup/" && $3 ~ "^cgroup" { sub(".*/", "", $2); print $2, $3 }' /proc/mounts)
umount -n -R -l /sys/fs/cgroup
if [ -z "$hierarchies" ]; then
  # Only version 2: a cgroup delegates its controllers only if it has no processes itself.
  mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir /sys/fs/cgroup/init
  echo $$ >/sys/fs/cgroup/init/cgroup.procs
  sed 's/^\| / +/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
else
  mount -n -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  echo "$hierarchies" | while read -r name type; do
    mkdir "/sys/fs/cgroup/$name"
    case $name in
      unified) mount -n -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
      systemd) mount -n -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd ;;
      *) mount -n -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" ;;
    esac
  done
fi

# Nothing in here may change the machine's settings; those of the network are our own. The kubelet requires
# three of them, so plain files with the required values cover them. If it wrote them itself, the other kubelet could find one empty.
mount -n --bind /proc/sys /proc/sys
mount -n --bind /proc/sys/net /proc/sys/net
mount -n -o remount,ro,bind /proc/sys
mkdir "$run/settings"
for setting in kernel/panic=10 kernel/panic_on_oops=1 vm/overcommit_memory=1; do
  name=${setting%=*}
  file=$run/settings/${name//\//-}
  echo "${setting#*=}" >"$file"
  mount -n --bind "$file" "/proc/sys/$name"
done
mount -n --make-rshared /

# Debian chooses between two kinds of iptables when it installs them, and nothing is installed here.
for name in {iptables,ip6tables}{,-save,-restore}; do
  if [ ! -e "/usr/sbin/$name" ]; then ln -s xtables-nft-multi "/usr/sbin/$name"; fi
done

# Three machines on one switch (test/e2e/cluster/addresses.ts): the control plane is in this network, and each node has a
# network of its own. Packets to pods go through their node.
hostname e2e
ip link add switch0 type bridge
echo 0 >/proc/sys/net/ipv6/conf/switch0/disable_ipv6
ip address add 10.240.0.1/24 dev switch0
ip address add fd00:240::1/112 dev switch0 nodad # nobody else can have it: the kernel need not look for that
ip link set lo up
ip link set switch0 up
# Without a route to ClusterIPs, connections fail before kube-proxy can redirect them.
ip route add 10.0.0.0/24 dev switch0
ip route add fd00:10::/112 dev switch0
for index in 1 2; do
  ip netns add "node-$index"
  ip link add "node-$index" type veth peer name eth0 netns "node-$index"
  ip link set "node-$index" master switch0 up
  ip route add "10.240.$index.0/24" via "10.240.0.1$index"
  ip route add "fd00:240::$index:0/112" via "fd00:240::1$index"
  nsenter --net="/run/netns/node-$index" sh -eu -c '
    echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
    ip address add "10.240.0.1$1/24" dev eth0
    ip address add "fd00:240::1$1/112" dev eth0 nodad
    ip link set lo up
    ip link set eth0 up
    ip route add default via 10.240.0.1
    ip -6 route add default via fd00:240::1
    echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
    echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad' sh "$index"
done
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
# The kube-proxy of the control plane ignores packets from one node to the other.
for bridge in /proc/sys/net/bridge/bridge-nf-call-{iptables,ip6tables}; do
  if [ -e "$bridge" ]; then echo 0 >"$bridge"; fi
done

cd "$run"
"$@" &
code=0
wait $! || code=$?
exit "$code"
