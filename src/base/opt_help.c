/* --help: usage, then examples, which most readers look for, then the options with their defaults and units, in 80
 * columns. */
#include <string.h>

#include "base/buf.h"
#include "base/opt_internal.h"
#include "base/utf8.h"

#include "base/banned.h"

#define WIDTH 80
#define LEFT_MAX 28 /* after a longer option, the text is on the next line */
#define INDENT 2

static size_t columns(const char *s)
{
    return bf_utf8_count(s, strlen(s));
}

static void put_spaces(FILE *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)fputc(' ', out);
}

/* Bytes up to the next possible line break: a space, but not inside brackets ("[--seed N]"). */
static size_t word_length(const char *text)
{
    size_t n = strcspn(text, " \n");
    size_t closed = strcspn(text, "]\n");

    if (text[0] == '[' && text[closed] == ']' && closed + 1 > n && closed < WIDTH / 2)
        n = closed + 1 + strcspn(text + closed + 1, " \n");
    return n;
}

/* Print words from column `at` on, continued at column `indent`. Newlines in the text are kept. */
static void put_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
    bool first = true;

    while (*text != '\0') {
        size_t n = word_length(text);
        size_t wide = bf_utf8_count(text, n);

        if (n > 0) {
            if (!first && at + 1 + wide > WIDTH) {
                (void)fputc('\n', out);
                put_spaces(out, indent);
                at = indent;
                first = true;
            }
            if (!first)
                (void)fputc(' ', out);
            (void)fwrite(text, 1, n, out);
            at += wide + (first ? 0 : 1);
            first = false;
        }
        text += n;
        if (*text == '\n') {
            (void)fputc('\n', out);
            if (text[1] != '\n' && text[1] != '\0')
                put_spaces(out, indent);
            at = indent;
            first = true;
        }
        if (*text != '\0')
            text++;
    }
    (void)fputc('\n', out);
}

/* "  -m, --model FILE" */
static void put_left(struct bf_buf *out, const struct bf_opt *opt)
{
    const char *word = bf_opt_value_word(opt);

    if (opt->letter != 0)
        bf_buf_printf(out, "  -%c, --%s", opt->letter, opt->name);
    else
        bf_buf_printf(out, "      --%s", opt->name);
    if (word[0] != '\0')
        bf_buf_printf(out, " %s", word);
}

/* "what it does [300 tokens]", but "what it does (tokens) [by the prompts]": only a number has a unit after it. */
static void put_right(struct bf_buf *out, const struct bf_opt *opt)
{
    const bool number = opt->fallback && strchr("0123456789-.", opt->fallback[0]);

    bf_buf_puts(out, opt->help);
    if (opt->type == BF_OPT_CHOICE && opt->value) { /* in words, which can be broken over lines */
        bf_buf_puts(out, " (");
        for (const char *p = opt->choices; *p; p++)
            bf_buf_put(out, *p == '|' ? ", " : p, *p == '|' ? 2 : 1);
        bf_buf_puts(out, ")");
    }
    if (opt->unit && !number)
        bf_buf_printf(out, " (%s)", opt->unit);
    if (opt->unit && number)
        bf_buf_printf(out, " [%s %s]", opt->fallback, opt->unit);
    else if (opt->fallback)
        bf_buf_printf(out, " [%s]", opt->fallback);
}

static void put_option(FILE *out, const struct bf_opt *opt, size_t left_width)
{
    struct bf_buf left, right;
    size_t wide;

    bf_buf_init(&left, 4096);
    bf_buf_init(&right, 4096);
    put_left(&left, opt);
    put_right(&right, opt);
    wide = columns(left.data);
    (void)fputs(left.data, out);
    if (wide > left_width) {
        (void)fputc('\n', out);
        wide = 0;
    }
    put_spaces(out, left_width + INDENT - wide);
    put_wrapped(out, right.data, left_width + INDENT, left_width + INDENT);
    bf_buf_release(&left);
    bf_buf_release(&right);
}

/* The widest left part with text on the same line. */
static size_t measure(const struct bf_opt *table, bool all)
{
    static const struct bf_opt help = {.name = "help", .letter = 'h', .type = BF_OPT_FLAG};
    struct bf_buf left;
    size_t width;

    bf_buf_init(&left, 4096);
    put_left(&left, &help);
    width = columns(left.data);
    for (const struct bf_opt *opt = table; opt->name; opt++) {
        size_t wide;
        if (opt->rare && !all)
            continue;
        bf_buf_clear(&left);
        put_left(&left, opt);
        wide = columns(left.data);
        if (wide > width && wide <= LEFT_MAX)
            width = wide;
    }
    bf_buf_release(&left);
    return width;
}

static void put_examples(FILE *out, const char *examples)
{
    (void)fputs("\nExamples:\n", out);
    while (*examples != '\0') {
        size_t n = strcspn(examples, "\n");
        if (n > 0)
            put_spaces(out, INDENT);
        (void)fwrite(examples, 1, n, out);
        (void)fputc('\n', out);
        examples += n;
        if (*examples == '\n')
            examples++;
    }
}

void bf_opt_help(FILE *out, const struct bf_command_help *command, const struct bf_opt *table, bool all)
{
    static const struct bf_opt none = {.name = NULL};
    struct bf_opt help = {.name = "help", .letter = 'h', .type = BF_OPT_FLAG, .help = "show this text"};
    size_t left_width = measure(table ? table : &none, all);
    size_t n_hidden = 0;

    (void)fputs("Usage: ", out);
    put_wrapped(out, command->synopsis, strlen("Usage: "), strlen("Usage: "));
    put_wrapped(out, command->summary, 0, 0);
    if (command->operands)
        put_wrapped(out, command->operands, 0, 0);
    if (command->examples)
        put_examples(out, command->examples);
    (void)fputs("\nOptions ([default]):\n", out);
    for (const struct bf_opt *opt = table ? table : &none; opt->name; opt++) {
        if (opt->rare && !all)
            n_hidden++;
        else
            put_option(out, opt, left_width);
    }
    put_option(out, &help, left_width);
    if (n_hidden > 0 || ((command->details || command->describe) && !all)) {
        help.name = "help-all";
        help.letter = 0;
        help.help = "show more: rare options and details";
        put_option(out, &help, left_width);
    }
    if (all && command->details) {
        (void)fputc('\n', out);
        put_wrapped(out, command->details, 0, 0);
    }
    if (all && command->describe) {
        struct bf_buf lines;
        bf_buf_init(&lines, SIZE_MAX);
        command->describe(&lines);
        for (char *next = NULL, *line = strtok_r(lines.data, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
            (void)fputc('\n', out);
            put_wrapped(out, line, 0, INDENT);
        }
        bf_buf_release(&lines);
    }
}
