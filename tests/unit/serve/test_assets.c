#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include "base/text.h"
#include "crypto/sha256.h"
#include "serve/assets.h"

static void
the_table_is_sorted_and_each_is_found(void **state)
{
	for (size_t i = 0; i < serve_assets_count; i++) {
		const struct serve_asset *asset = &serve_assets[i];

		if (i > 0)
			assert_true(strcmp(serve_assets[i - 1].path, asset->path) < 0);
		assert_ptr_equal(serve_asset_find(span_str(asset->path)), asset);
		assert_int_equal(asset->path[0], '/');
		assert_true(asset->bytes_count > 0);
	}
	(void)state;
}

static void
only_paths_as_written_are_found(void **state)
{
	static const char *const rows[] = { "", "//", "/index.html", "/js", "/js/", "/js/main.jsx",
		"/js/main.j", "/js/../js/main.js", "/JS/main.js", "/js/main.js?", "/%6as/main.js" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_null(serve_asset_find(span_str(rows[i])));
	if (serve_assets_count > 0)
		assert_null(serve_asset_find(span_of("/\0", 2)));
	(void)state;
}

/* What a client without gzip gets: as many bytes as the file has, of the tag that they have. */
static void
files_are_unpacked_whole(void **state)
{
	size_t packed = 0;

	for (size_t i = 0; i < serve_assets_count; i++) {
		const struct serve_asset *asset = &serve_assets[i];
		struct buf out = { 0 };
		unsigned char hash[32];
		char tag[35] = "\"";

		buf_str(&out, "before");
		serve_asset_unpack(asset, &out);
		assert_true(buf_ok(&out));
		assert_int_equal(out.len, 6 + asset->file_bytes);
		assert_true(asset->bytes_count <= asset->file_bytes);
		crypto_sha256(out.data + 6, asset->file_bytes, hash);
		(void)text_hex(tag + 1, hash, 16);
		tag[33] = '"';
		assert_string_equal(tag, asset->etag);
		packed += serve_asset_is_packed(asset);
		buf_free(&out);
	}
	assert_true(serve_assets_count == 0 || *serve_assets[0].path == '\0' || packed > 0);
	(void)state;
}

static void
what_is_damaged_breaks_the_buffer(void **state)
{
	static const unsigned char bytes[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x4b, 0xff };
	const struct serve_asset asset = { .path = "/x", .bytes = bytes,
		.bytes_count = sizeof(bytes), .file_bytes = 100 };
	struct buf out = { 0 };

	(void)state;
	serve_asset_unpack(&asset, &out);
	assert_false(buf_ok(&out));
	buf_free(&out);
}

static void
tags_are_strong_and_of_one_content(void **state)
{
	for (size_t i = 0; i < serve_assets_count; i++) {
		assert_int_equal(strlen(serve_assets[i].etag), 34);
		assert_int_equal(serve_assets[i].etag[0], '"');
		assert_string_not_equal(serve_assets[i].etag, serve_assets[i].etag_gzip);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(serve_assets[i].etag, serve_assets[j].etag);
	}
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_each_is_found),
		cmocka_unit_test(only_paths_as_written_are_found),
		cmocka_unit_test(files_are_unpacked_whole),
		cmocka_unit_test(what_is_damaged_breaks_the_buffer),
		cmocka_unit_test(tags_are_strong_and_of_one_content),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
