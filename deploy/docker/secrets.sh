#!/bin/sh
# Makes the secrets that docker-compose.yml reads: random, once. A file that
# exists stays, so this may run again after adding one; delete a file to change
# what is in it (with clickhouse_* and nats_*: both files of the pair).
set -eu
dir=${1:-secrets}
umask 077
mkdir -p "$dir"

random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

for name in nats_password clickhouse_writer clickhouse_reader github_secret github_app_secret api_token span_token person_key grafana_admin; do
  [ -s "$dir/$name" ] || random >"$dir/$name"
done

[ -s "$dir/nats_auth.conf" ] || cat >"$dir/nats_auth.conf" <<CONF
user: fivekeys
password: "$(cat "$dir/nats_password")"
CONF

hash() { sha256sum <"$dir/$1" | cut -d ' ' -f 1; }

[ -s "$dir/clickhouse_passwords.xml" ] || cat >"$dir/clickhouse_passwords.xml" <<XML
<clickhouse>
  <users>
    <fivekeys_writer><password_sha256_hex>$(hash clickhouse_writer)</password_sha256_hex></fivekeys_writer>
    <fivekeys_reader><password_sha256_hex>$(hash clickhouse_reader)</password_sha256_hex></fivekeys_reader>
  </users>
</clickhouse>
XML

# The containers run as users of their own and must be able to read them.
chmod 755 "$dir"
chmod 644 "$dir"/*
echo "Secrets are in $dir. GitHub's webhook secret: $dir/github_secret, a GitHub App's: $dir/github_app_secret.
What exporters of spans show: $dir/span_token. Grafana's admin password: $dir/grafana_admin."
