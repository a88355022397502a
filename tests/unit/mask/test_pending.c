/* MACs that wait: what is thrown away is not written, whatever was computed meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mask/inside.h"

#define TOKEN 16

static void
add(struct mask *m, char *out)
{
	static const struct crypto_hmac_key key = { { 1 }, { 2 } };
	unsigned char *block = mask_pending_add(m, &key, out);

	memcpy(block, "value", 5);
	crypto_hmac_pad(block, 5);
	mask_pending_added(m);
}

static void
test_a_text_is_dropped(void **state)
{
	static char kept[MASK_PENDING_MAX][TOKEN + 8], gone[3 * TOKEN];
	struct mask *m = calloc(1, sizeof(*m));

	(void)state;
	assert_non_null(m);
	/* Up to both sides of the room that there is: then those before are computed. */
	for (unsigned before = 0; before <= MASK_PENDING_MAX; before++)
		for (unsigned count = 0; count <= 3; count++) {
			m->pending.open = true;
			for (unsigned i = 0; i < before; i++)
				add(m, kept[i]);
			for (unsigned i = 0; i < count; i++)
				add(m, gone + (size_t)i * TOKEN);
			mask_pending_drop_text(m, span_of(gone, sizeof(gone)));
			memset(gone, 'x', sizeof(gone)); /* it is another text now */
			mask_pending_finish(m);
			for (size_t i = 0; i < sizeof(gone); i++)
				if (gone[i] != 'x')
					fail_msg("%u and %u: byte %zu", before, count, i);
			for (unsigned i = 0; i < before; i++)
				if (memchr(kept[i], '.', TOKEN) != NULL)
					fail_msg("%u and %u: token %u", before, count, i);
		}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_text_is_dropped) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
