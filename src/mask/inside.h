/* mask, inside: what the units of the room share, and nobody else includes. */
#ifndef CRETULA_MASK_INSIDE_H
#define CRETULA_MASK_INSIDE_H

#include "base/arena.h"
#include "detect/agent.h"
#include "detect/host.h"
#include "mask/line.h"
#include "mask/mask.h"
#include "mask/method/place.h"
#include "mask/method/seal.h"
#include "mask/pending.h"
#include "mask/pseudonym.h"
#include "mask/url/query.h"
#include "mask/url/render.h"
#include "record/plain.h"

#define MASK_ENDS 1024 /* line ends are looked for that many at a time */
#define MASK_TEXT_BYTES 16384 /* all texts of one record */

struct mask {
	/* what it was opened with */
	const struct mask_policy *policy;
	struct mask_words *words;
	struct parser parser;
	struct parse_state parse; /* now_us: when the lines of the batch were written */
	int64_t now_us;           /* when they came */
	enum mask_epoch_mode epochs;
	size_t line_max;
	const struct key_ring *ring;
	struct mask_keys *keys;
	struct detect_hosts *hosts;
	struct detect_agent_cache *agents;
	struct detail *detail; /* NULL: all is kept whole */
	enum detail_level least; /* mask_raise */
	struct detect_rules *rules; /* NULL: none */
	struct arena memory, tables; /* itself and texts; the rest, untouched before a line */
	struct mask_places places;
	struct mask_token_slot *tokens;
	struct mask_render *renders;
	uint16_t *doors;     /* marks of texts that came once */
	struct mask_param *params;
	struct mask_segment *segments;
	uint32_t *ends;      /* of the next lines of the batch */
	uint64_t seed[2];    /* of the tables above, random per mask */
	char *canon, *canon_value; /* 2 * PARSE_LINE_MAX each, the second for parts of the first */

	/* of the batch */
	struct mask_batch *batch;
	struct mask_candidates *learn;
	bool learn_only;         /* no tokens, no records */
	uint32_t generation;     /* of the render table: counts vocabulary changes */
	uint64_t batch_last;     /* number of the batch before */
	uint64_t words_settled, most; /* of the batch before; events that may yet be looked at */
	int64_t noted[RECORD_CLASS_COUNT]; /* epoch that is already in batch->epochs */
	uint32_t line_number, others_tried;
	struct mask_sealing sealing;

	/* of the line */
	int64_t day;                      /* of the epochs below; INT64_MIN if none */
	int64_t index[KEY_PERIOD_COUNT];
	uint32_t index_number;            /* another one whenever index is */
	uint32_t fresh_count;
	bool learning, no_learning;       /* this line may promote words; but not of this text */
	bool subject_known, peer_trusted;
	char subject[MASK_TOKEN_BYTES];
	struct tally_given given;         /* for who counts the record */
	struct mask_render *from;         /* where mask_render found its last text, or NULL */
	const char *subject_value;        /* what the token was made of; for client.c */
	uint64_t learn_subject;           /* keyed hash of the network, for k */
	size_t text_used;
	struct mask_line *at;
	struct record record;
	struct record_encoder encoder;
	struct record_decoder decoder;    /* of lines that have less than their record */
	struct mask_line lines[2];        /* this one, and the next, read ahead */
	struct mask_render effects;       /* of the text being rendered */
	struct mask_shown shown;
	char place[RECORD_TEXT_MAX + 64]; /* parent template of the segment at hand */
	struct mask_pending pending; /* MACs that the lines at hand wait for */
	char text[MASK_TEXT_BYTES + RECORD_PLAIN_SLACK];
};

/* Epoch indices of a time; keeps those of the same day. */
void mask_line_epochs(struct mask *m, int64_t t_us);

/* Set the field to what mask_render gave last. */
static inline void
mask_set_rendered(struct mask *m, enum record_field f, struct span text)
{
	if (text.len == 0)
		return;
	if (m->effects.plain)
		record_set_plain(&m->record, f, text);
	else
		record_set_text(&m->record, f, text);
}

/* Count a masked value of the line. */
static inline void
mask_count(struct mask *m, enum record_class c)
{
	m->batch->counts.masked[c]++;
}

/* Is there something in the field?  A "-" is nothing. */
static inline bool
mask_has(const struct event *ev, enum event_text f)
{
	const struct span *text = &ev->text[f];

	return (event_has(ev, f) && text->len > 0 && !(text->len == 1 && text->ptr[0] == '-'));
}

/* ---- one file each ---- */

/* put.c: len bytes of the record's text memory; NULL when full. */
char *mask_take(struct mask *m, size_t len);
/* Copy text there and set the field; cut at RECORD_TEXT_MAX. */
void mask_set_text(struct mask *m, enum record_field f, struct span text);
/* "[class]", and the field set to it. */
struct span mask_redaction(enum record_class c);
void mask_set_redacted(struct mask *m, enum record_field f, enum record_class c);
/* A member of EXTRA; key is a literal. */
void mask_add_number(struct mask *m, const char *key, int64_t number);

/* What will be looked up, so that it is there by then: client.c, target.c, referer.c. */
void mask_client_ahead(struct mask *m, const struct event *ev);
void mask_target_ahead(struct mask *m, const struct event *ev);
void mask_referer_ahead(struct mask *m, const struct event *ev);

/* client.c: CLIENT and FORWARDED, and the subject of the line. */
void mask_client(struct mask *m, const struct event *ev);
/* The learning pass: only learn_subject. */
bool mask_client_subject(struct mask *m, const struct event *ev);

void mask_user(struct mask *m, const struct event *ev); /* user.c: USER */
void mask_session(struct mask *m, const struct event *ev); /* SESSION */
void mask_session_value(struct mask *m, struct span session);
/* target.c: PATH, QUERY, and HOST if the target names one and the event does not. */
void mask_target(struct mask *m, const struct event *ev);
void mask_host_field(struct mask *m, struct span host);
/* referer.c: REFERER. */
void mask_referer(struct mask *m, const struct event *ev);

void mask_event_ahead(struct mask *m, struct event *ev); /* event.c: first a look, then all */
void mask_event(struct mask *m, const struct event *ev, bool partial);

#endif
