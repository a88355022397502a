#include "app/search/search.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "app/names.h"
#include "app/records.h"
#include "base/io.h"
#include "seal/history.h"
#include "store/chain.h"
#include "store/erase/erase.h"
#include "store/seek.h"

void
app_search_open(struct app_search *s, struct app_records *r, const char *store, const char *stream,
    const struct filter *filter, bool make)
{
	int fd = io_open(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0, NULL);

	*s = (struct app_search){ .open = true,
		.filter = filter,
		.since_us = r->since_us,
		.until_us = r->until_us,
		.stream_fd = r->stream_fd,
		.jobs = 1,
		.read_fd = -1,
		.write_fd = -1 };
	r->search = s;
	if (fd == -1)
		return;
	if (make)
		s->write_fd = store_skip_dir(fd, stream, true);
	s->read_fd = s->write_fd != -1 ? s->write_fd : store_skip_dir(fd, stream, false);
	(void)close(fd);
}

void
app_search_close(struct app_search *s)
{
	if (!s->open)
		return;
	app_search_end(s, false);
	app_frames_close(s->frames);
	s->frames = NULL;
	if (s->read_fd != -1)
		(void)close(s->read_fd);
	s->open = false;
}

static void
begin_notes(struct app_search *s, const struct store_skip_of *of, size_t frames)
{
	s->of = *of;
	s->has_skip = !s->doubts && store_skip_open(&s->skip, s->read_fd, of);
	if (s->has_skip && s->skip.frames != frames) {
		store_skip_close(&s->skip);
		s->has_skip = false;
	}
	s->making = !s->has_skip && s->write_fd != -1;
	if (s->making)
		store_skip_begin(&s->maker, of, s->back);
}

int
app_search_begin(
    struct app_search *s, const struct store_skip_of *of, const struct store_seek *seek)
{
	if (s->frames == NULL && app_frames_open(&s->frames, s->jobs, NULL) == -1)
		return (-1);
	s->looking = s->look;
	if (of != NULL)
		begin_notes(s, of, store_seek_frames(seek));
	else
		s->looking.needles = NULL;
	s->looking.summarize = s->making;
	app_frames_begin(s->frames, seek, &s->looking);
	return (0);
}

bool
app_search_may(struct app_search *s, size_t frame, uint64_t first, uint64_t *count)
{
	*count = 0;
	if (!s->has_skip)
		return (true);
	*count = store_skip_count(&s->skip, frame);
	if (s->may != NULL)
		return (s->may(s->may_arg, &s->skip, frame, first));
	return (store_skip_may(&s->skip, frame, s->filter, s->since_us, s->until_us));
}

void
app_search_frame(struct app_search *s, const struct app_frame *frame)
{
	if (s->making)
		store_skip_frame(&s->maker, frame->summary, frame->summarized);
}

/*
 * Somebody may have erased a record of the segment, or pruned it, since the
 * chain was read, and removed the file that was not there yet.
 */
static bool
is_stale(const struct app_search *s)
{
	struct seal_history *history = NULL;
	struct store_chain chain = { 0 };
	const struct seal_past *past = NULL;
	bool stale = true;
	struct stat st;

	if (fstatat(s->stream_fd, "chain.jsonl", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size == (off_t)s->chain_bytes)
		return (false);
	if (store_chain_read(s->stream_fd, &chain, NULL) == 0 &&
	    store_history_read(&chain, app_names(), &history, NULL) == 0 &&
	    (past = seal_history_segment(history, s->of.seg)) != NULL)
		stale = past->pruned || past->revision > 0;
	seal_history_free(history);
	store_chain_free(&chain);
	return (stale);
}

void
app_search_end(struct app_search *s, bool whole)
{
	if (s->frames != NULL)
		app_frames_end(s->frames);
	if (s->has_skip)
		store_skip_close(&s->skip);
	if (s->making && whole && store_skip_end(&s->maker, &s->of) &&
	    store_skip_write(&s->maker, s->write_fd, s->of.seg, NULL) == 0 && is_stale(s))
		(void)store_skip_forget(s->write_fd, s->of.seg, NULL);
	if (s->making)
		store_skip_drop(&s->maker);
	s->has_skip = s->making = false;
}
