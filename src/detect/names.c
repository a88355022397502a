#include "detect/detect.h"
#include "detect/verify.h"

#define NAME_MAX_BYTES 64

enum {
	NAME_SECRET = 1, /* of a parameter, cookie or form field */
	NAME_PASSWORD = 2, /* in free text as well; implies NAME_SECRET */
	NAME_SESSION = 4,
	NAME_TRACKING = 8
};

struct name {
	const char *text;
	unsigned kinds;
};

/* Whole names, lower case, without '-' '_' '.' and brackets; sorted. */
static const struct name names[] = {
	{ "accesskey", NAME_PASSWORD },
	{ "accesstoken", NAME_PASSWORD },
	{ "accountkey", NAME_PASSWORD },
	{ "activationcode", NAME_SECRET },
	{ "apikey", NAME_PASSWORD },
	{ "apitoken", NAME_PASSWORD },
	{ "asctrk", NAME_TRACKING },
	{ "assertion", NAME_SECRET },
	{ "auth", NAME_SECRET },
	{ "authcode", NAME_SECRET },
	{ "authorization", NAME_PASSWORD },
	{ "awsaccesskeyid", NAME_PASSWORD },
	{ "cardnumber", NAME_SECRET },
	{ "ccnumber", NAME_SECRET },
	{ "cfid", NAME_SESSION },
	{ "cftoken", NAME_SESSION },
	{ "cjevent", NAME_TRACKING },
	{ "clickid", NAME_TRACKING },
	{ "clientassertion", NAME_SECRET },
	{ "clientsecret", NAME_PASSWORD },
	{ "code", NAME_SECRET },
	{ "codechallenge", NAME_SECRET },
	{ "codeverifier", NAME_SECRET },
	{ "connectsid", NAME_SESSION },
	{ "credential", NAME_PASSWORD },
	{ "credentials", NAME_PASSWORD },
	{ "creditcard", NAME_SECRET },
	{ "csrf", NAME_SECRET },
	{ "cvc", NAME_SECRET },
	{ "cvv", NAME_SECRET },
	{ "dclid", NAME_TRACKING },
	{ "devicecode", NAME_SECRET },
	{ "dicbo", NAME_TRACKING },
	{ "epik", NAME_TRACKING },
	{ "fbclid", NAME_TRACKING },
	{ "gadcampaignid", NAME_TRACKING },
	{ "gadsource", NAME_TRACKING },
	{ "gbraid", NAME_TRACKING },
	{ "gclid", NAME_TRACKING },
	{ "gclsrc", NAME_TRACKING },
	{ "googleaccessid", NAME_SECRET },
	{ "hdnea", NAME_SECRET },
	{ "hdnts", NAME_SECRET },
	{ "hmac", NAME_SECRET },
	{ "hsctatracking", NAME_TRACKING },
	{ "idtoken", NAME_PASSWORD },
	{ "igsh", NAME_TRACKING },
	{ "igshid", NAME_TRACKING },
	{ "invitecode", NAME_SECRET },
	{ "irclickid", NAME_TRACKING },
	{ "jsessionid", NAME_SESSION },
	{ "jwt", NAME_PASSWORD },
	{ "key", NAME_SECRET },
	{ "keypairid", NAME_SECRET },
	{ "liat", NAME_SECRET },
	{ "lifatid", NAME_TRACKING },
	{ "magic", NAME_SECRET },
	{ "mccid", NAME_TRACKING },
	{ "mceid", NAME_TRACKING },
	{ "mcid", NAME_TRACKING },
	{ "mfa", NAME_SECRET },
	{ "mkevt", NAME_TRACKING },
	{ "mkttok", NAME_TRACKING },
	{ "msclkid", NAME_TRACKING },
	{ "ndclid", NAME_TRACKING },
	{ "nonce", NAME_SECRET },
	{ "onetimecode", NAME_SECRET },
	{ "ossaccesskeyid", NAME_SECRET },
	{ "otp", NAME_SECRET },
	{ "pass", NAME_PASSWORD },
	{ "passcode", NAME_PASSWORD },
	{ "passkey", NAME_SECRET },
	{ "passphrase", NAME_PASSWORD },
	{ "passwd", NAME_PASSWORD },
	{ "password", NAME_PASSWORD },
	{ "phpsessid", NAME_SESSION },
	{ "pin", NAME_SECRET },
	{ "policy", NAME_SECRET },
	{ "privatekey", NAME_PASSWORD },
	{ "pwd", NAME_PASSWORD },
	{ "rdtcid", NAME_TRACKING },
	{ "refreshtoken", NAME_PASSWORD },
	{ "relaystate", NAME_SECRET },
	{ "resetcode", NAME_SECRET },
	{ "samlart", NAME_SECRET },
	{ "samlrequest", NAME_SECRET },
	{ "samlresponse", NAME_SECRET },
	{ "sccid", NAME_TRACKING },
	{ "sclid", NAME_TRACKING },
	{ "se", NAME_SECRET },
	{ "secret", NAME_PASSWORD },
	{ "securitycode", NAME_SECRET },
	{ "sess", NAME_SESSION },
	{ "sid", NAME_SESSION },
	{ "sig", NAME_SECRET },
	{ "sign", NAME_SECRET },
	{ "signature", NAME_PASSWORD },
	{ "skoid", NAME_SECRET },
	{ "sktid", NAME_SECRET },
	{ "sp", NAME_SECRET },
	{ "srsltid", NAME_TRACKING },
	{ "sscid", NAME_TRACKING },
	{ "state", NAME_SECRET },
	{ "syclid", NAME_TRACKING },
	{ "tan", NAME_SECRET },
	{ "ticket", NAME_SECRET },
	{ "token", NAME_PASSWORD },
	{ "totp", NAME_SECRET },
	{ "ttclid", NAME_TRACKING },
	{ "twclid", NAME_TRACKING },
	{ "usercode", NAME_SECRET },
	{ "verificationcode", NAME_SECRET },
	{ "verifier", NAME_SECRET },
	{ "wbraid", NAME_TRACKING },
	{ "wickedid", NAME_TRACKING },
	{ "xsrf", NAME_SECRET },
	{ "yclid", NAME_TRACKING },
	{ "ymclid", NAME_TRACKING },
	{ "zanpid", NAME_TRACKING },
};

