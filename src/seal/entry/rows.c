/* The types of entries and their keys, in order: the table of docs/format.md 6. */
#include "seal/entry/field.h"

#define AT(member) offsetof(struct seal_entry, of.member)
#define ENTRY(member) offsetof(struct seal_entry, member)

/* A text, always there or only if it is not empty. */
#define TEXT(key, form, member) { key, SEAL_FORM_##form, AT(member), 0, 0, NULL, NULL }
#define GIVEN(key, form, member) { key, SEAL_FORM_##form, AT(member), SEAL_IF_GIVEN, 0, NULL, NULL }
#define NUMBER(key, member) { key, SEAL_FORM_U64, AT(member), 0, 0, NULL, NULL }
#define BOOL(key, member) { key, SEAL_FORM_BOOL, AT(member), 0, 0, NULL, NULL }
#define FLAG(key, member) { key, SEAL_FORM_FLAG, AT(member), AT(member), 0, NULL, NULL }
#define TIME(key, member) { key, SEAL_FORM_TIME, AT(member), 0, 0, NULL, NULL }
/* As many bytes as the member has. */
#define BYTES(key, form, member) \
	{ key, SEAL_FORM_##form, AT(member), 0, sizeof(((struct seal_entry *)0)->of.member), NULL, \
		NULL }
/* Only if the bool says so. */
#define IF(has, key, form, member) { key, SEAL_FORM_##form, AT(member), AT(has), 0, NULL, NULL }
#define IF_BYTES(has, key, form, member) \
	{ key, SEAL_FORM_##form, AT(member), AT(has), sizeof(((struct seal_entry *)0)->of.member), \
		NULL, NULL }
#define RANGES(key, member, least) { key, SEAL_FORM_RANGES, AT(member), 0, least, NULL, NULL }
#define OBJECT(has, key, fields) { key, SEAL_FORM_OBJECT, 0, has, 0, fields, NULL }
#define SPECIAL(key, with) { key, SEAL_FORM_SPECIAL, 0, 0, 0, NULL, &with }
#define NEXT { "epoch", SEAL_FORM_NEXT, 0, 0, 0, NULL, NULL }
#define NEXT_IF { "epoch", SEAL_FORM_NEXT, 0, ENTRY(has_next), 0, NULL, NULL }
#define SOFTWARE { "sw", SEAL_FORM_PLAIN, ENTRY(software), 0, 0, NULL, NULL }
#define END { NULL, SEAL_FORM_END, 0, 0, 0, NULL, NULL }

#define RATCHET(rows, type) \
	static const struct seal_field rows[] = { \
		NUMBER("g", type.ratchet.g), \
		BYTES("k", HEX, type.ratchet.commitment), \
		TEXT("mode", WORD, type.ratchet.mode), \
		IF_BYTES(type.ratchet.has_box, "box", BASE64, type.ratchet.box), \
		END, \
	}
#define A_FILE(rows, type) \
	static const struct seal_field rows[] = { \
		TEXT("name", PATH, type.file.name), \
		NUMBER("size", type.file.size), \
		BYTES("hash", HEX, type.file.hash), \
		END, \
	}

RATCHET(genesis_ratchet, genesis);
RATCHET(recover_ratchet, recover);
RATCHET(start_ratchet, start);
A_FILE(anchor_file, anchor);
A_FILE(derive_file, derive);

static const struct seal_field anchor[] = {
	TEXT("kind", WORD, anchor.kind),
	NUMBER("size", anchor.size),
	OBJECT(0, "file", anchor_file),
	GIVEN("by", PLAIN, anchor.by),
	IF(anchor.has_time, "time", TIME, anchor.time_us),
	END,
};

static const struct seal_field clock[] = {
	TIME("was", clock.was_us),
	TIME("now", clock.now_us),
	IF_BYTES(clock.has_boot, "boot", HEX, clock.boot),
	END,
};

static const struct seal_field config_words[] = {
	NUMBER("n", config.words_count),
	BYTES("hash", HEX, config.words_hash),
	END,
};

static const struct seal_field config[] = {
	TEXT("kind", WORD, config.kind),
	TEXT("policy", POLICY, config.policy),
	GIVEN("text", ESCAPED, config.text),
	IF(config.has_until, "until", TIME, config.until_us),
	OBJECT(AT(config.has_words), "words", config_words),
	GIVEN("by", PLAIN, config.by),
	SOFTWARE,
	END,
};

