/* The options that the commands that begin a run share, and the name of its folder. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "run/start.h"
#include "base/banned.h"

struct bf_opt *bf_start_options(struct bf_start_values *v, enum bf_kind kind, const char *default_out,
                                const struct bf_opt *own, size_t n_own)
{
    const struct bf_opt first[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->model,
         .value = "FILE|NAME",
         .fallback = "the default of 'biforget models'",
         .help = "the target model, a GGUF file"},
        {.name = "output",
         .letter = 'o',
         .type = BF_OPT_TEXT,
         .target = &v->out,
         .value = "DIR",
         .fallback = default_out,
         .help = "the run folder, made by this command"},
    };
    const struct bf_opt last[] = {
        {.name = "embedder",
         .type = BF_OPT_TEXT,
         .target = &v->embedder,
         .value = "FILE|NAME|model",
         .fallback = "all-minilm-l6-v2 if installed, else model",
         .help = "measures diversity; 'model' = the target itself"},
        BF_OPT_JSON(&v->json, "the summary"),
        BF_OPT_QUIET(&v->quiet),
    };
    enum { N_FIRST = sizeof first / sizeof *first, N_LAST = sizeof last / sizeof *last };
    const size_t n_method = kind == BF_KIND_COUNT ? 0 : bf_method_option_count(kind);
    const size_t n_machine = bf_machine_option_count(true);
    struct bf_opt *table = bf_array(N_FIRST + n_own + n_method + n_machine + N_LAST + 1, sizeof *table);
    struct bf_opt *at = table;
    memcpy(at, first, sizeof first);
    at += N_FIRST;
    if (n_own > 0)
        memcpy(at, own, n_own * sizeof *own);
    at += n_own;
    if (n_method > 0)
        bf_method_options(&v->method, kind, at);
    at += n_method;
    bf_machine_options(&v->machine, true, at);
    at += n_machine;
    memcpy(at, last, sizeof last);
    return table;
}

/* Punctuation that two topics hardly differ in. Of all else that a name cannot hold (C++, C#, letters beyond ASCII) a hash is kept. */
static bool is_small(uint32_t cp)
{
    return cp < 0x80 ? cp == ' ' || strchr("-'\"`.,;:!?()[]/&_", (int)cp)
                     : bf_utf8_is_space(cp) || (cp >= 0x2010 && cp <= 0x2026);
}

char *bf_start_dir(const char *prefix, const char *text)
{
    struct bf_buf name;
    const size_t n = strlen(text);
    bool lossy = false;
    bf_buf_init(&name, 160);
    bf_buf_printf(&name, "runs/%s", prefix);
    const size_t start = name.len;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0xfffd;
        const size_t length = bf_utf8_decode(text + i, n - i, &cp);
        const bool fits = name.len < 64;
        i += length ? length : 1;
        if (cp < 0x80 && isalnum((int)cp)) {
            lossy |= !fits;
            if (fits)
                bf_buf_putc(&name, (char)tolower((int)cp));
        } else {
            lossy |= !is_small(cp);
            if (fits && name.len > start && name.data[name.len - 1] != '-')
                bf_buf_putc(&name, '-');
        }
    }
    while (name.len > start && name.data[name.len - 1] == '-')
        name.data[--name.len] = 0;
    if (name.len == start)
        bf_buf_printf(&name, "topic-%08x", (unsigned)bf_hash64(text, n));
    else if (lossy)
        bf_buf_printf(&name, "-%08x", (unsigned)bf_hash64(text, n));
    return bf_buf_take(&name);
}
