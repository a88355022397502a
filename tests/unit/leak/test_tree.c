#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/sha256.h"
#include "leak/file/inside.h"

static struct leak_rules *rules;
static char folder[] = "/tmp/cretula-leak-XXXXXX";
static const char leaky[] = "nothing here\nbob.k@example.org\n";

static int
setup(void **state)
{
	struct err e;

	return (mkdtemp(folder) != NULL && chdir(folder) == 0 ?
		leak_rules_open(LEAK_PLAIN, &rules, &e) :
		-1);
}

static int
teardown(void **state)
{
	char command[80];

	leak_rules_close(rules);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return (chdir("/") == 0 && system(command) == 0 ? 0 : -1);
}

static void
put(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static size_t
gzip(void *out, size_t size, const void *bytes, size_t len, const char *name)
{
	z_stream z = { 0 };
	gz_header header = { .name = (unsigned char *)(uintptr_t)name };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
	if (name != NULL)
		assert_int_equal(deflateSetHeader(&z, &header), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)bytes;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = (unsigned)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (size - z.avail_out);
}

static void
scan(const char *path, const char *want_view, uint64_t want_total, const char *want_problem)
{
	struct leak_tree tree = { .rules = rules, .jobs = 2, .keep = 10 };
	struct err e = { ERR_NONE, "" };

	if (leak_tree_scan(&tree, &path, 1, &e) == -1)
		fail_msg("%s: %s", path, e.text);
	assert_int_equal(tree.file_count, 1);
	if (tree.total != want_total || strcmp(tree.files[0].problem, want_problem) != 0 ||
	    (want_total > 0 && strcmp(tree.hits[0].view, want_view) != 0))
		fail_msg("%s: %llu hits, view '%s', problem '%s'", path,
		    (unsigned long long)tree.total, tree.hit_count > 0 ? tree.hits[0].view : "",
		    tree.files[0].problem);
	leak_tree_free(&tree);
}

static void
compressed_files_are_looked_into(void **state)
{
	unsigned char gz[4096], zst[4096], both[9000];
	size_t gz_len = gzip(gz, sizeof(gz), leaky, sizeof(leaky) - 1, NULL);
	size_t zst_len = ZSTD_compress(zst, sizeof(zst), leaky, sizeof(leaky) - 1, 1);
	size_t len;

	put("plain", leaky, sizeof(leaky) - 1);
	scan("plain", "", 1, "");
	put("empty", "", 0);
	scan("empty", "", 0, "");
	put("short", "ab", 2);
	scan("short", "", 0, "");
	put("gz", gz, gz_len);
	scan("gz", "gz", 1, "");
	put("zst", zst, zst_len);
	scan("zst", "zst", 1, "");
	/* two members, two frames */
	memcpy(both, gz, gz_len);
	memcpy(both + gz_len, gz, gz_len);
	put("gz2", both, 2 * gz_len);
	scan("gz2", "gz", 2, "");
	memcpy(both, zst, zst_len);
	memcpy(both + zst_len, zst, zst_len);
	put("zst2", both, 2 * zst_len);
	scan("zst2", "zst", 2, "");
	/* one in the other */
	len = ZSTD_compress(both, sizeof(both), gz, gz_len, 1);
	put("gz-in-zst", both, len);
	scan("gz-in-zst", "zst > gz", 1, "");
	len = gzip(both, sizeof(both), zst, zst_len, NULL);
	put("zst-in-gz", both, len);
	scan("zst-in-gz", "gz > zst", 1, "");
	len = gzip(zst, sizeof(zst), both, len, NULL);
	put("three", zst, len);
	scan("three", "gz > gz", 1, "it is compressed more than twice");
}

/* Names in a header, frames to be skipped, bytes behind the end: of the file as well. */
static void
nothing_hides_in_the_container(void **state)
{
	unsigned char bytes[4096], frame[64] = { 0x50, 0x2a, 0x4d, 0x18, 17, 0, 0, 0 };
	size_t len = gzip(bytes, sizeof(bytes), "x", 1, "bob.k@example.org");

	put("name", bytes, len);
	scan("name", "container", 1, "");
	len = gzip(bytes, sizeof(bytes), "x", 1, NULL);
	memcpy(bytes + len, leaky, sizeof(leaky) - 1);
	put("behind", bytes, len + sizeof(leaky) - 1);
	scan("behind", "container", 1, "");
	memcpy(frame + 8, "bob.k@example.org", 17);
	put("skipped", frame, 25);
	scan("skipped", "container", 1, "");
	len = ZSTD_compress(bytes, sizeof(bytes), "x", 1, 1);
	memcpy(bytes + len, leaky, sizeof(leaky) - 1);
	put("behind-zst", bytes, len + sizeof(leaky) - 1);
	scan("behind-zst", "container", 1, "");
}

/* What is damaged, cut or otherwise packed is said, and looked at as it stands. */
static void
damage_is_said_and_looked_through(void **state)
{
	static unsigned char bytes[300000], text[300000];
	size_t len;

	put("no-gzip", "\x1f\x8b\x08\0bob.k@example.org somewhere", 31);
	scan("no-gzip", "", 1, "its gzip is damaged");
	put("no-zstd", "\x28\xb5\x2f\xfd\xff\xff\xff\xff bob.k@example.org", 26);
	scan("no-zstd", "", 1, "its zstd is damaged");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 2654435761u >> 16);
	len = gzip(bytes, sizeof(bytes), text, 200000, NULL);
	put("cut-gzip", bytes, len / 2);
	scan("cut-gzip", "", 0, "it ends in the middle of what is compressed");
	len = ZSTD_compress(bytes, sizeof(bytes), text, 200000, 1);
	put("cut-zstd", bytes, len / 2);
	scan("cut-zstd", "", 0, "it ends in the middle of what is compressed");
	put("xz",
	    "\xfd"
	    "7zXZ\0 bob.k@example.org",
	    24);
	scan("xz", "", 1, "xz is not looked into");
}