static const struct seal_field derive[] = {
	TEXT("origin", ORIGIN, derive.origin),
	NUMBER("size", derive.size),
	BYTES("root", BASE64, derive.root),
	RANGES("segs", derive.segs, 1),
	TEXT("transform", WORD, derive.transform),
	TEXT("policy", POLICY, derive.policy),
	{ "to", SEAL_FORM_RANGES, AT(derive.to), SEAL_IF_GIVEN, 1, NULL, NULL },
	OBJECT(AT(derive.has_file), "file", derive_file),
	END,
};

static const struct seal_field destroy[] = {
	TEXT("what", WHAT, destroy.what),
	BYTES("commitment", HEX, destroy.commitment),
	END,
};

static const struct seal_field genesis[] = {
	TEXT("stream", STREAM, genesis.stream),
	TEXT("origin", ORIGIN, genesis.origin),
	TEXT("log", VKEY, genesis.log),
	GIVEN("recovery", VKEY, genesis.recovery),
	NEXT,
	BOOL("escrow", genesis.escrow),
	OBJECT(AT(genesis.has_ratchet), "ratchet", genesis_ratchet),
	TEXT("policy", POLICY, genesis.policy),
	SOFTWARE,
	END,
};

static const struct seal_field head[] = {
	TEXT("name", STREAM, head.name),
	NUMBER("size", head.size),
	BYTES("root", BASE64, head.root),
	END,
};

static const struct seal_field hold[] = {
	TEXT("hold", WORD, hold.hold),
	RANGES("segs", hold.segs, 0),
	IF(hold.has_onward, "onward", U64, hold.onward),
	TEXT("mask_epochs", EPOCHS, hold.mask_epochs),
	IF(hold.has_until, "until", TIME, hold.until_us),
	TEXT("reason", ESCAPED, hold.reason),
	GIVEN("by", PLAIN, hold.by),
	END,
};

static const struct seal_field prune[] = {
	RANGES("segs", prune.segs, 1),
	TEXT("rule", PLAIN, prune.rule),
	TIME("cutoff", prune.cutoff_us),
	GIVEN("by", PLAIN, prune.by),
	END,
};

static const struct seal_field recover[] = {
	BOOL("alarm", recover.alarm),
	TEXT("reason", WORD, recover.reason),
	NUMBER("seg", recover.seg),
	NUMBER("kept", recover.kept),
	NUMBER("untagged", recover.untagged),
	NUMBER("lost", recover.lost),
	GIVEN("text", ESCAPED, recover.text),
	OBJECT(AT(recover.has_ratchet), "ratchet", recover_ratchet),
	GIVEN("log", VKEY, recover.log),
	IF_BYTES(recover.has_recovery, "recovery", BASE64, recover.recovery),
	NEXT_IF,
	SOFTWARE,
	END,
};

static const struct seal_field redact[] = {
	NUMBER("seg", redact.seg),
	NUMBER("rev", redact.revision),
	TEXT("items", ITEMS, redact.items),
	TEXT("reason", ESCAPED, redact.reason),
	GIVEN("ref", PLAIN, redact.ref),
	GIVEN("by", PLAIN, redact.by),
	SPECIAL("file", seal_redact_file),
	END,
};

static const struct seal_field rekey[] = {
	TEXT("key", WHICH, rekey.key),
	TEXT("old", VKEY, rekey.old),
	TEXT("new", VKEY, rekey.new),
	BYTES("proof", BASE64, rekey.proof),
	IF_BYTES(rekey.has_recovery, "recovery", BASE64, rekey.recovery),
	END,
};

static const struct seal_field release[] = {
	TEXT("hold", WORD, release.hold),
	TEXT("reason", ESCAPED, release.reason),
	GIVEN("by", PLAIN, release.by),
	END,
};

static const struct seal_field replay[] = {
	NUMBER("seg", replay.seg),
	NUMBER("n", replay.n),
	END,
};

static const struct seal_field report[] = {
	TEXT("kind", WORD, report.kind),
	NUMBER("result", report.result),
	BYTES("hash", HEX, report.hash),
	GIVEN("by", PLAIN, report.by),
	END,
};

