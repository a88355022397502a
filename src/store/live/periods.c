/* What a live stream says from time to time: how far it goes, which period is over. */
#include "store/live/inside.h"
#include "store/writer.h"

int
store_live_head(struct store_live *l, struct err *e)
{
	const struct store_writer *w = l->stream->writer;
	unsigned char root[32];
	uint64_t size;
	bool broken;

	pthread_mutex_lock(&l->lock);
	broken = store_writer_broken(w);
	size = store_writer_count(w);
	seal_tree_root(&w->tree, root);
	pthread_mutex_unlock(&l->lock);
	if (broken)
		return (err_set(
		    e, ERR_IO, "the chain of stream %s needs a repair", l->stream->name));
	return (store_own_head(l->stream->store, l->stream->name, size, root, e));
}
