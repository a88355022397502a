#include "detect/detect.h"
#include "detect/verify.h"

#define NAME_MAX_BYTES 64

#define NAME_SECRET DETECT_NAME_SECRET
#define NAME_PASSWORD DETECT_NAME_PASSWORD
#define NAME_SESSION DETECT_NAME_SESSION
#define NAME_TRACKING DETECT_NAME_TRACKING

struct name {
	struct span text;
	unsigned kinds;
};

/* Whole names, lower case, without '-' '_' '.' and brackets; sorted. */
static const struct name names[] = {
	{ SPAN("accesskey"), NAME_PASSWORD },
	{ SPAN("accesstoken"), NAME_PASSWORD },
	{ SPAN("accountkey"), NAME_PASSWORD },
	{ SPAN("activationcode"), NAME_SECRET },
	{ SPAN("apikey"), NAME_PASSWORD },
	{ SPAN("apitoken"), NAME_PASSWORD },
	{ SPAN("asctrk"), NAME_TRACKING },
	{ SPAN("assertion"), NAME_SECRET },
	{ SPAN("auth"), NAME_SECRET },
	{ SPAN("authcode"), NAME_SECRET },
	{ SPAN("authorization"), NAME_PASSWORD },
	{ SPAN("awsaccesskeyid"), NAME_PASSWORD },
	{ SPAN("cardnumber"), NAME_SECRET },
	{ SPAN("ccnumber"), NAME_SECRET },
	{ SPAN("cfid"), NAME_SESSION },
	{ SPAN("cftoken"), NAME_SESSION },
	{ SPAN("cjevent"), NAME_TRACKING },
	{ SPAN("clickid"), NAME_TRACKING },
	{ SPAN("clientassertion"), NAME_SECRET },
	{ SPAN("clientsecret"), NAME_PASSWORD },
	{ SPAN("code"), NAME_SECRET },
	{ SPAN("codechallenge"), NAME_SECRET },
	{ SPAN("codeverifier"), NAME_SECRET },
	{ SPAN("connectsid"), NAME_SESSION },
	{ SPAN("credential"), NAME_PASSWORD },
	{ SPAN("credentials"), NAME_PASSWORD },
	{ SPAN("creditcard"), NAME_SECRET },
	{ SPAN("csrf"), NAME_SECRET },
	{ SPAN("cvc"), NAME_SECRET },
	{ SPAN("cvv"), NAME_SECRET },
	{ SPAN("dclid"), NAME_TRACKING },
	{ SPAN("devicecode"), NAME_SECRET },
	{ SPAN("dicbo"), NAME_TRACKING },
	{ SPAN("epik"), NAME_TRACKING },
	{ SPAN("fbclid"), NAME_TRACKING },
	{ SPAN("gadcampaignid"), NAME_TRACKING },
	{ SPAN("gadsource"), NAME_TRACKING },
	{ SPAN("gbraid"), NAME_TRACKING },
	{ SPAN("gclid"), NAME_TRACKING },
	{ SPAN("gclsrc"), NAME_TRACKING },
	{ SPAN("googleaccessid"), NAME_SECRET },
	{ SPAN("hdnea"), NAME_SECRET },
	{ SPAN("hdnts"), NAME_SECRET },
	{ SPAN("hmac"), NAME_SECRET },
	{ SPAN("hsctatracking"), NAME_TRACKING },
	{ SPAN("idtoken"), NAME_PASSWORD },
	{ SPAN("igsh"), NAME_TRACKING },
	{ SPAN("igshid"), NAME_TRACKING },
	{ SPAN("invitecode"), NAME_SECRET },
	{ SPAN("irclickid"), NAME_TRACKING },
	{ SPAN("jsessionid"), NAME_SESSION },
	{ SPAN("jwt"), NAME_PASSWORD },
	{ SPAN("key"), NAME_SECRET },
	{ SPAN("keypairid"), NAME_SECRET },
	{ SPAN("liat"), NAME_SECRET },
	{ SPAN("lifatid"), NAME_TRACKING },
	{ SPAN("magic"), NAME_SECRET },
	{ SPAN("mccid"), NAME_TRACKING },
	{ SPAN("mceid"), NAME_TRACKING },
	{ SPAN("mcid"), NAME_TRACKING },
	{ SPAN("mfa"), NAME_SECRET },
	{ SPAN("mkevt"), NAME_TRACKING },
	{ SPAN("mkttok"), NAME_TRACKING },
	{ SPAN("msclkid"), NAME_TRACKING },
	{ SPAN("ndclid"), NAME_TRACKING },
	{ SPAN("nonce"), NAME_SECRET },
	{ SPAN("onetimecode"), NAME_SECRET },
	{ SPAN("ossaccesskeyid"), NAME_SECRET },
	{ SPAN("otp"), NAME_SECRET },
	{ SPAN("pass"), NAME_PASSWORD },
	{ SPAN("passcode"), NAME_PASSWORD },
	{ SPAN("passkey"), NAME_SECRET },
	{ SPAN("passphrase"), NAME_PASSWORD },
	{ SPAN("passwd"), NAME_PASSWORD },
	{ SPAN("password"), NAME_PASSWORD },
	{ SPAN("phpsessid"), NAME_SESSION },
	{ SPAN("pin"), NAME_SECRET },
	{ SPAN("policy"), NAME_SECRET },
	{ SPAN("privatekey"), NAME_PASSWORD },
	{ SPAN("pwd"), NAME_PASSWORD },
	{ SPAN("rdtcid"), NAME_TRACKING },
	{ SPAN("refreshtoken"), NAME_PASSWORD },
	{ SPAN("relaystate"), NAME_SECRET },
	{ SPAN("resetcode"), NAME_SECRET },
	{ SPAN("samlart"), NAME_SECRET },
	{ SPAN("samlrequest"), NAME_SECRET },
	{ SPAN("samlresponse"), NAME_SECRET },
	{ SPAN("sccid"), NAME_TRACKING },
	{ SPAN("sclid"), NAME_TRACKING },
	{ SPAN("se"), NAME_SECRET },
	{ SPAN("secret"), NAME_PASSWORD },
	{ SPAN("securitycode"), NAME_SECRET },
	{ SPAN("sess"), NAME_SESSION },
	{ SPAN("sid"), NAME_SESSION },
	{ SPAN("sig"), NAME_SECRET },
	{ SPAN("sign"), NAME_SECRET },
	{ SPAN("signature"), NAME_PASSWORD },
	{ SPAN("skoid"), NAME_SECRET },
	{ SPAN("sktid"), NAME_SECRET },
	{ SPAN("sp"), NAME_SECRET },
	{ SPAN("srsltid"), NAME_TRACKING },
	{ SPAN("sscid"), NAME_TRACKING },
	{ SPAN("state"), NAME_SECRET },
	{ SPAN("syclid"), NAME_TRACKING },
	{ SPAN("tan"), NAME_SECRET },
	{ SPAN("ticket"), NAME_SECRET },
	{ SPAN("token"), NAME_PASSWORD },
	{ SPAN("totp"), NAME_SECRET },
	{ SPAN("ttclid"), NAME_TRACKING },
	{ SPAN("twclid"), NAME_TRACKING },
	{ SPAN("usercode"), NAME_SECRET },
	{ SPAN("verificationcode"), NAME_SECRET },
	{ SPAN("verifier"), NAME_SECRET },
	{ SPAN("wbraid"), NAME_TRACKING },
	{ SPAN("wickedid"), NAME_TRACKING },
	{ SPAN("xsrf"), NAME_SECRET },
	{ SPAN("yclid"), NAME_TRACKING },
	{ SPAN("ymclid"), NAME_TRACKING },
	{ SPAN("zanpid"), NAME_TRACKING },
};

