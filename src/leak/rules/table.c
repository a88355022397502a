/*
 * The rules.  Each names the places where it is tried (view/marks.h) and how
 * far around them a match can reach, so that a pattern never runs over more
 * than a few hundred bytes.  Patterns only have to find; what they find is
 * verified by code.
 */
#include "leak/rules/table.h"
#include "leak/view/marks.h"

#define AT(kind) (UINT32_C(1) << LEAK_KIND_##kind)
#define NUMBERS (AT(DIGITS) | AT(GROUPS))

/* Around a value: not within a longer word. */
#define NO_WORD_BEFORE "(?<![0-9A-Za-z])"
#define NO_WORD_BEHIND "(?![0-9A-Za-z])"
/* What stands between a name and its value: = : quotes, blanks, an escaped quote. */
#define IS "(?:\\\\?[\"']|%22|\\]|%5[Dd])?[ \\t]?[=:][ \\t]?(?:\\[?\\\\?[\"'])?"
#define NAMED(names) "(?i)(?<![0-9a-z])[_.-]{0,3}(?:[a-z0-9]{1,24}[-_.]){0,3}(?:" names ")" IS
#define OCTET "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
/* What names of an address are. */
#define ADDRESS "(?:ip|addr|address|host|hostname|client|peer|remote)"

