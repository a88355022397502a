/* detect: how random does a text look? */
#include <stdint.h>

#include "detect/verify.h"

#define SAMPLE 64 /* characters that entropy looks at */

unsigned
detect_secret_entropy(struct span text)
{
	/* 256 * log2(n) */
	static const uint16_t lg[SAMPLE + 1] = { 0, 0, 256, 406, 512, 594, 662, 719, 768, 812, 850,
		886, 918, 947, 975, 1000, 1024, 1046, 1068, 1087, 1106, 1124, 1142, 1158, 1174,
		1189, 1203, 1217, 1231, 1244, 1256, 1268, 1280, 1291, 1302, 1313, 1324, 1334, 1343,
		1353, 1362, 1372, 1380, 1389, 1398, 1406, 1414, 1422, 1430, 1437, 1445, 1452, 1459,
		1466, 1473, 1480, 1487, 1493, 1500, 1506, 1512, 1518, 1524, 1530, 1536 };
	size_t len = text.len < SAMPLE ? text.len : SAMPLE;
	uint8_t count[256] = { 0 };
	unsigned sum = 0;

	if (len == 0)
		return (0);
	for (size_t i = 0; i < len; i++)
		count[(unsigned char)text.ptr[i]]++;
	for (size_t i = 0; i < len; i++)
		sum += lg[count[(unsigned char)text.ptr[i]]];
	return (lg[len] - sum / (unsigned)len);
}

unsigned
detect_secret_kind(char c)
{
	return (detect_verify_is_digit(c)  ? 1 :
		detect_verify_is_upper(c)  ? 2 :
		detect_verify_is_letter(c) ? 3 :
					     0);
}

unsigned
detect_secret_changes(struct span text)
{
	unsigned changes = 0, before = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned now = detect_secret_kind(text.ptr[i]);

		changes += now != before && now != 0 && before != 0;
		before = now;
	}
	return (changes);
}

/* Hex of 20 and more with letters and digits mixed: 3 bits a character. */
static bool
is_random_hex(struct span run)
{
	size_t digits = 0;

	if (run.len < 20)
		return (false);
	for (size_t i = 0; i < run.len; i++) {
		if (!detect_verify_is_hex(run.ptr[i]))
			return (false);
		digits += detect_verify_is_digit(run.ptr[i]);
	}
	return (digits > 0 && digits < run.len && detect_secret_entropy(run) >= 3 * 256);
}

/* Letters and digits of 20 and more, no separator, shuffled. */
static bool
is_random_alnum(struct span run)
{
	size_t digits = 0;

	if (run.len < 20)
		return (false);
	for (size_t i = 0; i < run.len; i++)
		digits += detect_verify_is_digit(run.ptr[i]);
	return (digits >= 3 && digits < run.len && detect_secret_changes(run) * 4 >= run.len &&
	    detect_secret_entropy(run) >= 3 * 256);
}

/* All three kinds, mixed, and as many bits as its length allows, or 4.5. */
static bool
is_random_base64(struct span run)
{
	unsigned kinds = 0;
	size_t len = run.len < SAMPLE ? run.len : SAMPLE;

	if (run.len < 20)
		return (false);
	for (size_t i = 0; i < run.len; i++)
		kinds |= 1u << detect_secret_kind(run.ptr[i]);
	if ((kinds & 14) != 14 || detect_secret_changes(run) * 4 < run.len)
		return (false);
	return (detect_secret_entropy(run) >= (len >= 32 ? 1152u : len >= 24 ? 1020u : 950u));
}

bool
detect_secret_random(struct span text)
{
	size_t i = 0;

	while (i < text.len) {
		size_t start = i, part = i;

		for (; i < text.len && detect_verify_is_base64(text.ptr[i]); i++) {
			if (detect_verify_is_alnum(text.ptr[i]))
				continue;
			if (is_random_alnum(span_of(text.ptr + part, i - part)))
				return (true);
			part = i + 1;
		}
		if (is_random_alnum(span_of(text.ptr + part, i - part)) ||
		    is_random_hex(span_of(text.ptr + start, i - start)) ||
		    is_random_hex(span_of(text.ptr + part, i - part)) ||
		    is_random_base64(span_of(text.ptr + start, i - start)))
			return (true);
		i += i == start;
	}
	return (false);
}
