/* Bytes that must not stay, bytes that must not be guessed: apart from what makes secrets. */
#include <string.h>

#include "crypto/random.h"

/*
 * memcpy moves a key through a vector register, where it stays until something
 * needs that register: in a core, in what the kernel saves for a signal, and in
 * each thread that is started meanwhile.  A function call leaves all of these
 * to the callee, so none is in use here.
 */
#ifdef __clang__
#define APART __attribute__((noinline))
#else
/* noipa: no caller reckons with registers that the assembler does not name. */
#define APART __attribute__((noipa))
#endif
static APART void
clear_registers(void)
{
#if defined(__x86_64__)
#define CLEAR(n) "vpxord %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n\t"
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" ::: "memory");
	if (__builtin_cpu_supports("avx512vl"))
		__asm__ volatile(CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21)
		    CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28)
		    CLEAR(29) CLEAR(30) CLEAR(31)::: "memory");
#undef CLEAR
#endif
}

void
crypto_wipe(void *bytes, size_t len)
{
	explicit_bzero(bytes, len);
	clear_registers();
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *one = a, *other = b;
	unsigned differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= (unsigned)one[i] ^ other[i];
	return (differs == 0);
}
