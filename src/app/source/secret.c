#include "app/source/secret.h"

#include <string.h>

#include "app/names.h"
#include "app/say.h"
#include "base/err.h"
#include "key/key.h"
#include "store/secrets.h"
#include "store/store.h"

int
app_secret_destroyed(struct store *store, struct store_stream *stream, const char *name,
    const unsigned char *kept, const unsigned char *gone, struct err *e)
{
	static struct store_secrets_open open;
	struct err other;

	if (store_stream_secrets(stream, &open, e) == -1)
		return (-1);
	for (size_t i = 0; i < open.count; i++)
		if ((kept == NULL || memcmp(open.list[i], kept, 32) != 0) &&
		    store_stream_destroyed(stream, open.list[i], e) == -1)
			return (-1);
	if (gone != NULL && store_destroyed(store, name, app_names(), gone, &other) == -1)
		app_warn("import", "not yet recorded, that a key is destroyed: %s", other.text);
	return (0);
}

int
app_secret_settle(struct key_ring *ring, struct store *store, struct store_stream *stream,
    const char *name, struct err *e)
{
	struct key_ring_facts facts;
	unsigned char gone[32];

	key_ring_describe(ring, &facts);
	if (!facts.import_open)
		return (app_secret_destroyed(store, stream, name, NULL, NULL, e));
	if (key_ring_import(ring, true, gone, e) == -1)
		return (e->code == ERR_BUSY ? 0 : -1); /* in use: nothing left it */
	if (key_ring_import_end(ring, e) == -1)
		return (-1);
	return (app_secret_destroyed(store, stream, name, NULL, gone, e));
}