static const struct seal_field revoke[] = {
	TEXT("vkey", VKEY, revoke.vkey),
	NUMBER("from", revoke.from),
	BYTES("signature", BASE64, revoke.signature),
	END,
};

static const struct seal_field rotate[] = {
	TEXT("period", PERIOD, rotate.period),
	RANGES("segs", rotate.segs, 0),
	END,
};

static const struct seal_field segment_words[] = {
	NUMBER("n", segment.words_count),
	BYTES("hash", HEX, segment.words_hash),
	END,
};

static const struct seal_field segment_tags[] = {
	NUMBER("g0", segment.tags.g0),
	NUMBER("g", segment.tags.g),
	SPECIAL("agg", seal_segment_agg), /* or lost */
	NUMBER("untagged", segment.tags.untagged),
	END,
};

static const struct seal_field segment_live[] = {
	BYTES("boot", HEX, segment.live.boot),
	NUMBER("from", segment.live.from_ms),
	NUMBER("to", segment.live.to_ms),
	END,
};

static const struct seal_field segment[] = {
	NUMBER("seg", segment.seg),
	NUMBER("first", segment.first),
	NUMBER("n", segment.n),
	NUMBER("bytes", segment.bytes),
	BYTES("root", BASE64, segment.root),
	SPECIAL("file", seal_segment_file),
	BYTES("idx", HEX, segment.idx),
	SPECIAL("time", seal_segment_time),
	SPECIAL("in", seal_segment_in), /* and replay */
	SPECIAL("by", seal_segment_by), /* and masked */
	SPECIAL("reasons", seal_segment_reasons),
	SPECIAL("causes", seal_segment_causes),
	TEXT("policy", POLICY, segment.policy),
	TEXT("mask_epochs", EPOCHS, segment.mask_epochs),
	IF_BYTES(segment.has_mask_seed, "mask_seed", HEX, segment.mask_seed),
	OBJECT(0, "words", segment_words),
	SPECIAL("sources", seal_segment_sources),
	OBJECT(AT(segment.has_tags), "tags", segment_tags),
	OBJECT(AT(segment.has_live), "live", segment_live),
	FLAG("unlocked", segment.unlocked),
	NEXT,
	SOFTWARE,
	END,
};

static const struct seal_field start[] = {
	TEXT("mode", WORD, start.mode),
	IF_BYTES(start.has_boot, "boot", HEX, start.boot),
	OBJECT(AT(start.has_ratchet), "ratchet", start_ratchet),
	FLAG("unlocked", start.unlocked),
	SOFTWARE,
	END,
};

static const struct seal_field stop[] = {
	TEXT("reason", WORD, stop.reason),
	SOFTWARE,
	END,
};

static const struct seal_field stream[] = {
	TEXT("name", STREAM, stream.name),
	TEXT("origin", ORIGIN, stream.origin),
	TEXT("log", VKEY, stream.log),
	BYTES("genesis", HEX, stream.genesis),
	NEXT,
	END,
};

const struct seal_row seal_rows[SEAL_UNKNOWN] = {
	[SEAL_ANCHOR] = { "anchor", anchor },
	[SEAL_CLOCK] = { "clock", clock },
	[SEAL_CONFIG] = { "config", config },
	[SEAL_DERIVE] = { "derive", derive },
	[SEAL_DESTROY] = { "destroy", destroy },
	[SEAL_GENESIS] = { "genesis", genesis },
	[SEAL_HEAD] = { "head", head },
	[SEAL_HOLD] = { "hold", hold },
	[SEAL_PRUNE] = { "prune", prune },
	[SEAL_RECOVER] = { "recover", recover },
	[SEAL_REDACT] = { "redact", redact },
	[SEAL_REKEY] = { "rekey", rekey },
	[SEAL_RELEASE] = { "release", release },
	[SEAL_REPLAY] = { "replay", replay },
	[SEAL_REPORT] = { "report", report },
	[SEAL_REVOKE] = { "revoke", revoke },
	[SEAL_ROTATE] = { "rotate", rotate },
	[SEAL_SEGMENT] = { "segment", segment },
	[SEAL_START] = { "start", start },
	[SEAL_STOP] = { "stop", stop },
	[SEAL_STREAM] = { "stream", stream },
};
