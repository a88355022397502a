/* What the receiver of a bundle reads first.  A test runs its commands as they stand. */
#include "app/evidence/evidence.h"

static const char head[] =
    "# Evidence\n\n"
    "Part of a store of masked access logs, sealed by cretula, with all that is needed to check "
    "it.\n\n"
    "| file | what it is |\n"
    "|---|---|\n";

static const char files[] =
    "| `store/streams/*/chain.jsonl` | the log of each stream: every entry, each with the hash of "
    "the one before |\n"
    "| `store/streams/*/checkpoint`, `cp/` | signed notes (C2SP signed-note) over that log, one a "
    "size |\n"
    "| `store/streams/*/seg/` | the records of the range (JSON lines, zstd), their salts and "
    "hashes; `.rN.`: after erasures |\n"
    "| `store/streams/*/anchor/` | what others said of the notes: time stamps (RFC 3161), "
    "cosignatures (C2SP tlog-cosignature) |\n"
    "| `policy` | the public log keys, and witnesses (C2SP tlog-policy); `anchor`: the line that "
    "names the store |\n"
    "| `bundle.json`, `counts.json` | which part of the store this is, and what the writer counted "
    "in it |\n";

static const char proof_files[] =
    "| `proofs/N` | record N of the stream, its salt, hashes, and three entries with the signed "
    "notes over them |\n"
    "| `policy` | the public log keys (C2SP tlog-policy); `anchor`: the line that names the store "
    "|\n"
    "| `bundle.json` | which records these are |\n";

static const char check[] =
    "| `MANIFEST.sha256` | every file; it is not signed: what counts is the chain |\n"
    "| `verify.py` | an independent verifier, Python standard library only |\n\n"
    "**Compare `anchor` with the line that you were given before, on another way.** Whoever made "
    "this\n"
    "bundle could have made another store; only that line tells.";

static const char check_all[] =
    " The same goes for the witnesses in `policy`.\n\n"
    "## Check it\n\n"
    "With coreutils, openssl, zstd and python3, in this directory; or run `cretula-verify --bundle "
    ".\n"
    "--anchor LINE --policy FILE`. For time stamps, name a file with the authority's certificates: "
    "`TSA=FILE`.\n\n"
    "```sh\n"
    "set -eu\n";

static const char check_proofs[] =
    "\n\n## Check it\n\n"
    "With coreutils and python3, in this directory; or run `cretula-verify --bundle . --anchor "
    "LINE`.\n\n"
    "```sh\n"
    "set -eu\n";

static const char commands[] =
    "T=$(mktemp -d)\n\n"
    "# 1. The files are those of the manifest.\n"
    "sha256sum -c --quiet MANIFEST.sha256\n\n"
    "# 2. Everything: chains, notes, signatures, records, counts.\n"
    "python3 verify.py --bundle . --anchor \"$(cat anchor)\" --policy policy\n\n"
    "# 3. The anchor is the hash of the first entry of the store's own log.\n"
    "head -n 1 store/streams/cretula.store/chain.jsonl | head -c -1 | sha256sum | cut -c 1-64 > "
    "\"$T/genesis\"\n"
    "test \"$(cut -d : -f 2 anchor)\" = \"$(cat \"$T/genesis\")\"\n\n";

/* public VKEY: the key in it, as DER. */
static const char note_commands[] =
    "# 4. The newest note is signed by the log key: the same by openssl.\n"
    "public() {\n"
    "    printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'\n"
    "    printf '%s' \"$1\" | cut -d + -f 3- | base64 -d | tail -c 32\n"
    "}\n"
    "verify() { openssl pkeyutl -verify -pubin -keyform DER -inkey \"$T/key\" -rawin -in \"$1\" "
    "-sigfile \"$T/sig\"; }\n"
    "NAME=$(head -n 1 \"$S/checkpoint\")\n"
    "head -n 3 \"$S/checkpoint\" > \"$T/body\"\n"
    "while read -r _ WHO SIGNATURE; do\n"
    "    if [ \"$WHO\" = \"$NAME\" ]; then printf '%s' \"$SIGNATURE\" | base64 -d | tail -c 64 > "
    "\"$T/sig\"; fi\n"
    "done < \"$S/checkpoint\"\n"
    "while read -r _ VKEY; do\n"
    "    if [ \"${VKEY%%+*}\" = \"$NAME\" ]; then public \"$VKEY\" > \"$T/key\"; fi\n"
    "done < policy\n"
    "verify \"$T/body\"\n\n";

