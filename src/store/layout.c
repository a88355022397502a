#include "store/layout.h"

#include <stdio.h>
#include <string.h>

bool
store_name_ok(struct span name)
{
	if (name.len == 0 || name.len > STORE_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return (false);
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return (false);
	}
	return (true);
}

bool
store_name_known(struct span name)
{
	return (store_name_ok(name) || span_is(name, STORE_OWN_STREAM) ||
	    span_is(name, "cretula.access"));
}

bool
store_keys_beside(const char *store, char *out, size_t size)
{
	size_t len = strlen(store);
	int need;

	while (len > 1 && store[len - 1] == '/')
		len--; /* as shells complete it */
	need = snprintf(out, size, "%.*s.keys", (int)len, store);
	if (need > 0 && (size_t)need < size)
		return (true);
	out[0] = '\0';
	return (false);
}

void
store_segment_path(char out[static STORE_PATH_BYTES], uint64_t seg, const char *suffix)
{
	(void)snprintf(out, STORE_PATH_BYTES, "seg/%08ju.%s", (uintmax_t)seg, suffix);
}

void
store_revision_path(
    char out[static STORE_PATH_BYTES], uint64_t seg, uint64_t revision, const char *suffix)
{
	if (revision == 0)
		store_segment_path(out, seg, suffix);
	else
		(void)snprintf(out, STORE_PATH_BYTES, "seg/%08ju.r%ju.%s", (uintmax_t)seg,
		    (uintmax_t)revision, suffix);
}

void
store_note_path(char out[static STORE_PATH_BYTES], uint64_t size)
{
	(void)snprintf(out, STORE_PATH_BYTES, "cp/%08ju.note", (uintmax_t)size);
}
