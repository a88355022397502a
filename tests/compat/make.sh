#!/bin/sh
# make.sh CRETULA FOLDER: a small store with a bit of everything, of made-up lines, as the release of that program writes it.
# FOLDER is kept for ever in tests/compat (README.md), so this runs once for each format of the store.
set -eu
cretula=$1
mkdir "$2"
cd "$2"
lines() { # DAYS-AGO COUNT SEED: the days are fixed, the store is as good in ten years
    awk -v from="$1" -v count="$2" -v seed="$3" 'BEGIN {
      split("shop cart books lamps garden", word)
      for (n = 0; n < count; n++)
        printf "198.51.%d.%d - - [%02d/Nov/2026:%02d:%02d:00 +0000] \"GET /%s/item-%d?mail=user%d@example.org HTTP/1.1\" %d %d \"-\" \"%s\"\n",
          n % 50, seed, from, n / 60, n % 60, word[n % 5 + 1], n % 9, n % 20, n % 25 ? 200 : 404, n * 7,
          "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" }'
}
cat > cretula.yaml <<'END'
store: store
streams:
  shop: { format: nginx-combined, retain: { detail: 1d } }
  live: { format: nginx-combined }
END
lines 2 30 1 | "$cretula" import --config cretula.yaml --stream shop --no-verify - > /dev/null
"$cretula" retain --config cretula.yaml --stream shop > /dev/null
sed -i 's/detail: 1d/detail: 3650d/' cretula.yaml
lines 20 60 2 | "$cretula" import --config cretula.yaml --stream shop --no-verify - > /dev/null
token=$("$cretula" view --store store --stream shop --limit 1 | jq -r .client)
"$cretula" subject erase --store store --stream shop --where "client == $token" --reason 'Art. 17 GDPR' --ref compat-1 > /dev/null
"$cretula" hold add case-7 --store store --stream shop --since 2026-11-20T00:00:00Z --until 2026-11-21T00:00:00Z --reason "a lawsuit" > /dev/null
lines 21 40 3 | "$cretula" pipe --config cretula.yaml live 2> /dev/null
"$cretula" verify --store store --json | jq -r .coverage.auditor > auditor.txt
"$cretula" prove --store store --stream shop --record 50 > proof.txt
for stream in shop live; do "$cretula" view --store store --stream "$stream" > "$stream.jsonl"; done
rm -f store/stats.db-shm store/stats.db-wal # nobody has it open; all of it is in stats.db
