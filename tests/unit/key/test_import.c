/* ADR 3: an import's secret, from its making to its end. */
#include "base/text.h"
#include "scratch.h"

static void
unhex(const char *text, unsigned char out[static 32])
{
	size_t len;

	assert_int_equal(text_unhex(span_str(text), out, 32, &len), 0);
}

static bool
import_open(const struct key_ring *ring)
{
	struct key_ring_facts facts;

	key_ring_describe(ring, &facts);
	return (facts.import_open);
}

static void
known_epochs_of_a_known_secret(void **state)
{
	static const struct { /* computed with Python's hmac: root 0x11.., secret 0x22.. */
		enum key_period period;
		int64_t index;
		const char *prk;
	} rows[] = {
		{ KEY_DAY, 20782, "21ca5b12a54ad56d4459e47f89c5813a7f90204fe66c6cb7eff21130f8ba720e" },
		{ KEY_WEEK, 2969, "98dac45b1d7752d8cbbfc02959b4c5f8d5b4013018aee2d6cb8d406f9a72508d" },
		{ KEY_MONTH, 682, "15a46060017eec06b4b55f158c4c055d3dec3305dc5fd08b6febd5d4a939ba3a" },
		{ KEY_DAY, 7305, "14412281ebe7b2cb1c396ddadca027b91f1e0ee91088db99dc090a20b6159775" },
	};
	struct key_slot root = { .kind = "root" }, import = { .kind = "import" };
	unsigned char want[32], got[32];
	int fd = make_keys();
	struct key_ring *ring;

	memset(root.secret, 0x11, 32);
	memset(import.secret, 0x22, 32);
	assert_int_equal(key_slot_write(fd, "root.key", &root, &e), 0);
	assert_int_equal(key_slot_write(fd, "import.seed", &import, &e), 0);
	ring = open_ring(fd);
	assert_true(import_open(ring));
	assert_int_equal(key_ring_prk(ring, KEY_DAY, 20782, got), -1); /* not resumed yet */
	assert_int_equal(key_ring_import(ring, true, got, &e), 0);
	unhex("d4affbef7f66f13d545016706703f7651dbd108f4248e677761a341ddf80370f", want);
	assert_memory_equal(got, want, 32);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unhex(rows[i].prk, want);
		assert_int_equal(key_ring_prk(ring, rows[i].period, rows[i].index, got), 0);
		assert_memory_equal(got, want, 32);
	}
	assert_int_equal(key_ring_prk(ring, KEY_DAY, 7304, got), -1);
	assert_int_equal(key_ring_prk(ring, KEY_DAY, 47482, got), -1);
	key_ring_free(ring);
	(void)close(fd);
}

static void
resuming_needs_an_unfinished_import(void **state)
{
	unsigned char first[32], again[32], fresh[32], prk[32], prk_again[32];
	int fd = make_keys();
	struct key_ring *ring = open_ring(fd);

	assert_false(import_open(ring));
	assert_int_equal(key_ring_import(ring, true, first, &e), 0); /* nothing there: new */
	assert_true(import_open(ring));
	assert_int_equal(key_ring_prk(ring, KEY_WEEK, 2000, prk), 0);
	key_ring_free(ring); /* as after a crash */
	ring = open_ring(fd);
	assert_true(import_open(ring));
	assert_int_equal(key_ring_import(ring, true, again, &e), 0);
	assert_memory_equal(first, again, 32);
	assert_int_equal(key_ring_prk(ring, KEY_WEEK, 2000, prk_again), 0);
	assert_memory_equal(prk, prk_again, 32);
	assert_int_equal(key_ring_import(ring, false, fresh, &e), 0);
	assert_memory_not_equal(first, fresh, 32);
	key_ring_free(ring);
	ring = open_ring(fd);
	assert_int_equal(key_ring_import(ring, true, again, &e), 0);
	assert_memory_equal(fresh, again, 32);
	key_ring_free(ring);
	(void)close(fd);
}

/* The chain must be able to say which secret is gone. */
static void
a_replaced_secret_is_told(void **state)
{
	unsigned char first[32], second[32], gone[32];
	int fd = make_keys();
	struct key_ring *ring = open_ring(fd);

	assert_int_equal(key_ring_import(ring, false, first, &e), 0);
	assert_false(key_ring_import_replaced(ring, gone)); /* there was none */
	key_ring_free(ring);
	ring = open_ring(fd);
	assert_int_equal(key_ring_import(ring, true, second, &e), 0);
	assert_false(key_ring_import_replaced(ring, gone)); /* it goes on */
	key_ring_free(ring);
	ring = open_ring(fd);
	assert_int_equal(key_ring_import(ring, false, second, &e), 0);
	assert_true(key_ring_import_replaced(ring, gone));
	assert_memory_equal(gone, first, 32);
	assert_int_equal(key_ring_import_end(ring, &e), 0);
	assert_int_equal(key_ring_import(ring, false, first, &e), 0);
	assert_false(key_ring_import_replaced(ring, gone)); /* it was ended */
	key_ring_free(ring);
	(void)close(fd);
}

