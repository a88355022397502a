/* archive: how strict. */
#include "archive/archive.h"

#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"

void
archive_policy_print(const struct archive_policy *p, struct buf *out)
{
	const struct {
		const char *name;
		bool stays;
	} who[] = { { "client", p->client }, { "user", p->user }, { "session", p->session } };
	const char *sep = "";

	buf_fmt(out, "{\"archive\":1,\"k\":%u,\"numbers\":2,\"rekey\":[", p->k);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		if (!who[i].stays)
			continue;
		buf_fmt(out, "%s\"%s\"", sep, who[i].name);
		sep = ",";
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