const struct leak_row leak_rows[] = {
	{ "aadhaar", NUMBERS, 0, 24, 24, leak_check_aadhaar,
	    NO_WORD_BEFORE "[2-9][0-9]{3}([ +-])[0-9]{4}\\1[0-9]{4}(?![0-9A-Za-z]|\\1[0-9])",
	    "Indian Aadhaar number" },
	{ "basic", AT(LITERAL), LEAK_ROW_NOISE, 1, 600, leak_check_basic,
	    "(?i)basic(?:[ +]|%20)[a-z0-9+/_-]{6,}={0,2}", "user and password of a Basic header" },
	{ "bearer", AT(LITERAL), 0, 1, 600, leak_check_key,
	    "(?i)bearer(?:[ +]|%20)[a-z0-9+/=._~-]{12,}", "token of a Bearer header" },
	{ "bsn", NUMBERS, 0, 48, 24, leak_check_bsn,
	    "(?i)(?:bsn|burgerservicenummer)[^0-9a-z]{0,6}[0-9]{9}(?![0-9])",
	    "Dutch citizen number" },
	{ "cpf", AT(DOTS), 0, 24, 24, leak_check_cpf,
	    NO_WORD_BEFORE "[0-9]{3}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}(?![0-9])",
	    "Brazilian taxpayer number" },
	{ "dni", NUMBERS, 0, 48, 24, leak_check_dni,
	    "(?i)(?:dni|nif|nie)[^0-9a-z]{0,6}[0-9]{8}-?[a-z]" NO_WORD_BEHIND,
	    "Spanish identity number" },
	{ "email", AT(AT), 0, 100, 300, leak_check_email,
	    "[0-9A-Za-z_\\x80-\\xff][0-9A-Za-z._%+'\\x80-\\xff-]{0,63}@"
	    "(?:[0-9A-Za-z\\x80-\\xff](?:[0-9A-Za-z\\x80-\\xff-]{0,62}\\.)){1,6}[A-Za-z]{2,24}",
	    "e-mail address" },
	{ "entropy", AT(LONGRUN), LEAK_ROW_STRICT | LEAK_ROW_NOISE, 80, 200, leak_check_entropy,
	    "(?<![0-9A-Za-z+/_=-])[0-9A-Za-z+/_-]{24,120}={0,2}(?![0-9A-Za-z+/_=-])",
	    "what looks random (--strict)" },
	{ "fiscal", AT(FISCAL), 0, 24, 24, leak_check_fiscal,
	    NO_WORD_BEFORE
	    "(?i)[a-z]{6}[0-9]{2}[a-ehlmprst][0-9]{2}[a-z][0-9]{3}[a-z]" NO_WORD_BEHIND,
	    "Italian codice fiscale" },
	{ "geo", AT(NAME), LEAK_ROW_NOISE, 32, 48, NULL,
	    NAMED("lat|lon|lng|latitude|longitude") "-?[0-9]{1,3}\\.[0-9]{3,}", "coordinates" },
	{ "hexid", AT(HEXRUN), 0, 140, 300, leak_check_hexid,
	    NO_WORD_BEFORE "[0-9A-Fa-f]{24,128}" NO_WORD_BEHIND, "long id or hash in hex" },
	{ "iban", NUMBERS, 0, 44, 44, leak_check_iban,
	    NO_WORD_BEFORE "(?i)[a-z]{2}[0-9]{2}(?:[ +-]?[a-z0-9]){11,30}", "bank account" },
	{ "ipv4", AT(DOTS), 0, 20, 24, leak_check_ipv4,
	    "(?<![0-9])(?<![0-9]\\.)(?<![vV])" OCTET "(?:\\." OCTET "){3}(?![0-9])(?!\\.[0-9])",
	    "IPv4 address" },
	{ "ipv4-dashed", AT(OCTETS), 0, 64, 96, leak_check_dashed,
	    "(?<![0-9])(?<![0-9][0-9]-)(?<!-[0-9]-)" OCTET "(?:-" OCTET "){3}(?![0-9]|-[0-9])",
	    "IPv4 address in a host name" },
	{ "ipv4-hex", AT(HEX0X), 0, 24, 32, NULL,
	    "(?i)" NO_WORD_BEFORE "0x[0-9a-f]{1,2}(?:\\.0x[0-9a-f]{1,2}){3}" NO_WORD_BEHIND,
	    "IPv4 address in hex" },
	{ "ipv4-number", AT(DIGITS) | AT(HEX0X), 0, 48, 24, leak_check_number_address,
	    "(?i)(?:" NO_WORD_BEFORE ADDRESS IS "|//|@)(?:[0-9]{8,10}|0x[0-9a-f]{8})(?![0-9a-z.])",
	    "IPv4 address as a number" },
	{ "ipv4-odd", AT(DOTS), 0, 48, 40, NULL,
	    "(?<![0-9.])(?=[0-7.]{0,15}(?<![0-7])0[0-7]{3}(?![0-7]))[0-7]{1,4}(?:\\.[0-7]{1,4}){3}("
	    "?![0-9.])|"
	    "(?i)(?:" NO_WORD_BEFORE ADDRESS IS "|//|@)" OCTET "\\." OCTET
	    "\\.[0-9]{4,5}(?![0-9.])",
	    "IPv4 address in an odd form" },
	{ "ipv6", AT(COLONS), 0, 48, 52, leak_check_ipv6,
	    "(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|"
	    "[0-9A-Fa-f]{1,4}|)(?![0-9A-Za-z:])",
	    "IPv6 address" },
	{ "ipv6-arpa", AT(LITERAL), LEAK_ROW_BEFORE, 80, 16, NULL,
	    "(?i)(?:[0-9a-f]\\.){16,32}ip6\\.arpa", "IPv6 address of a reverse lookup" },
	{ "jwt", AT(LITERAL), 0, 1, 1200, leak_check_jwt,
	    NO_WORD_BEFORE "e(?:yJ|wo|yA)[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{4,}", "JSON Web Token" },
	{ "mac", AT(COLONS) | AT(OCTETS), 0, 20, 24, leak_check_mac,
	    "(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\\1){4}[0-9A-Fa-f]{2}"
	    "(?![0-9A-Fa-f:-])",
	    "hardware address" },
	{ "mac-dotted", AT(CISCO), 0, 12, 12, leak_check_mac,
	    "(?<![0-9A-Za-z.])[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}(?![0-9A-Za-z.])",
	    "hardware address with dots" },
	{ "nino", AT(NAME) | AT(LITERAL), LEAK_ROW_NOISE, 24, 32, NULL,
	    "(?i)" NO_WORD_BEFORE "(?:nino|national insurance)[^0-9a-z]{0,6}"
	    "[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]" NO_WORD_BEHIND,
	    "British insurance number" },
	{ "nir", NUMBERS, 0, 32, 32, leak_check_nir,
	    NO_WORD_BEFORE "[12](?:[ .+-]?[0-9]){14}" NO_WORD_BEHIND,
	    "French social security number" },
	{ "pan", NUMBERS, 0, 32, 32, leak_check_pan,
	    "(?<![0-9A-Za-z])(?<![0-9][.,])[2-6](?:[ +-]?[0-9]){11,18}" NO_WORD_BEHIND,
	    "payment card number" },
	{ "path-number", AT(DIGITS), 0, 24, 24, leak_check_path_number,
	    "(?<!/)/[0-9]{8,19}(?=[/?#\"'\\s&;,.%)\\\\]|$)", "long number in a path" },
	{ "pem", AT(LITERAL), 0, 1, 80, NULL, "-----BEGIN (?:[A-Z0-9 ]{1,40} )?PRIVATE KEY",
	    "private key" },
	{ "pesel", NUMBERS, 0, 48, 24, leak_check_pesel,
	    "(?i)pesel[^0-9a-z]{0,6}[0-9]{11}(?![0-9])", "Polish person number" },
	{ "phone", AT(PLUS), 0, 4, 40, leak_check_phone,
	    "(?<![0-9A-Za-z+=])\\+[1-9](?:[ ()./-]{0,2}[0-9]){7,14}" NO_WORD_BEHIND,
	    "telephone number" },
	{ "phone-named", AT(NAME), LEAK_ROW_NOISE, 32, 48, NULL,
	    NAMED("phone|telephone|tel|mobile|fax|msisdn|whatsapp") "\\+?[0-9][0-9 .()/e+-]{6,}",
	    "telephone number by its name" },
	{ "provider-key", AT(LITERAL), LEAK_ROW_NOISE, 1, 200, NULL,
	    NO_WORD_BEFORE
	    "(?:(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" NO_WORD_BEHIND
	    "|AIza[0-9A-Za-z_-]{30,}|gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{20,}"
	    "|gl(?:pat|dt|rt|ptt)-[0-9A-Za-z_-]{16,}|xox[abeoprs]-[0-9A-Za-z-]{10,}|xapp-[0-9A-Za-"
	    "z-]{10,}"
	    "|[rs]k_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[0-9A-Za-z+/]{16,}|npm_[0-9A-Za-z]{30,}"
	    "|pypi-AgE[0-9A-Za-z_-]{16,}|sk-(?:ant|proj|svcacct)-[0-9A-Za-z_-]{16,}"
	    "|sk-[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{8,}|SG\\.[0-9A-Za-z_-]{16,}\\.[0-9A-Za-z_-]{16,"
	    "}"
	    "|hv[bs]\\.[0-9A-Za-z_-]{20,}|do[opr]_v1_[0-9a-f]{20,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{"
	    "20,}"
	    "|ya29\\.[0-9A-Za-z_-]{16,}|dckr_pat_[0-9A-Za-z_-]{16,}|AGE-SECRET-KEY-1[0-9A-Z]{20,}"
	    "|hf_[0-9A-Za-z]{20,}|glsa_[0-9A-Za-z_]{20,}|lin_api_[0-9A-Za-z]{20,}|rubygems_[0-9a-f]"
	    "{20,}"
	    "|ATATT3[0-9A-Za-z_=-]{20,}|PMAK-[0-9a-f-]{20,}|NRAK-[0-9A-Z]{20,}|LTAI[0-9A-Za-z]{12,}"
	    "|sq0(?:atp|csp)-[0-9A-Za-z_-]{16,}|EAAC[0-9A-Za-z]{40,}"
	    "|hooks\\.slack\\.com/services/[0-9A-Za-z/]{16,})",
	    "key of a known provider" },
	{ "secret", AT(NAME), LEAK_ROW_NOISE, 64, 160, leak_check_value,
	    NAMED("password|passwd|passwort|pwd|pass|secret|client_?secret|api_?key|x-api-key|"
		  "account_?key|"
		  "access_?token|auth_?token|refresh_?token|id_?token|token|authorization|"
		  "signature|sig|"
		  "csrf[a-z]*|xsrf[a-z]*|otp") "[^\\s\"'<>&;,\\\\{}\\[\\]()=]{4,}",
	    "password, key or signature by its name" },
	{ "session", AT(NAME), LEAK_ROW_NOISE, 48, 160, leak_check_value,
	    NAMED(
		"[a-z0-9]{0,16}sess(?:ion)?_?(?:id|token|key)?|[a-z]{0,8}sid|cftoken|cookie") "[0-"
											      "9A-"
											      "Za-"
											      "z%+/"
											      "._!:"
											      "~-]{"
											      "8,}",
	    "session id by its name" },
	{ "ssn", AT(GROUPS), 0, 16, 16, NULL,
	    "(?<![0-9A-Za-z-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z]|-"
	    "[0-9])",
	    "US social security number" },
	{ "ssn-named", NUMBERS, 0, 48, 24, NULL,
	    "(?i)" NO_WORD_BEFORE "(?:ssn|social security)(?: ?(?:no|nr|number))?[^0-9a-z]{0,4}"
	    "(?:is |on )?(?!000|666|9)[0-9]{3}[ +]?(?!00)[0-9]{2}[ +]?(?!0000)[0-9]{4}(?![0-9])",
	    "US social security number by its name" },
	{ "steuer", NUMBERS, 0, 48, 24, leak_check_steuer,
	    "(?i)(?:steuer|idnr|tin|tax)[a-z -]{0,20}[^0-9a-z]{0,6}[0-9]{2} ?[0-9]{3} ?[0-9]{3} "
	    "?[0-9]{3}"
	    "(?![0-9])",
	    "German tax number" },
	{ "tracking", AT(NAME), LEAK_ROW_NOISE, 32, 96, leak_check_value,
	    NAMED("gclid|fbclid|msclkid|dclid|ttclid|yclid|twclid|igshid|mc_eid|_ga|_gid|idfa|gaid|"
		  "adid") "[0-9A-Za-z._-]{8,}",
	    "click or visitor id of an ad network" },
	{ "ulid", AT(LONGRUN), 0, 28, 32, leak_check_ulid,
	    NO_WORD_BEFORE "[0-7][0-9A-HJKMNP-TV-Z]{25}" NO_WORD_BEHIND, "ULID" },
	{ "user-id", AT(NAME), LEAK_ROW_NOISE, 48, 48, NULL,
	    NAMED("uid|user_?id|customer_?id|account_?id|member_?id|patient_?id") "[A-Za-z]{0,4}[-_"
										  "]?[0-9]{5,}",
	    "number of a person by its name" },
	{ "userinfo", AT(AT), LEAK_ROW_NOISE, 280, 8, NULL,
	    "//[0-9A-Za-z._~%!$&'()*+,;-]{1,128}:[0-9A-Za-z._~%!$&'()*+,;:#-]{1,128}@",
	    "user and password in a URL" },
	{ "uuid", AT(UUID), 0, 40, 40, leak_check_uuid,
	    "(?i)" NO_WORD_BEFORE "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" NO_WORD_BEHIND,
	    "UUID" },
};
const size_t leak_row_count = sizeof(leak_rows) / sizeof(leak_rows[0]);