/* How names of a family begin. */
static const struct name beginnings[] = {
	{ SPAN("xamz"), NAME_SECRET },
	{ SPAN("xgoog"), NAME_SECRET },
	{ SPAN("xoss"), NAME_SECRET },
	{ SPAN("xcos"), NAME_SECRET },
	{ SPAN("xobs"), NAME_SECRET },
	{ SPAN("qsign"), NAME_SECRET }, /* of Tencent's COS */
	{ SPAN("oauth"), NAME_SECRET },
	{ SPAN("session"), NAME_SESSION },
	{ SPAN("aspsession"), NAME_SESSION },
	{ SPAN("aspnetsession"), NAME_SESSION },
};

/* And how they end. */
static const struct name endings[] = {
	{ SPAN("sessionid"), NAME_SESSION },
	{ SPAN("sessid"), NAME_SESSION },
	{ SPAN("sessiontoken"), NAME_SESSION },
	{ SPAN("token"), NAME_PASSWORD },
	{ SPAN("password"), NAME_PASSWORD },
	{ SPAN("passwd"), NAME_PASSWORD },
	{ SPAN("secret"), NAME_PASSWORD },
	{ SPAN("apikey"), NAME_PASSWORD },
	{ SPAN("secretkey"), NAME_PASSWORD },
	{ SPAN("accesskey"), NAME_PASSWORD },
	{ SPAN("privatekey"), NAME_PASSWORD },
	{ SPAN("signature"), NAME_PASSWORD },
	{ SPAN("credential"), NAME_PASSWORD },
};