/* A key file whose secret is bytes, with its checksum. */
static void
make_slot(unsigned char slot[static 512], const char *kind, const void *secret, size_t len)
{
	unsigned char sum[CRYPTO_SHA256_BYTES];

	memset(slot, 0, 512);
	memcpy(slot, "cretula slot v1\n", 16);
	memcpy(slot + 16, kind, strlen(kind));
	memcpy(slot + 40, secret, len);
	crypto_sha256(slot, 496, sum);
	memcpy(slot + 496, sum, 16);
}

/* Its secret is random: once in many thousand it looks like somebody. */
static void
a_key_file_is_known_by_its_checksum(void **state)
{
	static const char unlucky[] = "\x07 bob.k@example.org \x93\xfe";
	unsigned char slot[513] = { 0 }, packed[1024];
	size_t len;

	make_slot(slot, "epoch", unlucky, sizeof(unlucky) - 1);
	put("slot", slot, 512);
	scan("slot", "", 0, "");
	len = gzip(packed, sizeof(packed), slot, 512, NULL);
	put("slot.gz", packed, len);
	scan("slot.gz", "", 0, "");
	put("longer", slot, 513);
	scan("longer", "", 1, "");
	put("shorter", slot, 511);
	scan("shorter", "", 1, "");
	slot[511] ^= 1;
	put("sum", slot, 512);
	scan("sum", "", 1, "");
	make_slot(slot, "bob.k@ab.org", unlucky, 1);
	put("kind", slot, 512);
	scan("kind", "", 1, "");
	make_slot(slot, "epoch", "\0", 1);
	memcpy(slot + 100, leaky, sizeof(leaky));
	put("zeros", slot, 512);
	scan("zeros", "", 1, "");
}

