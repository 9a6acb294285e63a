#include "base/letter_case.h"

#include "base/utf8.h"
#include "base/banned.h"

/* Blocks in which upper and lower case alternate. */
static const struct {
    uint32_t first, last;
    uint32_t capital; /* the lowest bit of a capital's code point */
} alternating[] = {
    {0x100, 0x137, 0},   {0x139, 0x148, 1},   {0x14a, 0x177, 0}, {0x179, 0x17e, 1}, {0x1a0, 0x1a5, 0},
    {0x1af, 0x1b0, 1},   {0x1cd, 0x1dc, 1},   {0x1de, 0x1ef, 0}, {0x1f8, 0x21f, 0}, {0x222, 0x233, 0},
    {0x370, 0x373, 0},   {0x460, 0x481, 0},   {0x48a, 0x4bf, 0}, {0x4c1, 0x4ce, 1}, {0x4d0, 0x52f, 0},
    {0x1e00, 0x1e95, 0}, {0x1ea0, 0x1eff, 0},
};

/* Blocks in which the lower-case letter is at a fixed distance. */
static const struct {
    uint32_t first, last;
    int32_t lower; /* distance to the lower-case letter */
} shifted[] = {
    {'A', 'Z', 32},       {0xc0, 0xd6, 32},     {0xd8, 0xde, 32},     {0x178, 0x178, -121}, {0x386, 0x386, 38},
    {0x388, 0x38a, 37},   {0x38c, 0x38c, 64},   {0x38e, 0x38f, 63},   {0x391, 0x3a1, 32},   {0x3a3, 0x3ab, 32},
    {0x400, 0x40f, 80},   {0x410, 0x42f, 32},   {0x4c0, 0x4c0, 15},   {0x531, 0x556, 48},   {0x1f08, 0x1f0f, -8},
    {0x1f18, 0x1f1d, -8}, {0x1f28, 0x1f2f, -8}, {0x1f38, 0x1f3f, -8}, {0x1f48, 0x1f4d, -8}, {0x1f68, 0x1f6f, -8},
};