const struct leak_literal leak_literals[] = { { "-----BEGIN ", 4 }, { "ABIA", 0 }, { "ACCA", 0 },
	{ "AGE-SECRET", 2 }, { "AIza", 0 }, { "AKIA", 0 }, { "ASIA", 0 }, { "ATATT3", 3 },
	{ "BASIC", 2 }, { "BEARER", 1 }, { "Basic", 0 }, { "Bearer", 0 }, { "EAAC", 0 },
	{ "LTAI", 0 }, { "NRAK-", 2 }, { "National Ins", 7 }, { "PMAK-", 2 }, { "SG.", 0 },
	{ "basic", 2 }, { "bearer", 0 }, { "dckr_pat_", 3 }, { "doo_v1_", 3 }, { "dop_v1_", 3 },
	{ "dor_v1_", 3 }, { "ewo", 0 }, { "eyA", 0 }, { "eyJ", 0 }, { "gho_", 1 }, { "ghp_", 1 },
	{ "ghr_", 1 }, { "ghs_", 1 }, { "ghu_", 1 }, { "github_pat_", 5 }, { "gldt-", 2 },
	{ "glpat-", 3 }, { "glptt-", 3 }, { "glrt-", 2 }, { "glsa_", 2 }, { "hf_", 0 },
	{ "hooks.slack.com", 4 }, { "hvb.", 1 }, { "hvs.", 1 }, { "ip6.arpa", 1 },
	{ "lin_api_", 2 }, { "national ins", 7 }, { "npm_", 1 }, { "pypi-AgE", 3 },
	{ "rk_live_", 0 }, { "rk_test_", 0 }, { "rubygems_", 6 }, { "shpat_", 3 }, { "shpca_", 3 },
	{ "shppa_", 3 }, { "shpss_", 3 }, { "sk-", 0 }, { "sk_live_", 0 }, { "sk_test_", 0 },
	{ "sq0atp-", 1 }, { "sq0csp-", 1 }, { "whsec_", 3 }, { "xapp-", 2 }, { "xox", 0 },
	{ "ya29.", 2 }, { NULL, 0 } };

/* In lower case; a name's last three letters. */
const char *const leak_name_ends[] = { "aid", "ass", "cid", "dfa", "did", "eid", "fax", "gid",
	"ile", "ino", "ion", "jwt", "ken", "key", "kid", "kie", "lat", "lid", "lng", "nid", "lon",
	"one", "ord", "ort", "otp", "app", "pwd", "ret", "rid", "sdn", "sid", "sig", "swd", "tel",
	"tid", "ude", "uid", "ure", "_ga", "_id", "srf", "ess", "ddr", NULL };