/* Whatever bit is another: no key file, and looked at whole. */
static void
no_bit_of_a_key_file_is_passed_over(void **state)
{
	static const char unlucky[] = " bob.k@example.org ";
	unsigned char slot[512];

	make_slot(slot, "epoch", unlucky, sizeof(unlucky) - 1);
	for (size_t bit = 0; bit < sizeof(slot) * 8; bit++) {
		slot[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_false(leak_slot_blank(slot));
		slot[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_true(leak_slot_blank(slot));
	assert_false(leak_slot_blank(slot)); /* its checksum is of what was there */
	for (size_t i = 40; i < sizeof(slot); i++)
		assert_int_equal(slot[i], 0);
}

/* 1 GiB of zeros in a few bytes. */
static void
a_bomb_is_not_blown_up(void **state)
{
	size_t size = (size_t)1 << 28, packed_size = 1 << 20, len;
	void *zeros = calloc(1, size), *packed = malloc(packed_size);

	assert_non_null(zeros);
	assert_non_null(packed);
	len = ZSTD_compress(packed, packed_size, zeros, size, 1);
	assert_false(ZSTD_isError(len));
	put("bomb", packed, len);
	scan("bomb", "", 0, "it expands more than 1,000 times");
	free(zeros);
	free(packed);
}

/* Sorted, links not followed, nothing special opened, all of it said. */
static void
trees_are_walked_without_following(void **state)
{
	static const struct {
		const char *path, *problem;
		uint64_t hits;
	} want[] = { { "t/a/leak", "", 1 }, { "t/a/loop", "a symbolic link, not followed", 0 },
		{ "t/b/clean", "", 0 }, { "t/fifo", "a pipe, not opened", 0 },
		{ "t/link", "a symbolic link, not followed", 0 },
		{ "t/sock", "a socket, not opened", 0 } };
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "t/sock" };
	struct leak_tree tree = { .rules = rules, .jobs = 3, .keep = 10 };
	const char *path = "t";
	struct err e = { ERR_NONE, "" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(mkdir("t", 0700) | mkdir("t/a", 0700) | mkdir("t/b", 0700), 0);
	put("t/a/leak", leaky, sizeof(leaky) - 1);
	put("t/b/clean", "clean", 5);
	assert_int_equal(symlink("..", "t/a/loop") | symlink("/etc/passwd", "t/link"), 0);
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(leak_tree_scan(&tree, &path, 1, &e), 0);
	close(fd);
	assert_int_equal(tree.file_count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < tree.file_count; i++) {
		assert_string_equal(tree.files[i].path, want[i].path);
		assert_string_equal(tree.files[i].problem, want[i].problem);
		assert_int_equal(tree.files[i].hits, want[i].hits);
	}
	leak_tree_free(&tree);
	path = "nowhere";
	tree = (struct leak_tree){ .rules = rules, .jobs = 1, .keep = 1 };
	assert_int_equal(leak_tree_scan(&tree, &path, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	leak_tree_free(&tree);
}

/* As many as wanted are kept, all are counted, for any number of threads. */
static void
findings_do_not_depend_on_threads(void **state)
{
	struct leak_hit first[50];
	const char *path = "many";
	struct err e;

	assert_int_equal(mkdir("many", 0700), 0);
	for (int i = 0; i < 20; i++) {
		char name[32], text[2000] = "";
		size_t len = 0;

		snprintf(name, sizeof(name), "many/%02d", i);
		for (int k = 0; k <= i; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "from 203.0.113.%d to x%d@y.de\n", k + 1, k);
		put(name, text, len);
	}
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		struct leak_tree tree = { .rules = rules, .jobs = jobs, .keep = 50 };

		assert_int_equal(leak_tree_scan(&tree, &path, 1, &e), 0);
		assert_int_equal(tree.total, 420);
		assert_int_equal(tree.hit_count, 50);
		if (jobs == 1)
			memcpy(first, tree.hits, sizeof(first));
		for (size_t i = 0; i < 50; i++) {
			assert_int_equal(tree.hits[i].file, first[i].file);
			assert_int_equal(tree.hits[i].at, first[i].at);
			assert_int_equal(tree.hits[i].rule, first[i].rule);
		}
		leak_tree_free(&tree);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_files_are_looked_into),
		cmocka_unit_test(nothing_hides_in_the_container),
		cmocka_unit_test(damage_is_said_and_looked_through),
		cmocka_unit_test(a_key_file_is_known_by_its_checksum),
		cmocka_unit_test(no_bit_of_a_key_file_is_passed_over),
		cmocka_unit_test(a_bomb_is_not_blown_up),
		cmocka_unit_test(trees_are_walked_without_following),
		cmocka_unit_test(findings_do_not_depend_on_threads),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