/* Cookies and parameters of trackers, as written. */
static const struct span trackers[] = { SPAN("_ga"), SPAN("_gcl"), SPAN("_gid"), SPAN("_gat"),
	SPAN("_fbp"), SPAN("_fbc"), SPAN("_hj"), SPAN("_hs"), SPAN("__hs"), SPAN("_pk_"),
	SPAN("_uet"), SPAN("__utm"), SPAN("_kx"), SPAN("_openstat"), SPAN("mc_cid"), SPAN("oly_"),
	SPAN("vero_"), SPAN("hsa_"), SPAN("li_fat"), SPAN("pk_vid"), SPAN("matomo_vid"),
	SPAN("amp_"), SPAN("mp_") };

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/*
 * What a byte says before any row is compared: most names are none of these.
 * Made before main.
 */
static struct {
	uint8_t row;      /* of names, the first with this first byte */
	uint64_t lengths; /* a bit for each length of those */
	bool begins, ends, tracks;
} bytes[256];

__attribute__((constructor)) static void
index_bytes(void)
{
	for (size_t i = ROWS(names); i-- > 0;) {
		unsigned char c = (unsigned char)names[i].text.ptr[0];

		bytes[c].row = (uint8_t)i;
		bytes[c].lengths |= UINT64_C(1) << names[i].text.len;
	}
	for (size_t i = 0; i < ROWS(beginnings); i++)
		bytes[(unsigned char)beginnings[i].text.ptr[0]].begins = true;
	for (size_t i = 0; i < ROWS(endings); i++)
		bytes[(unsigned char)endings[i].text.ptr[endings[i].text.len - 1]].ends = true;
	for (size_t i = 0; i < ROWS(trackers); i++)
		bytes[(unsigned char)trackers[i].ptr[0]].tracks = true;
}
_Static_assert(ROWS(names) <= UINT8_MAX + 1, "rows fit what counts them");

/* Lower case without '-' '_' '.' and brackets; returns the length. */
static size_t
squeeze(struct span name, char out[static NAME_MAX_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < name.len && len < NAME_MAX_BYTES; i++) {
		char c = name.ptr[i];

		out[len] = detect_verify_is_upper(c) ? (char)(c + 32) : c;
		len += c != '-' && c != '_' && c != '.' && c != '[' && c != ']' && c != ' ';
	}
	return (len);
}

static unsigned
find_whole(struct span name)
{
	unsigned char first = (unsigned char)name.ptr[0];

	if (name.len >= NAME_MAX_BYTES || (bytes[first].lengths >> name.len & 1) == 0)
		return (0);
	for (size_t i = bytes[first].row;
	     i < ROWS(names) && names[i].text.ptr[0] == name.ptr[0]; i++)
		if (span_equal(names[i].text, name))
			return (names[i].kinds);
	return (0);
}

static unsigned
find_part(struct span name)
{
	unsigned kinds = 0;

	if (bytes[(unsigned char)name.ptr[0]].begins)
		for (size_t i = 0; i < ROWS(beginnings); i++)
			if (span_starts(name, beginnings[i].text))
				kinds |= beginnings[i].kinds;
	if (!bytes[(unsigned char)name.ptr[name.len - 1]].ends)
		return (kinds);
	for (size_t i = 0; i < ROWS(endings); i++) {
		struct span end = endings[i].text;

		if (name.len >= end.len && span_equal(span_from(name, name.len - end.len), end))
			kinds |= endings[i].kinds;
	}
	return (kinds);
}

static unsigned
squeezed_kinds(struct span name)
{
	char text[NAME_MAX_BYTES];
	struct span squeezed = span_of(text, squeeze(name, text));

	return (squeezed.len == 0 ? 0 : find_whole(squeezed) | find_part(squeezed));
}

static bool
is_tracker(struct span name)
{
	if (name.len == 0 || !bytes[(unsigned char)name.ptr[0]].tracks)
		return (false);
	for (size_t i = 0; i < ROWS(trackers); i++)
		if (span_starts(name, trackers[i]))
			return (true);
	return (false);
}

unsigned
detect_name_kinds(struct span name)
{
	return (squeezed_kinds(name) | (is_tracker(name) ? NAME_TRACKING : 0u));
}

bool
detect_name_is_secret(struct span name)
{
	return ((squeezed_kinds(name) & (NAME_SECRET | NAME_PASSWORD)) != 0);
}

bool
detect_name_is_password(struct span name)
{
	return ((squeezed_kinds(name) & NAME_PASSWORD) != 0);
}

bool
detect_name_is_session(struct span name)
{
	return ((squeezed_kinds(name) & NAME_SESSION) != 0);
}

bool
detect_name_is_tracking(struct span name)
{
	return ((detect_name_kinds(name) & NAME_TRACKING) != 0);
}
