/* What the receiver of a bundle reads first.  A test runs its commands as they stand. */
#include "app/evidence/evidence.h"

static const char head[] =
    "# Evidence\n\n"
    "Part of a store of masked access logs, sealed by cretula, with all that is needed to check "
    "it.\n\n"
    "| file | what it is |\n"
    "|---|---|\n"
    "| `store/streams/*/chain.jsonl` | the log of each stream: every entry, each with the hash of "
    "the one before |\n"
    "| `store/streams/*/checkpoint`, `cp/` | signed notes (C2SP signed-note) over that log, one a "
    "size |\n"
    "| `store/streams/*/seg/` | the records of the range (JSON lines, zstd), their salts and "
    "hashes |\n"
    "| `policy` | the public log keys; `anchor`: the line that names the store |\n"
    "| `bundle.json`, `counts.json` | which part of the store this is, and what the writer counted "
    "in it |\n"
    "| `MANIFEST.sha256` | every file; it is not signed: what counts is the chain |\n"
    "| `verify.py` | an independent verifier, Python standard library only |\n\n"
    "**Compare `anchor` with the line that you were given before, on another way.** Whoever made "
    "this\n"
    "bundle could have made another store; only that line tells.\n\n"
    "## Check it\n\n"
    "With coreutils, openssl, zstd and python3, in this directory; or run `cretula-verify --bundle "
    ".\n"
    "--anchor LINE`.\n\n"
    "```sh\n"
    "set -eu\n";

static const char commands[] =
    "T=$(mktemp -d)\n\n"
    "# 1. The files are those of the manifest.\n"
    "sha256sum -c --quiet MANIFEST.sha256\n\n"
    "# 2. Everything: chains, notes, signatures, records, counts.\n"
    "python3 verify.py --bundle . --anchor \"$(cat anchor)\"\n\n"
    "# 3. The anchor is the hash of the first entry of the store's own log.\n"
    "head -n 1 store/streams/cretula.store/chain.jsonl | head -c -1 | sha256sum | cut -c 1-64 > "
    "\"$T/genesis\"\n"
    "test \"$(cut -d : -f 2 anchor)\" = \"$(cat \"$T/genesis\")\"\n\n"
    "# 4. The newest note is signed by the log key: the same by openssl.\n"
    "NAME=$(head -n 1 \"$S/checkpoint\")\n"
    "head -n 3 \"$S/checkpoint\" > \"$T/body\"\n"
    "while read -r _ WHO SIGNATURE; do\n"
    "    if [ \"$WHO\" = \"$NAME\" ]; then printf '%s' \"$SIGNATURE\" | base64 -d | tail -c 64 > "
    "\"$T/sig\"; fi\n"
    "done < \"$S/checkpoint\"\n"
    "while read -r _ VKEY; do\n"
    "    if [ \"${VKEY%%+*}\" = \"$NAME\" ]; then KEY=$(printf '%s' \"$VKEY\" | cut -d + -f 3-); "
    "fi\n"
    "done < policy\n"
    "{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; printf '%s' \"$KEY\" "
    "| base64 -d | tail -c 32; } > \"$T/key\"\n"
    "openssl pkeyutl -verify -pubin -keyform DER -inkey \"$T/key\" -rawin -in \"$T/body\" -sigfile "
    "\"$T/sig\"\n\n"
    "# 5. The records, to read.\n"
    "for F in \"$S\"/seg/*.jsonl.zst; do\n"
    "    if [ -e \"$F\" ]; then zstd -dcq \"$F\" | head -n 3; fi\n"
    "done\n"
    "rm -r \"$T\"\n"
    "```\n\n"
    "Exit code 0 of each command means good. What `verify.py` could not check, it says. The counts "
    "of input lines and of\n"
    "masked values are the writer's word; records, sums, hashes, signatures and times are "
    "recomputed.\n";

void
app_evidence_readme(const char *stream, struct buf *out)
{
	buf_str(out, head);
	buf_fmt(out, "S=store/streams/%s\n", stream);
	buf_str(out, commands);
}
