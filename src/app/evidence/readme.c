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
    "| entries of kind `raw-at-rest` in a chain | where lines lay unmasked before they came: "
    "`disk` (a file that the server wrote), `node`, `tmpfs` (in memory), `none`; imported files "
    "are a `segment` with `sources`. `cretula-verify` prints it |\n"
    "| `bundle.json`, `counts.json` | which part of the store this is, and what the writer counted "
    "in it |\n";

static const char proof_files[] =
    "| `proofs/N` | record N of the stream, its salt, hashes, and the entries that prove it, with "
    "the signed notes over them |\n"
    "| `policy` | all log keys that the two logs ever had (C2SP tlog-policy); `anchor`: the line "
    "that names the store |\n"
    "| `bundle.json` | which records these are |\n";

static const char check[] =
    "| `MANIFEST.sha256` | every file; it is not signed: what counts is the chain |\n"
    "| `verify.py` | an independent verifier, Python standard library only |\n\n"
    "**Compare `anchor` with the line that you were given before, on another way.** Whoever made "
    "this\n"
    "bundle could have made another store; only that line tells. `verify.py` came with it too: "
    "run one of\n"
    "your own if you have it (`cretula-verify`), or read it before you run it.";

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
    "With coreutils, openssl and python3, in this directory; or run `cretula-verify --bundle . "
    "--anchor\nLINE`.\n\n"
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
	"sha256sum -c --quiet MANIFEST.sha256\n"
	"\n"
	"# 2. Everything: records, segments, streams, the store, and which key signed what "
	"when.\n"
	"python3 verify.py --bundle . --anchor \"$(cat anchor)\"\n"
	"\n"
	"# 3. The same by openssl and sha256sum, but for the order of keys: any log key of "
	"`policy` will do.\n"
	"T=$(mktemp -d)\n"
	"printf '\\000' > \"$T/0\"\n"
	"printf '\\001' > \"$T/1\"\n"
	"hash() { cat \"$@\" | openssl dgst -sha256 -binary; }\n"
	"\n"
	"# included HEAD LEAF SIZE ROOT: RFC 9162, 2.1.3.2\n"
	"included() {\n"
	"    I=0 S=$(($3 - 1))\n"
	"    cat \"$2\" > \"$T/r\"\n"
	"    while read -r WORD REST; do\n"
	"        case \"$WORD\" in\n"
	"        '') break ;;\n"
	"        index) I=$REST ;;\n"
	"        cretula | c2sp.org* | extra) ;;\n"
	"        *)\n"
	"            printf '%s' \"$WORD\" | base64 -d > \"$T/p\"\n"
	"            if [ $((I % 2)) = 1 ] || [ \"$I\" = \"$S\" ]; then\n"
	"                hash \"$T/1\" \"$T/p\" \"$T/r\" > \"$T/x\"\n"
	"                while [ $((I % 2)) = 0 ] && [ \"$I\" != 0 ]; do I=$((I / 2)) S=$((S "
	"/ 2)); done\n"
	"            else\n"
	"                hash \"$T/1\" \"$T/r\" \"$T/p\" > \"$T/x\"\n"
	"            fi\n"
	"            cat \"$T/x\" > \"$T/r\"\n"
	"            I=$((I / 2)) S=$((S / 2))\n"
	"            ;;\n"
	"        esac\n"
	"    done < \"$1\"\n"
	"    test \"$S\" = 0\n"
	"    test \"$(base64 \"$T/r\")\" = \"$4\"\n"
	"}\n"
	"\n"
	"# signed NOTE: by a log key of `policy` that has its name\n"
	"signed() {\n"
	"    read -r NAME < \"$1\"\n"
	"    head -n 3 \"$1\" > \"$T/body\"\n"
	"    SIGNED=\n"
	"    while read -r _ WHO SIGNATURE; do\n"
	"        if [ \"$WHO\" != \"$NAME\" ]; then continue; fi\n"
	"        printf '%s' \"$SIGNATURE\" | base64 -d > \"$T/line\"\n"
	"        tail -c 64 \"$T/line\" > \"$T/sig\"\n"
	"        ID=$(head -c 4 \"$T/line\" | od -An -tx1 | tr -d ' ')\n"
	"        while read -r _ VKEY; do\n"
	"            case \"$VKEY\" in\n"
	"            \"$NAME+$ID+\"*)\n"
	"                { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\0"
	"00'\n"
	"                  printf '%s' \"$VKEY\" | cut -d + -f 3- | base64 -d | tail -c 32; "
	"} > \"$T/key\"\n"
	"                openssl pkeyutl -verify -pubin -keyform DER -inkey \"$T/key\" "
	"-rawin -in \"$T/body\" -sigfile \"$T/sig\"\n"
	"                SIGNED=yes\n"
	"                ;;\n"
	"            esac\n"
	"        done < policy\n"
	"    done < \"$1\"\n"
	"    test \"$SIGNED\" = yes\n"
	"}\n"
	"\n"
	"for F in proofs/*; do\n"
	"    echo \"$F\"\n"
	"    rm -f \"$T\"/part*\n"
	"    csplit -s -f \"$T/part\" \"$F\" '/^c2sp.org/' '{*}'\n"
	"    : > \"$T/redact\"\n"
	"    ANCHORED=\n"
	"    for P in \"$T\"/part*; do\n"
	"        head -n 2 \"$P\" | tail -n 1 | cut -d ' ' -f 2 | base64 -d > \"$T/entry\"\n"
	"        if [ \"$P\" = \"$T/part00\" ]; then\n"
	"            cat \"$T/entry\" > \"$T/record\"\n"
	"            continue\n"
	"        fi\n"
	"        # An entry: the leaf of that index under its note.\n"
	"        csplit -s -f \"$T/note\" \"$P\" '/^$/1'\n"
	"        { read -r NAME; read -r SIZE; read -r ROOT; } < \"$T/note01\"\n"
	"        hash \"$T/0\" \"$T/entry\" > \"$T/leaf\"\n"
	"        included \"$P\" \"$T/leaf\" \"$SIZE\" \"$ROOT\"\n"
	"        signed \"$T/note01\"\n"
	"        case \"$(cat \"$T/entry\")\" in\n"
	"        *'\"type\":\"segment\"'*) cat \"$T/entry\" > \"$T/segment\" ;;\n"
	"        *'\"type\":\"redact\"'*) cat \"$T/entry\" > \"$T/redact\" ;;\n"
	"        *'\"type\":\"genesis\"'*'\"stream\":\"cretula.store\"'*)\n"
	"            test \"$(sha256sum \"$T/entry\" | cut -c 1-64)\" = \"$(cut -d : -f 2 "
	"anchor)\"\n"
	"            ANCHORED=yes\n"
	"            ;;\n"
	"        esac\n"
	"    done\n"
	"    test \"$ANCHORED\" = yes\n"
	"\n"
	"    # The record: salt and line are a leaf of the segment; or an entry says what "
	"replaced that leaf.\n"
	"    SEGMENT=$(cat \"$T/segment\") LINE=$(tail -c +17 \"$T/record\")\n"
	"    SIZE=${SEGMENT#*'\"n\":'} ROOT=${SEGMENT#*'\"root\":\"'}\n"
	"    hash \"$T/0\" \"$T/record\" > \"$T/leaf\"\n"
	"    case \"$LINE\" in\n"
	"    '{\"~replaced\":\"'*)\n"
	"        LEAF=${LINE#*'\":\"'}\n"
	"        case \"$(cat \"$T/redact\")\" in\n"
	"        *\"\\\"leaf\\\":\\\"${LEAF%%\\\"*}\\\",\\\"new\\\":\\\"$(base64 "
	"\"$T/leaf\")\\\"\"*) ;;\n"
	"        *) exit 1 ;;\n"
	"        esac\n"
	"        printf '%s' \"${LEAF%%\\\"*}\" | base64 -d > \"$T/leaf\"\n"
	"        ;;\n"
	"    esac\n"
	"    included \"$T/part00\" \"$T/leaf\" \"${SIZE%%,*}\" \"${ROOT%%\\\"*}\"\n"
	"    printf '%s\\n' \"$LINE\"\n"
	"done\n"
	"rm -r \"$T\"\n"
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
