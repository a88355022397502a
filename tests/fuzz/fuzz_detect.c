/* Arbitrary bytes through canon, detect, shape, agent and host. */
#include <assert.h>
#include <stdlib.h>

#include "crypto/random.h"
#include "detect/agent.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "detect/host.h"
#include "detect/text.h"

#define INPUT_MAX 8192

static struct detect_hosts *hosts;
static struct detect_agent_cache *agents;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_start(NULL) == -1 || detect_hosts_open(&hosts) == -1 ||
	    detect_agent_cache_open(&agents) == -1)
		abort();
	return (0);
}

static void
check_canon(struct span in, bool plus)
{
	static char memory[2 * INPUT_MAX], again[2 * INPUT_MAX], folded[INPUT_MAX];
	struct span out, twice;
	enum detect_canon_result result = detect_canon(in, plus, memory, 2 * in.len, &out);

	assert(out.len <= in.len);
	assert(detect_canon_fold(in, folded) <= in.len);
	if (result == DETECT_CANON_SAME)
		assert(out.ptr == in.ptr && out.len == in.len);
	if (result == DETECT_CANON_UNSETTLED)
		return;
	/* What has settled decodes to itself. */
	result = detect_canon(out, false, again, sizeof(again), &twice);
	assert(result == DETECT_CANON_SAME || result == DETECT_CANON_MALFORMED);
	assert(span_equal(out, twice));
	(void)detect_class(out);
	assert(detect_shape(out) < DETECT_SHAPE_COUNT);
}

static void
check_host(struct span in)
{
	struct detect_host host, again;

	detect_host_read(hosts, in, &host);
	assert(host.len < DETECT_HOST_BYTES && host.domain_at <= host.len);
	assert(host.text[host.len] == '\0');
	assert(host.valid || host.len == 0);
	assert(host.port >= -1 && host.port <= 65535);
	if (!host.valid || host.is_address)
		return;
	/* A normal form is its own. */
	detect_host_read(hosts, span_of(host.text, host.len), &again);
	assert(again.valid);
	assert(again.len == host.len && again.domain_at == host.domain_at);
}

static void
check_text(struct span in)
{
	struct detect_hit hits[8];
	size_t count = detect_text(in, hits, 8), at = 0;
	enum record_class found;
	bool words = false;

	for (size_t i = 0; i < count; i++) {
		assert(hits[i].at >= at && hits[i].len > 0 && hits[i].len <= in.len - hits[i].at);
		assert(hits[i].class_id != RECORD_CLASS_NONE);
		at = hits[i].at + hits[i].len;
	}
	for (size_t i = 0; i < in.len; i++)
		words = words || (unsigned char)in.ptr[i] <= ' ' ||
		    strchr("\"'`<>()[]{}|,\x7f", in.ptr[i]) != NULL;
	/* What is found in a word as a whole is found in it as a text; "p-wd=x" need not be. */
	found = detect_class(in);
	assert(words || found == RECORD_CLASS_NONE || found == RECORD_CLASS_CREDENTIAL ||
	    found == RECORD_CLASS_SESSION || count > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size < INPUT_MAX ? size : INPUT_MAX };
	const struct detect_agent *cached;
	uint64_t name[2];
	struct detect_agent agent;

	check_canon(in, false);
	check_canon(in, true);
	(void)detect_class(in);
	(void)detect_shape(in);
	(void)detect_name_is_secret(in);
	(void)detect_name_is_tracking(in);
	detect_agent_read(agents, in, &agent);
	assert(agent.major >= -1 && agent.major <= 999);
	detect_agent_name(agents, in, name);
	cached = &detect_agent_cached(agents, in, name)->agent;
	assert(span_equal(cached->family, agent.family) && cached->major == agent.major);
	check_host(in);
	check_text(in);
	return (0);
}
