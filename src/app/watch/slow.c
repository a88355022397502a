#include "app/watch/slow.h"

#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/retain/ask.h"
#include "base/err.h"

void
app_slow_send(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* gone, or too slow */
		bytes = span_from(bytes, (size_t)n);
	}
}

static void *
slow_main(void *arg)
{
	struct app_slow *slow = arg;
	struct buf out = { 0 };

	(void)prctl(PR_SET_NAME, "erase");
	app_ask_erase(span_of(slow->text, slow->len), &out);
	slow->at_work = false; /* before the answer: whoever has it may ask again at once */
	if (buf_ok(&out))
		app_slow_send(slow->fd, buf_view(&out));
	buf_free(&out);
	(void)close(slow->fd);
	free(slow->text);
	slow->text = NULL;
	return (NULL);
}

void
app_slow_end(struct app_slow *slow)
{
	if (slow->begun)
		(void)pthread_join(slow->thread, NULL);
	slow->begun = false;
}

bool
app_slow_begin(struct app_slow *slow, int fd, struct span text, struct buf *out)
{
	if (slow->at_work) {
		buf_fmt(out, "error %d another erasure is at work; try again\n", ERR_BUSY);
		return (false);
	}
	app_slow_end(slow);
	if ((slow->text = malloc(text.len + 1)) != NULL) {
		memcpy(slow->text, text.ptr, text.len);
		slow->len = text.len;
		slow->fd = fd;
		slow->at_work = true;
		slow->begun = pthread_create(&slow->thread, NULL, slow_main, slow) == 0;
	}
	if (slow->begun)
		return (true);
	free(slow->text);
	slow->text = NULL;
	slow->at_work = false;
	buf_fmt(out, "error %d no memory for an erasure\n", ERR_IO);
	return (false);
}
