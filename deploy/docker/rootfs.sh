#!/bin/sh
# Assembles the image's file system: rootfs.sh TARGET BINARY LIBRARY
# The libraries are what the dynamic loader of this system says they need.
set -eu
root=$1 binary=$2 library=$3

mkdir -p "$root/usr/bin" "$root/usr/lib/fivekeys" "$root/etc/ssl/certs" "$root/etc/fivekeys" "$root/usr/share" "$root/data" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$binary" "$root/usr/bin/fivekeys"
cp "$library" "$root/usr/lib/fivekeys/libchdb.so"

ldd "$binary" "$library" | grep -o '/[^ ]*' | grep -v ':$' | sort -u | while read -r file; do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -d /usr/share/zoneinfo ] || cp -rL /usr/share/zoneinfo "$root/usr/share/"
echo 'fivekeys:x:10001:10001::/data:/nonexistent' >"$root/etc/passwd"
echo 'fivekeys:x:10001:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown 10001:10001 "$root/data" 2>/dev/null || true
