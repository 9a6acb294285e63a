/* The frame of the page and its policy. The frame's files (page/) and the chart library are compiled into the
 * program. */
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/hash.h"
#include "report/page_internal.h"
#include "base/banned.h"

/* In the order of the page; the last one starts it. */
static const char *const run_scripts[] = {
    "third_party/uplot/uPlot.iife.min.js", "src/report/page/tools.js",    "src/report/page/charts.js",
    "src/report/page/map_chart.js",        "src/report/page/sections.js", "src/report/page/training.js",
    "src/report/page/samples.js",          "src/report/page/frame.js",    "src/report/page/main.js",
};
static const char *const lab_scripts[] = {
    "third_party/uplot/uPlot.iife.min.js", "src/report/page/tools.js", "src/report/page/charts.js",
    "src/report/page/lab_chart.js",        "src/report/page/lab.js",   "src/report/page/frame.js",
    "src/report/page/lab_main.js",
};
static const char *const styles[] = {"third_party/uplot/uPlot.min.css", "src/report/page/page.css"};

static const struct bf_embedded_file *file_of(const char *name)
{
    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, name) == 0)
            return &bf_embedded_files[i];
    return NULL;
}

static void put_files(struct bf_buf *out, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct bf_embedded_file *file = file_of(names[i]);
        if (file)
            bf_buf_put(out, file->data, file->n);
        bf_buf_putc(out, '\n');
    }
}

static void put_escaped(struct bf_buf *out, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '&':
            bf_buf_puts(out, "&amp;");
            break;
        case '<':
            bf_buf_puts(out, "&lt;");
            break;
        case '>':
            bf_buf_puts(out, "&gt;");
            break;
        case '"':
            bf_buf_puts(out, "&quot;");
            break;
        case '\'':
            bf_buf_puts(out, "&#39;");
            break;
        default:
            bf_buf_putc(out, *s);
        }
}

void bf_page_put_json(struct bf_buf *out, const json_t *value)
{
    char *text = bf_json_dump(value);
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *c = (const unsigned char *)text + i;
        if (*c == '<' || *c == '>' || *c == '&')
            bf_buf_printf(out, "\\u%04x", (unsigned)*c);
        else if (i + 2 < n && c[0] == 0xe2 && c[1] == 0x80 && (c[2] & 0xfe) == 0xa8) {
            bf_buf_printf(out, "\\u%04x", c[2] == 0xa8 ? 0x2028U : 0x2029U);
            i += 2;
        } else
            bf_buf_putc(out, text[i]);
    }
    free(text);
}

/* The text for a place {{NAME}} of the frame. */
struct frame {
    struct bf_buf style, script;
    const json_t *data;
};

static void put_policy(struct bf_buf *out, const struct frame *frame)
{
    char style[BF_SHA256_BASE64], script[BF_SHA256_BASE64];
    bf_sha256_base64(frame->style.data, frame->style.len, style);
    bf_sha256_base64(frame->script.data, frame->script.len, script);
    bf_buf_printf(
        out,
        "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
        script, style);
}

static void put_place(struct bf_buf *out, const struct frame *frame, const char *name, size_t n)
{
    if (n == 6 && memcmp(name, "policy", n) == 0)
        put_policy(out, frame);
    else if (n == 5 && memcmp(name, "title", n) == 0) {
        const char *title = json_string_value(json_object_get(frame->data, "title"));
        put_escaped(out, title ? title : "");
    } else if (n == 5 && memcmp(name, "style", n) == 0)
        bf_buf_put(out, frame->style.data, frame->style.len);
    else if (n == 6 && memcmp(name, "script", n) == 0)
        bf_buf_put(out, frame->script.data, frame->script.len);
    else if (n == 4 && memcmp(name, "data", n) == 0)
        bf_page_put_json(out, frame->data);
}

void bf_page_html(const json_t *data, struct bf_buf *out)
{
    struct frame frame = {.data = data};
    const char *kind = json_string_value(json_object_get(data, "kind"));
    const struct bf_embedded_file *html = file_of("src/report/page/page.html");
    bf_buf_init(&frame.style, SIZE_MAX);
    bf_buf_init(&frame.script, SIZE_MAX);
    put_files(&frame.style, styles, sizeof styles / sizeof *styles);
    if (kind && strcmp(kind, "lab") == 0)
        put_files(&frame.script, lab_scripts, sizeof lab_scripts / sizeof *lab_scripts);
    else
        put_files(&frame.script, run_scripts, sizeof run_scripts / sizeof *run_scripts);
    for (const char *at = html ? html->data : ""; *at;) {
        const char *open = strstr(at, "{{"), *close = open ? strstr(open, "}}") : NULL;
        if (!close) {
            bf_buf_puts(out, at);
            break;
        }
        bf_buf_put(out, at, (size_t)(open - at));
        put_place(out, &frame, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
    bf_buf_release(&frame.style);
    bf_buf_release(&frame.script);
}

size_t bf_page_frame_bytes(void)
{
    size_t n = 1024; /* the policy */
    const struct bf_embedded_file *html = file_of("src/report/page/page.html");
    for (size_t i = 0; i < sizeof run_scripts / sizeof *run_scripts; i++)
        n += file_of(run_scripts[i]) ? file_of(run_scripts[i])->n + 1 : 0;
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        n += file_of(styles[i]) ? file_of(styles[i])->n + 1 : 0;
    return n + (html ? html->n : 0);
}
