#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

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

static void
packed_bytes_are_those_of_the_file(void **state)
{
	for (size_t i = 0; i < serve_assets_count; i++) {
		const struct serve_asset *asset = &serve_assets[i];
		unsigned char *out = malloc(asset->bytes_count + 1);
		z_stream z = { 0 };

		if (asset->gzip != NULL) {
			assert_true(asset->gzip_count < asset->bytes_count);
			assert_int_equal(inflateInit2(&z, 31), Z_OK);
			z.next_in = (unsigned char *)(uintptr_t)asset->gzip;
			z.avail_in = (unsigned)asset->gzip_count;
			z.next_out = out;
			z.avail_out = (unsigned)asset->bytes_count + 1;
			assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
			assert_int_equal(z.total_out, asset->bytes_count);
			assert_memory_equal(out, asset->bytes, asset->bytes_count);
			(void)inflateEnd(&z);
		}
		free(out);
	}
	(void)state;
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
		cmocka_unit_test(packed_bytes_are_those_of_the_file),
		cmocka_unit_test(tags_are_strong_and_of_one_content),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
