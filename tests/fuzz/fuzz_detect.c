/* Arbitrary bytes through canon, detect, shape, agent and host. */
#include <assert.h>
#include <stdlib.h>

#include "crypto/random.h"
#include "mask/agent.h"
#include "mask/canon.h"
#include "mask/detect.h"
#include "mask/host.h"

#define INPUT_MAX 8192

static struct mask_hosts *hosts;
static struct mask_agent_cache *agents;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_start(NULL) == -1 || mask_hosts_open(&hosts) == -1 ||
	    mask_agent_cache_open(&agents) == -1)
		abort();
	return (0);
}

static void
check_canon(struct span in, bool plus)
{
	static char memory[2 * INPUT_MAX], again[2 * INPUT_MAX], folded[INPUT_MAX];
	struct span out, twice;
	enum mask_canon_result result = mask_canon(in, plus, memory, 2 * in.len, &out);

	assert(out.len <= in.len);
	assert(mask_canon_fold(in, folded) <= in.len);
	if (result == MASK_CANON_SAME)
		assert(out.ptr == in.ptr && out.len == in.len);
	if (result == MASK_CANON_UNSETTLED)
		return;
	/* What has settled decodes to itself. */
	result = mask_canon(out, false, again, sizeof(again), &twice);
	assert(result == MASK_CANON_SAME || result == MASK_CANON_MALFORMED);
	assert(span_equal(out, twice));
	(void)mask_detect(out);
	assert(mask_shape(out) < MASK_SHAPE_COUNT);
}

static void
check_host(struct span in)
{
	struct mask_host host, again;

	mask_host_read(hosts, in, &host);
	assert(host.len < MASK_HOST_BYTES && host.domain_at <= host.len);
	assert(host.text[host.len] == '\0');
	assert(host.valid || host.len == 0);
	assert(host.port >= -1 && host.port <= 65535);
	if (!host.valid || host.is_address)
		return;
	/* A normal form is its own. */
	mask_host_read(hosts, span_of(host.text, host.len), &again);
	assert(again.valid);
	assert(again.len == host.len && again.domain_at == host.domain_at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size < INPUT_MAX ? size : INPUT_MAX };
	const struct mask_agent *cached;
	struct mask_agent agent;

	check_canon(in, false);
	check_canon(in, true);
	(void)mask_detect(in);
	(void)mask_shape(in);
	(void)mask_name_is_secret(in);
	(void)mask_name_is_tracking(in);
	mask_agent_read(in, &agent);
	assert(agent.major >= -1 && agent.major <= 999);
	cached = mask_agent_cached(agents, in);
	assert(span_equal(cached->family, agent.family) && cached->major == agent.major);
	check_host(in);
	return (0);
}