static const char anchor_commands[] =
    "# 5. Cosignatures by the witnesses of `policy`.\n"
    "while read -r WHAT _ VKEY; do\n"
    "    if [ \"$WHAT\" != witness ]; then continue; fi\n"
    "    public \"$VKEY\" > \"$T/key\"\n"
    "    for F in store/streams/*/anchor/*.cosig; do\n"
    "        if [ ! -e \"$F\" ]; then continue; fi\n"
    "        while read -r _ WHO SIGNATURE; do\n"
    "            if [ \"$WHO\" != \"${VKEY%%+*}\" ]; then continue; fi\n"
    "            printf '%s' \"$SIGNATURE\" | base64 -d | tail -c 72 > \"$T/line\"\n"
    "            tail -c 64 \"$T/line\" > \"$T/sig\"\n"
    "            TIME=$(od -An -tu8 --endian=big -N8 \"$T/line\")\n"
    "            { printf 'cosignature/v1\\ntime %s\\n' $TIME; head -n 3 \"$F\"; } > \"$T/said\"\n"
    "            verify \"$T/said\"\n"
    "        done < \"$F\"\n"
    "    done\n"
    "done < policy\n\n"
    "# 6. Time stamps, by certificates that you trust.\n"
    "for F in store/streams/*/anchor/*.tsr; do\n"
    "    if [ ! -e \"$F\" ] || [ -z \"${TSA:-}\" ]; then continue; fi\n"
    "    N=${F##*/}\n"
    "    head -n 3 \"${F%/anchor/*}/cp/${N%%[-.]*}.note\" > \"$T/body\"\n"
    "    openssl ts -verify -data \"$T/body\" -in \"$F\" -CAfile \"$TSA\"\n"
    "done\n\n"
    "# 7. The records, to read.\n"
    "for F in \"$S\"/seg/*.jsonl.zst; do\n"
    "    if [ -e \"$F\" ]; then zstd -dcq \"$F\" | head -n 3; fi\n"
    "done\n"
    "rm -r \"$T\"\n"
    "```\n\n";

static const char proof_commands[] =
    "# 1. The files are those of the manifest.\n"
    "sha256sum -c --quiet MANIFEST.sha256\n\n"
    "# 2. Each proof: the record, its segment, its stream, the store.\n"
    "for F in proofs/*; do python3 verify.py --proof \"$F\" --anchor \"$(cat anchor)\"; done\n\n"
    "# 3. The records, to read: what stands behind 16 bytes of salt.\n"
    "for F in proofs/*; do\n"
    "    head -n 2 \"$F\" | tail -n 1 | cut -d ' ' -f 2 | base64 -d | tail -c +17\n"
    "    printf '\\n'\n"
    "done\n"
    "```\n\n";

static const char tail[] =
    "Exit code 0 of each command means good. What `verify.py` could not check, it says. The counts "
    "of input lines and of\n"
    "masked values are the writer's word; records, sums, hashes, signatures and times are "
    "recomputed.\n";

static const char proof_tail[] = "Exit code 0 of each command means good. Of other records nothing "
				 "is here but hashes over salts "
				 "that nobody was given.\n";

void
app_evidence_readme(const char *stream, struct buf *out)
{
	buf_str(out, head);
	buf_str(out, files);
	buf_str(out, check);
	buf_str(out, check_all);
	buf_fmt(out, "S=store/streams/%s\n", stream);
	buf_str(out, commands);
	buf_str(out, note_commands);
	buf_str(out, anchor_commands);
	buf_str(out, tail);
}

void
app_evidence_readme_proofs(struct buf *out)
{
	buf_str(out, head);
	buf_str(out, proof_files);
	buf_str(out, check);
	buf_str(out, check_proofs);
	buf_str(out, proof_commands);
	buf_str(out, proof_tail);
}
