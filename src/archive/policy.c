/* archive: how strict. */
#include "archive/archive.h"

#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define BIT(class_id) (UINT64_C(1) << RECORD_CLASS_##class_id)

_Static_assert(RECORD_CLASS_COUNT <= 64, "a bit for each class");

void
archive_policy_default(struct archive_policy *p)
{
	p->k = ARCHIVE_K_DEFAULT;
	p->rekey = BIT(IP_PEER) | BIT(USER_AUTH) | BIT(SESSION);
}

bool
archive_class_ok(enum record_class class_id)
{
	const uint64_t may = BIT(IP_PEER) | BIT(USER_AUTH) | BIT(USER_CLAIM) | BIT(SESSION);

	return ((may >> class_id & 1) != 0);
}

void
archive_policy_print(const struct archive_policy *p, struct buf *out)
{
	bool first = true;

	buf_fmt(out, "{\"archive\":1,\"k\":%u,\"numbers\":2,\"rekey\":[", p->k);
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++) {
		if ((p->rekey >> c & 1) == 0)
			continue;
		if (!first)
			buf_char(out, ',');
		json_quote(out, span_str(record_classes[c].name));
		first = false;
	}
	buf_str(out, "],\"time\":\"hour\"}");
}

int
archive_policy_hash(const struct archive_policy *p, char hex[static 65], struct err *e)
{
	unsigned char hash[32];
	struct buf text = { 0 };
	int rc = 0;

	archive_policy_print(p, &text);
	if (buf_ok(&text)) {
		crypto_sha256(text.data, text.len, hash);
		hex[text_hex(hex, hash, sizeof(hash))] = '\0';
	} else {
		rc = err_memory(e);
	}
	buf_free(&text);
	return (rc);
}
