/* input: opening, peeking, closing. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/reader.h"

/* A descriptor that can be read as a stream of bytes. */
static int
open_path(const char *path, bool may_stop, struct input *in, struct err *e)
{
	/* A fifo that nobody writes to must not hold us in open(2). */
	const int how = O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_stop ? O_NONBLOCK : 0);
	bool given = strcmp(path, "-") == 0;
	struct stat st;

	in->fd = given ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, how);
	if (in->fd == -1 || fstat(in->fd, &st) == -1)
		return (err_sys(e, ERR_INPUT, "%s", path));
	if (may_stop && !given)
		(void)fcntl(in->fd, F_SETFL, fcntl(in->fd, F_GETFL) & ~O_NONBLOCK);
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return (err_set(e, ERR_INPUT, "%s: %s, not a file of lines%s", path,
		    S_ISDIR(st.st_mode) ? "a directory" : "a block device",
		    S_ISDIR(st.st_mode) ? ": name those in it" : ""));
	if (S_ISREG(st.st_mode)) {
		in->regular = true;
		in->file_size = (uint64_t)st.st_size;
		in->written_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
		(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return (0);
}

int
input_open(const char *path, const atomic_bool *stop, struct input **in, struct err *e)
{
	struct input *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_sys(e, ERR_IO, "memory"));
	made->fd = -1;
	if (arena_open(&made->arena,
		INPUT_BATCH_BYTES + 2 * INPUT_TAIL_BYTES + 2 * INPUT_CONTEXT_BYTES, ARENA_SECRET,
		e) == -1)
		goto fail;
	made->tail = arena_take(&made->arena, INPUT_TAIL_BYTES);
	made->spare = arena_take(&made->arena, INPUT_TAIL_BYTES);
	made->context = arena_take(&made->arena, INPUT_CONTEXT_BYTES);
	made->next = arena_take(&made->arena, INPUT_CONTEXT_BYTES);
	made->ready = arena_take(&made->arena, INPUT_BATCH_BYTES);
	if (open_path(path, stop != NULL, made, e) == -1)
		goto fail;
	if (input_source_open(made->fd, stop, &made->source, e) == -1) {
		err_in(e, "%s", path);
		goto fail;
	}
	*in = made;
	return (0);
fail:
	input_close(made);
	return (-1);
}

void
input_close(struct input *in)
{
	if (in == NULL)
		return;
	input_source_close(in->source);
	if (in->fd != -1)
		(void)close(in->fd);
	arena_close(&in->arena);
	free(in);
}

int
input_peek(struct input *in, size_t size, struct span *head, struct err *e)
{
	size_t have = in->ready_len - in->ready_at;

	if (size > INPUT_BATCH_BYTES)
		size = INPUT_BATCH_BYTES;
	if (have < size) {
		memmove(in->ready, in->ready + in->ready_at, have);
		in->ready_at = 0;
		in->ready_len = have;
	}
	while (in->ready_len - in->ready_at < size && !in->ended && !in->broken)
		input_more(in, size - have);
	have = in->ready_len - in->ready_at;
	if (have == 0 && in->broken)
		return (input_damage(in, e));
	*head = span_of(in->ready + in->ready_at, have < size ? have : size);
	return (0);
}

bool
input_leave_unfinished(struct input *in)
{
	in->leave = in->regular && input_source_is_plain(in->source);
	return (in->leave);
}

void
input_by_records(struct input *in, input_whole *whole, const void *arg)
{
	in->whole = whole;
	in->whole_arg = arg;
}

void
input_by_items(struct input *in, const struct input_items *items)
{
	in->items = *items;
}

uint64_t
input_file_size(const struct input *in)
{
	return (in->file_size);
}

int64_t
input_written_us(const struct input *in)
{
	return (in->written_us);
}
