#include "audit/history/kept.h"

#include <string.h>

const struct seal_touched *
audit_touched(const struct seal_past *past, uint64_t record)
{
	if (past == NULL || record >= past->n)
		return (NULL);
	return (seal_past_record(past, (uint32_t)record));
}

enum audit_code
audit_kept_check(const struct seal_past *past, const struct audit_salts *salts, uint64_t record,
    struct span line)
{
	const struct seal_touched *t = audit_touched(past, record);
	unsigned char leaf[32], salt[16], now[32];
	enum seal_line kind = seal_line_read(line, leaf, NULL);

	/* What only begins like a placeholder is a record that is not of the format. */
	if (kind == SEAL_LINE_RECORD || (kind == SEAL_LINE_BAD && t == NULL))
		return (t == NULL ? AUDIT_CODE_COUNT : AUDIT_E_TOMBSTONED_RECORD_PRESENT);
	if (t == NULL || kind != (t->erased ? SEAL_LINE_ERASED : SEAL_LINE_REPLACED) ||
	    memcmp(leaf, t->leaf, sizeof(leaf)) != 0)
		return (AUDIT_E_ERASED_WITHOUT_TOMBSTONE);
	if (t->erased ||
	    !audit_salts_one(salts, SEAL_SALT_REPLACED(t->record, t->replaced - 1), salt))
		return (AUDIT_CODE_COUNT);
	seal_replaced_leaf(line, salt, now);
	return (memcmp(now, t->now, sizeof(now)) == 0 ? AUDIT_CODE_COUNT : AUDIT_E_RECORD_MODIFIED);
}

const char *
audit_kept_text(enum audit_code code)
{
	return (code == AUDIT_E_TOMBSTONED_RECORD_PRESENT ? "an entry says that it is gone" :
		code == AUDIT_E_ERASED_WITHOUT_TOMBSTONE  ? "no entry says this of it" :
							    "not what an entry says replaced it");
}
