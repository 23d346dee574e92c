#!/bin/sh
# Packs what somebody needs who has nothing: dist.sh ARCHIVE BINARY LIBRARY
# ARCHIVE is …/fivekeys-VERSION-OS-ARCHITECTURE.tar.gz; it holds one folder of that
# name. The binary finds the engine in its own folder.
set -eu
archive=$1 binary=$2 library=$3
here=$(cd "$(dirname "$0")/.." && pwd)
name=$(basename "$archive" .tar.gz)

work=$(mktemp -d)
trap 'rm -rf "$work" "$archive.part"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/$name" "$(dirname "$archive")"
install -m 755 "$binary" "$work/$name/fivekeys"
# A link where it can be: the library has half a gigabyte.
ln "$library" "$work/$name/libchdb.so" 2>/dev/null || cp "$library" "$work/$name/libchdb.so"
cp "$here/LICENSE" "$here/README.md" "$here/deploy/fivekeys.example.yaml" "$here/deploy/systemd/fivekeys.service" "$work/$name/"
cp -R "$here/docs" "$here/deploy/slos" "$work/$name/"
cp -R "$here/dashboards/json" "$work/$name/dashboards"

tar -C "$work" -cf - "$name" | ${COMPRESS:-gzip} >"$archive.part"
mv "$archive.part" "$archive"