static void
the_end_destroys_the_secret(void **state)
{
	unsigned char first[32], second[32];
	struct key_slot slot;
	int fd = make_keys();

	for (int abandoned = 0; abandoned <= 1; abandoned++) {
		struct key_ring *ring = open_ring(fd);

		assert_int_equal(key_ring_import(ring, false, first, &e), 0);
		if (abandoned) {
			key_ring_free(ring);
			ring = open_ring(fd);
		}
		assert_int_equal(key_ring_import_end(ring, &e), 0);
		assert_false(import_open(ring));
		assert_int_equal(key_ring_prk(ring, KEY_DAY, 20000, second), -1);
		assert_int_equal(key_slot_read(fd, "import.seed", "import", &slot, &e), -1);
		assert_int_equal(errno, ENODATA);
		assert_int_equal(key_ring_import_end(ring, &e), 0); /* once more is fine */
		assert_int_equal(key_ring_import(ring, true, second, &e), 0);
		assert_memory_not_equal(first, second, 32);
		assert_int_equal(key_ring_import_end(ring, &e), 0);
		key_ring_free(ring);
	}
	(void)close(fd);
}

static void
no_import_no_file(void **state)
{
	int fd = make_keys();
	struct key_ring *ring = open_ring(fd);

	assert_int_equal(key_ring_import_end(ring, &e), 0);
	assert_int_equal(faccessat(fd, "import.seed", F_OK, 0), -1);
	key_ring_free(ring);
	(void)close(fd);
}

static void
two_imports_at_once_are_refused(void **state)
{
	unsigned char first[32], second[32];
	int fd = make_keys();
	struct key_ring *one = open_ring(fd), *two;

	assert_int_equal(key_ring_import(one, false, first, &e), 0);
	two = open_ring(fd);
	assert_int_equal(key_ring_import(two, false, second, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(key_ring_import_end(two, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	key_ring_free(one);
	assert_int_equal(key_ring_import(two, true, second, &e), 0);
	assert_memory_equal(first, second, 32);
	key_ring_free(two);
	(void)close(fd);
}

/* A crash cut the slot's creation short: empty, or torn by a strange disk. */
static void
a_broken_slot_does_not_block(void **state)
{
	static const char torn[512] = "cretula slot v1\nimport";
	unsigned char commitment[32];

	for (int i = 0; i < 2; i++) {
		int fd = make_keys(), file;
		struct key_ring *ring;

		file = openat(fd, "import.seed", O_WRONLY | O_CREAT, 0600);
		assert_true(i == 0 || write(file, torn, sizeof(torn)) == 512);
		(void)close(file);
		ring = open_ring(fd);
		assert_int_equal(import_open(ring), i == 1);
		assert_int_equal(key_ring_import(ring, true, commitment, &e), 0);
		key_ring_free(ring);
		ring = open_ring(fd);
		assert_int_equal(key_ring_import_end(ring, &e), 0);
		key_ring_free(ring);
		(void)close(fd);
	}
}

static void
an_open_slot_is_refused(void **state)
{
	unsigned char commitment[32];
	int fd = make_keys();
	struct key_ring *ring = open_ring(fd);

	assert_int_equal(key_ring_import(ring, false, commitment, &e), 0);
	key_ring_free(ring);
	ring = NULL;
	assert_int_equal(fchmodat(fd, "import.seed", 0644, 0), 0);
	assert_int_equal(key_ring_open(fd, &ring, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_null(ring);
	(void)close(fd);
}

static void
an_ephemeral_import_leaves_nothing(void **state)
{
	unsigned char commitment[32], prk[32];
	struct key_ring *ring = NULL;
	uint64_t steps = io_fault_steps();

	assert_int_equal(key_ring_ephemeral(&ring, &e), 0);
	assert_int_equal(key_ring_import(ring, true, commitment, &e), 0);
	assert_int_equal(key_ring_prk(ring, KEY_MONTH, 500, prk), 0);
	assert_int_equal(key_ring_import_end(ring, &e), 0);
	assert_int_equal(key_ring_prk(ring, KEY_MONTH, 500, prk), -1);
	assert_int_equal(io_fault_steps(), steps);
	key_ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_epochs_of_a_known_secret),
		cmocka_unit_test(resuming_needs_an_unfinished_import),
		cmocka_unit_test(a_replaced_secret_is_told),
		cmocka_unit_test(the_end_destroys_the_secret),
		cmocka_unit_test(no_import_no_file),
		cmocka_unit_test(two_imports_at_once_are_refused),
		cmocka_unit_test(a_broken_slot_does_not_block),
		cmocka_unit_test(an_open_slot_is_refused),
		cmocka_unit_test(an_ephemeral_import_leaves_nothing),
	};

	return (cmocka_run_group_tests(tests, scratch_make, scratch_remove));
}
