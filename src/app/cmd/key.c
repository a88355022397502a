/* app: cretula key: what is done with keys; never a secret on the screen unasked. */
#include "app/command.h"
#include "app/key/key.h"

static const struct app_option options[] = {
	{ "all", NULL, "rekey: every stream, and the store's own chain" },
	{ "config", "FILE", "cretula.yaml, for store, keys and policy" },
	{ "dry-run", NULL, "destroy: only say what would be done" },
	{ "epoch", "NAME", "destroy: which, as list shows it" },
	{ "from", "SIZE", "revoke: notes of this size and above are void" },
	{ "key", "WHICH", "rekey: log (the default) or recovery" },
	{ "keys", "DIR", "the directory of the keys (default: STORE.keys)" },
	{ "new-recovery-out", "FILE", "rekey: where the new recovery key goes" },
	{ "out", "FILE", "escrow: made or extended, -: standard output; pair: the secret" },
	{ "period", "P", "rotate: day, week or month only; all three if not given" },
	{ "reason", "TEXT", "rotate, destroy: why; it is kept in the store's own chain" },
	{ "recovery", "FILE", "the recovery key" },
	{ "recovery-out", "FILE", "create: make a recovery key too, in a new file" },
	{ "secret", "FILE", "escrow, open: what pair wrote" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "which stream; cretula.store is the store's own chain" },
	{ "vkey", "VKEY", "revoke: the log key that is void" },
	{ NULL, NULL, NULL },
};

/* What there is to do, and which options belong to it. */
static const struct app_action actions[] = {
	{ "audit", NULL, { "config", "keys", "store" }, app_key_audit, false },
	{ "create", NULL, { "keys", "recovery-out" }, app_key_create, false },
	{ "destroy", NULL, { "config", "dry-run", "epoch", "keys", "reason", "store" },
	    app_key_destroy, false },
	{ "escrow", NULL, { "config", "keys", "out", "secret", "store", "stream" }, app_key_escrow,
	    false },
	{ "list", NULL, { "config", "keys", "store" }, app_key_list, false },
	{ "open", NULL, { "secret" }, app_key_open, false },
	{ "pair", NULL, { "out" }, app_key_pair, false },
	{ "rekey", NULL,
	    { "all", "config", "key", "keys", "new-recovery-out", "recovery", "store", "stream" },
	    app_key_rekey, false },
	{ "revoke", NULL, { "config", "from", "keys", "recovery", "store", "stream", "vkey" },
	    app_key_revoke, false },
	{ "rotate", NULL, { "config", "keys", "period", "reason", "store" }, app_key_rotate,
	    false },
	{ "show", NULL, { "keys", "store" }, app_key_show, false },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
}

const struct app_command app_command_key = { "key",
	"make keys, change them, give one out, or show what there is", "ACTION", 0, 1, options,
	"create   makes the keys of a store that will be made later (import does it by itself).\n"
	"         --recovery-out also makes a recovery key: it replaces signing keys that are\n"
	"         lost or stolen, and is kept off the machine.\n"
	"list     shows the epochs of the mask keys: which are in use, in grace until when, held,\n"
	"         or destroyed (with --store), who uses them, and how long keys of a class live.\n"
	"rotate   ends keys that are in use before their day, week or month does; the rest of it\n"
	"         has new ones (2026-W48.2), and tokens change. Running pipes follow at once.\n"
	"destroy  forgets an epoch before its grace is over, for good, and says so in the chain\n"
	"         of every stream that used it. Never one that is in use or under a hold. After\n"
	"         a crash run it again, or start the pipe: the chains are completed.\n"
	"audit    says what a thief of each part (disk, backup, KEYS or a part of it, memory)\n"
	"         could do with this store now; 1 if something is worse than designed.\n"
	"escrow   begins a new ratchet of a stream and gives its key out. Who has it checks every\n"
	"         flush that was committed since, also those of the segment that is open. With\n"
	"         --secret: the keys that `ratchet: ram` sealed to escrow_key, out of the chain;\n"
	"         a copy of the store will do, and its KEYS are not needed.\n"
	"pair     makes a key pair for values that `mask: CLASS: seal` hides (seal_key:) or for\n"
	"         lines that cannot be read (quarantine_key:); one pair may do both, two are\n"
	"         better. The secret goes to a new file, and never into KEYS.\n"
	"open     puts sealed values back into records on standard input, with that secret; 3 if\n"
	"         some were sealed to another key. The output is raw: mind where it goes.\n"
	"rekey    gives streams another log key. With --recovery the old one may be lost.\n"
	"         --key recovery changes the recovery key itself, of all streams; that takes it.\n"
	"revoke   says, by the recovery key, that what an old log key signed counts for nothing\n"
	"         from a size on.\n"
	"show     lists epochs and their commitments, and the keys of each stream, never a\n"
	"         secret. With --store, log keys are shown as vkeys.\n\n"
	"examples:\n"
	"  cretula key create --keys ./store.keys --recovery-out /media/stick/recovery\n"
	"  cretula key show --store ./store\n"
	"  cretula key list --store ./store\n"
	"  cretula key rotate --store ./store --period week --reason 'laptop stolen'\n"
	"  cretula key destroy --store ./store --epoch 2026-W48 --reason 'ticket 7'\n"
	"  cretula key audit --store ./store\n"
	"  cretula key escrow --store ./store --stream shop --out /media/stick/escrow\n"
	"  cretula key escrow --store ./copy --stream shop --secret ./seal --out ./escrow\n"
	"  cretula key pair --out /media/stick/seal\n"
	"  cretula view --store ./store --stream shop |\n"
	"      cretula key open --secret /media/stick/seal\n"
	"  cretula key rekey --store ./store --all\n"
	"  cretula key rekey --store ./store --all --key recovery --recovery old \\\n"
	"      --new-recovery-out new\n"
	"  cretula key revoke --store ./store --stream shop --vkey 'ORIGIN+...' --from 41 \\\n"
	"      --recovery /media/stick/recovery\n",
	run };
