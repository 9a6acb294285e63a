/* Does this compiler set up and multiply AMX tiles rightly, on this processor? C and C++. Compiled with the processor's own instruction
 * sets, once as the compiler is and once with amx_tile_config.h included first; scripts/llama_cpu.sh runs it and decides.
 *
 * A configuration with every field set is loaded and stored again; then two tiles are multiplied, in int8 and in BF16 where offered, and
 * compared with plain C. Exit code: 0 right, 1 wrong, 77 no AMX here. A compiler that hands the instruction garbage lets it die of a signal. */
#include <stdio.h>

#if defined(__AMX_TILE__) && defined(__AMX_INT8__) && defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, ROWS = 16, ROW_BYTES = 64 };

/* As llama.cpp has it: a local struct that is filled field by field, of which the optimiser knows every store. */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static int configure(void)
{
    struct tile_config wanted;
    struct tile_config got;
    memset(&wanted, 0, sizeof wanted);
    memset(&got, 0xFF, sizeof got);
    wanted.palette = 1;
    for (int i = 0; i < 8; i++) {
        wanted.rows[i] = ROWS;
        wanted.row_bytes[i] = ROW_BYTES;
    }
    _tile_loadconfig(&wanted);
    _tile_storeconfig(&got);
    int wrong = got.palette != 1;
    for (int i = 0; i < 16; i++) {
        wrong |= got.rows[i] != (i < 8 ? ROWS : 0);
        wrong |= got.row_bytes[i] != (i < 8 ? ROW_BYTES : 0);
    }
    return wrong;
}

/* c[i][j] = the sum over k of a[i][k] b[k][j], four k beside each other in b's rows. */
static int multiply_int8(void)
{
    static int8_t a[ROWS][64], b[ROWS][64];
    static int32_t c[ROWS][16];
    int wrong = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 64; k++) {
            a[i][k] = (int8_t)((i * 37 + k * 11) % 251 - 125);
            b[i][k] = (int8_t)((i * 53 + k * 29) % 253 - 126);
        }
    _tile_zero(0);
    _tile_loadd(1, a, 64);
    _tile_loadd(2, b, 64);
    _tile_dpbssd(0, 1, 2);
    _tile_stored(0, c, 64);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < 16; j++) {
            int32_t sum = 0;
            for (int k = 0; k < 64; k++)
                sum += a[i][k] * b[k / 4][4 * j + k % 4];
            wrong |= c[i][j] != sum;
        }
    return wrong;
}

#ifdef __AMX_BF16__
static float from_bf16(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* Small whole numbers, which BF16 holds: the sums are exact. */
static uint16_t to_bf16(int number)
{
    const float value = (float)number;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static int multiply_bf16(void)
{
    static uint16_t a[ROWS][32], b[ROWS][32];
    static float c[ROWS][16];
    int wrong = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 32; k++) {
            a[i][k] = to_bf16((i * 7 + k * 3) % 31 - 15);
            b[i][k] = to_bf16((i * 5 + k * 13) % 29 - 14);
        }
    _tile_zero(3);
    _tile_loadd(4, a, 64);
    _tile_loadd(5, b, 64);
    _tile_dpbf16ps(3, 4, 5);
    _tile_stored(3, c, 64);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < 16; j++) {
            float sum = 0;
            for (int k = 0; k < 32; k++)
                sum += from_bf16(a[i][k]) * from_bf16(b[k / 2][2 * j + k % 2]);
            wrong |= c[i][j] != sum;
        }
    return wrong;
}
#else
static int multiply_bf16(void)
{
    return 0;
}
#endif

int main(void)
{
    if (syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) != 0)
        return 77;
    if (configure() != 0)
        printf("the configuration of the tiles is wrong\n");
    else if (multiply_int8() != 0)
        printf("a product of int8 tiles is wrong\n");
    else if (multiply_bf16() != 0)
        printf("a product of BF16 tiles is wrong\n");
    else
        return 0;
    return 1;
}

#else

int main(void)
{
    return 77;
}

#endif
