/* The options that the commands that begin a run share, and the name of its folder. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cmd/start.h"
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

char *bf_start_dir(const char *prefix, const char *text)
{
    struct bf_buf name;
    bf_buf_init(&name, 160);
    bf_buf_printf(&name, "runs/%s", prefix);
    size_t start = name.len;
    for (const char *p = text; *p && name.len < 64; p++) {
        if (isalnum((unsigned char)*p))
            bf_buf_putc(&name, (char)tolower((unsigned char)*p));
        else if (name.len > start && name.data[name.len - 1] != '-')
            bf_buf_putc(&name, '-');
    }
    while (name.len > start && name.data[name.len - 1] == '-')
        name.data[--name.len] = 0;
    if (name.len == start)
        bf_buf_printf(&name, "topic-%08x", (unsigned)bf_hash64(text, strlen(text)));
    return bf_buf_take(&name);
}