/* How names of a family begin ("^") or end. */
static const struct name parts[] = {
	{ "^xamz", NAME_SECRET },
	{ "^xgoog", NAME_SECRET },
	{ "^xoss", NAME_SECRET },
	{ "^xcos", NAME_SECRET },
	{ "^xobs", NAME_SECRET },
	{ "^qsign", NAME_SECRET }, /* of Tencent's COS */
	{ "^oauth", NAME_SECRET },
	{ "^session", NAME_SESSION },
	{ "^aspsession", NAME_SESSION },
	{ "^aspnetsession", NAME_SESSION },
	{ "sessionid", NAME_SESSION },
	{ "sessid", NAME_SESSION },
	{ "sessiontoken", NAME_SESSION },
	{ "token", NAME_PASSWORD },
	{ "password", NAME_PASSWORD },
	{ "passwd", NAME_PASSWORD },
	{ "secret", NAME_PASSWORD },
	{ "apikey", NAME_PASSWORD },
	{ "secretkey", NAME_PASSWORD },
	{ "accesskey", NAME_PASSWORD },
	{ "privatekey", NAME_PASSWORD },
	{ "signature", NAME_PASSWORD },
	{ "credential", NAME_PASSWORD },
};

/* Cookies and parameters of trackers, as written. */
static const struct span trackers[] = { SPAN("_ga"), SPAN("_gcl"), SPAN("_gid"), SPAN("_gat"),
	SPAN("_fbp"), SPAN("_fbc"), SPAN("_hj"), SPAN("_hs"), SPAN("__hs"), SPAN("_pk_"),
	SPAN("_uet"), SPAN("__utm"), SPAN("_kx"), SPAN("_openstat"), SPAN("mc_cid"), SPAN("oly_"),
	SPAN("vero_"), SPAN("hsa_"), SPAN("li_fat"), SPAN("pk_vid"), SPAN("matomo_vid"),
	SPAN("amp_"), SPAN("mp_") };

/* Lower case without '-' '_' '.' and brackets; returns the length. */
static size_t
squeeze(struct span name, char out[static NAME_MAX_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < name.len && len < NAME_MAX_BYTES; i++) {
		char c = name.ptr[i];

		if (detect_verify_is_upper(c))
			out[len++] = (char)(c + 32);
		else if (c != '-' && c != '_' && c != '.' && c != '[' && c != ']' && c != ' ')
			out[len++] = c;
	}
	return (len);
}

static unsigned
find_whole(struct span name)
{
	size_t low = 0, high = sizeof(names) / sizeof(names[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct span row = span_str(names[middle].text);
		size_t len = row.len < name.len ? row.len : name.len;
		int order = memcmp(name.ptr, row.ptr, len);

		if (order == 0)
			order = (name.len > row.len) - (name.len < row.len);
		if (order == 0)
			return (names[middle].kinds);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (0);
}

static unsigned
find_part(struct span name)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct span part = span_str(parts[i].text);

		if (part.ptr[0] == '^') {
			if (span_starts(name, span_from(part, 1)))
				kinds |= parts[i].kinds;
		} else if (name.len >= part.len &&
		    span_equal(span_from(name, name.len - part.len), part))
			kinds |= parts[i].kinds;
	}
	return (kinds);
}

static unsigned
name_kinds(struct span name)
{
	char text[NAME_MAX_BYTES];
	struct span squeezed = span_of(text, squeeze(name, text));

	return (squeezed.len == 0 ? 0 : find_whole(squeezed) | find_part(squeezed));
}

bool
detect_name_is_secret(struct span name)
{
	return ((name_kinds(name) & (NAME_SECRET | NAME_PASSWORD)) != 0);
}

bool
detect_name_is_password(struct span name)
{
	return ((name_kinds(name) & NAME_PASSWORD) != 0);
}

bool
detect_name_is_session(struct span name)
{
	return ((name_kinds(name) & NAME_SESSION) != 0);
}

bool
detect_name_is_tracking(struct span name)
{
	for (size_t i = 0; i < sizeof(trackers) / sizeof(trackers[0]); i++)
		if (span_starts(name, trackers[i]))
			return (true);
	return ((name_kinds(name) & NAME_TRACKING) != 0);
}