/* The plain letters of U+00E0..00FF and U+0100..017F, in lower case; '.' keeps the letter, '2' means two letters. */
static const char latin1_plain[] = "aaaaaa2ceeeeiiii.nooooo.ouuuuy.y";
static const char extended_plain[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii22jjkk.lllllllll"
                                     "lnnnnnn...oooooo22rrrrrrsssssssstttttt"
                                     "uuuuuuuuuuuuwwyyyzzzzzzs";
_Static_assert(sizeof latin1_plain == 33, "one for each of U+00E0..00FF");
_Static_assert(sizeof extended_plain == 129, "one for each of U+0100..017F");

bool bf_letter_is_mark(uint32_t cp)
{
    return cp >= 0x300 && cp <= 0x36f;
}

int bf_letter_digit(uint32_t cp)
{
    static const uint32_t zeros[] = {'0', 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xe50, 0xff10};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        if (cp >= zeros[i] && cp <= zeros[i] + 9)
            return (int)(cp - zeros[i]);
    return -1;
}

/* Without a Unicode table: ASCII exactly; beyond it everything but the blocks of punctuation, digits and symbols. */
bool bf_letter_is(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
    if (cp < 0xc0 || cp == 0xd7 || cp == 0xf7)
        return cp == 0xaa || cp == 0xb5 || cp == 0xba;
    return !((cp >= 0x2000 && cp <= 0x2bff) || (cp >= 0x3000 && cp <= 0x3004) || (cp >= 0x3008 && cp <= 0x3020) ||
             (cp >= 0xfe10 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff20) || cp == 0x37e || cp == 0x387 ||
             cp == 0x589 || cp == 0x5be || cp == 0x60c || cp == 0x61b || cp == 0x61f || cp == 0x66a || cp == 0x6d4 ||
             cp == 0x964 || cp == 0x965 || cp == 0xfffd || cp >= 0x1f000) &&
           bf_letter_digit(cp) < 0;
}

bool bf_letter_is_unspaced(uint32_t cp)
{
    return (cp >= 0x0e00 && cp <= 0x0eff) || (cp >= 0x1000 && cp <= 0x109f) || (cp >= 0x1780 && cp <= 0x17ff) ||
           (cp >= 0x3005 && cp <= 0x3007) || (cp >= 0x3040 && cp <= 0x30ff) || (cp >= 0x3400 && cp <= 0x9fff) ||
           (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0x20000 && cp <= 0x3ffff);
}

uint32_t bf_letter_lower(uint32_t cp)
{
    for (size_t i = 0; i < sizeof shifted / sizeof *shifted; i++)
        if (cp >= shifted[i].first && cp <= shifted[i].last)
            return (uint32_t)((int32_t)cp + shifted[i].lower);
    for (size_t i = 0; i < sizeof alternating / sizeof *alternating; i++)
        if (cp >= alternating[i].first && cp <= alternating[i].last)
            return (cp & 1) == alternating[i].capital ? cp + 1 : cp;
    return cp == 0x1e9e ? 0xdf : cp;
}

bool bf_letter_is_upper(uint32_t cp)
{
    return bf_letter_lower(cp) != cp;
}

bool bf_letter_is_cased(uint32_t cp)
{
    return bf_letter_is(cp) && (cp < 0x250 || (cp >= 0x370 && cp <= 0x587) || (cp >= 0x1e00 && cp <= 0x1fff));
}

static void put(struct bf_buf *out, uint32_t cp)
{
    if (cp < 0x80) {
        bf_buf_putc(out, (char)cp);
        return;
    }
    const int n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    bf_buf_putc(out, (char)(lead[n] | (cp >> (6 * (n - 1)))));
    for (int i = n - 2; i >= 0; i--)
        bf_buf_putc(out, (char)(0x80 | ((cp >> (6 * i)) & 0x3F)));
}

static const struct {
    uint32_t first, last;
    char plain;
} vietnamese[] = {
    {0x1a1, 0x1a1, 'o'},   {0x1b0, 0x1b0, 'u'},   {0x1ea1, 0x1eb7, 'a'}, {0x1eb9, 0x1ec7, 'e'},
    {0x1ec9, 0x1ecb, 'i'}, {0x1ecd, 0x1ee3, 'o'}, {0x1ee5, 0x1ef1, 'u'}, {0x1ef3, 0x1ef9, 'y'},
};

/* A lower-case letter without its diacritic. */
static void put_plain(struct bf_buf *out, uint32_t cp)
{
    char plain = '.';
    if (cp >= 0xe0 && cp <= 0xff)
        plain = latin1_plain[cp - 0xe0];
    else if (cp >= 0x100 && cp <= 0x17f)
        plain = extended_plain[cp - 0x100];
    for (size_t i = 0; i < sizeof vietnamese / sizeof *vietnamese; i++)
        if (cp >= vietnamese[i].first && cp <= vietnamese[i].last)
            plain = vietnamese[i].plain;
    if (plain != '.' && plain != '2') {
        bf_buf_putc(out, plain);
        return;
    }
    switch (cp) {
    case 0xe6:
        bf_buf_puts(out, "ae");
        break;
    case 0xdf:
        bf_buf_puts(out, "ss");
        break;
    case 0xf8:
        bf_buf_putc(out, 'o');
        break;
    case 0x133:
        bf_buf_puts(out, "ij");
        break;
    case 0x153:
        bf_buf_puts(out, "oe");
        break;
    case 0x3c2:
        put(out, 0x3c3);
        break;
    default:
        put(out, cp);
    }
}

void bf_letter_fold(struct bf_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t step = bf_utf8_decode(s + i, n - i, &cp);
        if (step == 0 || step == 4) { /* letters beyond the basic plane are treated as caseless */
            step = step ? step : 1;
            bf_buf_put(out, s + i, step);
        } else if (cp == 0x2019 || cp == 0x2bc || cp == 0x2018) {
            bf_buf_putc(out, '\'');
        } else if (!bf_letter_is_mark(cp)) {
            put_plain(out, bf_letter_lower(cp));
        }
        i += step;
    }
}

void bf_text_lower(struct bf_buf *out, const char *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes;) {
        uint32_t cp = 0;
        const size_t length = bf_utf8_decode(text + i, n_bytes - i, &cp);
        if (length == 0)
            bf_buf_putc(out, text[i]);
        else
            put(out, bf_letter_lower(cp));
        i += length ? length : 1;
    }
}
