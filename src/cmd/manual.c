#include "cmd/manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/print.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "base/banned.h"

/* The option table of a command without a call; free(). *values is what its targets point into; free(). */
static struct bf_opt *table_of(const struct bf_command *command, void **values)
{
    *values = bf_alloc(command->values_size);
    return command->options(*values);
}

/* What roff would print as a typographic sign; a command copied from the page must still work. */
static const char *roff_escape(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    case '|': /* a long list of choices may end a line after each */
        return "|\\:";
    default:
        return NULL;
    }
}

/* Text into roff; no line may begin with a control character. */
static void put_roff(FILE *out, const char *text)
{
    bool line_start = true;
    for (const char *p = text; *p; p++) {
        const char *escape = roff_escape(*p);
        if (line_start && *p == '.')
            fputs("\\&", out);
        if (escape)
            fputs(escape, out);
        else
            fputc(*p, out);
        line_start = *p == '\n';
    }
}

static void put_option(FILE *out, const struct bf_opt *o)
{
    fputs(".TP\n", out);
    if (o->letter)
        bf_print(out, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", out);
    put_roff(out, o->name);
    fputs("\\fR", out);
    const char *value = o->type == BF_OPT_CHOICE ? o->choices : bf_opt_value_word(o);
    if (value[0]) {
        fputs(" \\fI", out);
        put_roff(out, value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_roff(out, o->help);
    if (o->unit && strcmp(o->unit, "%") != 0) {
        fputs(", in ", out);
        put_roff(out, o->unit);
    }
    if (o->fallback) {
        fputs(" (default: ", out);
        put_roff(out, o->fallback);
        fputc(')', out);
    }
    fputs(".\n", out);
}

/* Running text; a line that ends a sentence ends a paragraph. */
static void put_paragraphs(FILE *out, const char *text)
{
    const size_t n = strlen(text);
    char *line = bf_alloc(n + 1);
    for (const char *p = text; *p;) {
        const size_t length = strcspn(p, "\n");
        memcpy(line, p, length);
        line[length] = '\0';
        p += length + (p[length] == '\n');
        put_roff(out, line);
        fputs(*p && length > 0 && line[length - 1] == '.' ? "\n.PP\n" : "\n", out);
    }
    free(line);
}

static void put_header(FILE *out, const char *page)
{
    fputs(".TH ", out);
    for (const char *p = page; *p; p++)
        fputc(toupper((unsigned char)*p), out);
    /* Ragged on the right: a long list of choices has no space to stretch. */
    bf_print(out, " 1 \"\" \"biforget %s\" \"User Commands\"\n.ad l\n.SH NAME\n", BF_VERSION);
    put_roff(out, page);
    fputs(" \\- ", out);
}

/* Does `text` send the reader to 'biforget NAME'? NULL does not. */
static bool names(const char *text, const char *name)
{
    static const char program[] = "biforget ";
    const size_t n = strlen(name);
    for (const char *p = text ? strstr(text, program) : NULL; p; p = strstr(p, program)) {
        p += sizeof program - 1;
        if (strncmp(p, name, n) == 0 && !isalnum((unsigned char)p[n]))
            return true;
    }
    return false;
}

static bool leads_to(const struct bf_command *from, const struct bf_opt *table, const char *name)
{
    const struct bf_command_help *help = &from->help;
    bool found = names(help->details, name) || names(help->operands, name) || names(help->examples, name);
    for (const struct bf_opt *o = table; o->name && !found; o++)
        found = names(o->help, name) || names(o->fallback, name);
    return found;
}

static void put_page_name(FILE *out, const char *name, const char *after)
{
    fputs(".BR biforget\\-", out);
    bf_print(out, "%s (1)%s\n", name, after);
}

/* biforget(1), and the commands that the page names. */
static void put_see_also(FILE *out, const struct bf_command *command, const struct bf_opt *table)
{
    fputs(".SH SEE ALSO\n.BR biforget (1)", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        const char *name = bf_commands[i]->help.name;
        if (bf_commands[i] == command || !leads_to(command, table, name))
            continue;
        fputs(",\n.BR biforget\\-", out);
        bf_print(out, "%s (1)", name);
    }
    fputc('\n', out);
}

/* "biforget NAME" is bold, the rest is not. */
static void put_synopsis(FILE *out, const struct bf_command_help *help)
{
    const char *rest = strstr(help->synopsis, help->name) + strlen(help->name);
    bf_print(out, ".SH SYNOPSIS\n.B biforget %s\n", help->name);
    if (rest[0] == ' ') {
        put_roff(out, rest + 1);
        fputc('\n', out);
    }
}

void bf_manual_command(FILE *out, const struct bf_command *command)
{
    const struct bf_command_help *help = &command->help;
    void *values = NULL;
    struct bf_opt *table = table_of(command, &values);
    char page[64];
    snprintf(page, sizeof page, "biforget-%s", help->name);
    put_header(out, page);
    put_roff(out, help->summary);
    fputc('\n', out);
    put_synopsis(out, help);
    fputs(".SH DESCRIPTION\n", out);
    fputc(toupper((unsigned char)help->summary[0]), out);
    put_roff(out, help->summary + 1);
    fputs(".\n", out);
    if (help->operands) {
        fputs(".PP\n", out);
        put_roff(out, help->operands);
        fputs(".\n", out);
    }
    if (help->details) {
        fputs(".PP\n", out);
        put_paragraphs(out, help->details);
    }
    if (help->describe) {
        struct bf_buf lines;
        bf_buf_init(&lines, SIZE_MAX);
        help->describe(&lines);
        for (char *next = NULL, *line = strtok_r(lines.data, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
            fputs(".PP\n", out);
            put_roff(out, line);
            fputc('\n', out);
        }
        bf_buf_release(&lines);
    }
    fputs(".SH OPTIONS\n", out);
    for (const struct bf_opt *o = table; o->name; o++)
        put_option(out, o);
    fputs(".SH EXAMPLES\n.EX\n", out);
    put_roff(out, help->examples);
    fputs(".EE\n.SH EXIT STATUS\nAs for all commands:\n.BR biforget (1)\nlists it, the environment and the files.\n",
          out);
    put_see_also(out, command, table);
    free(table);
    free(values);
}

static void put_commands(FILE *out)
{
    fputs(".SH COMMANDS\nEach has a page of its own.\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        fputs(".TP\n", out);
        put_page_name(out, bf_commands[i]->help.name, "");
        put_roff(out, bf_commands[i]->help.summary);
        fputc('\n', out);
    }
}

void bf_manual(FILE *out)
{
    put_header(out, "biforget");
    fputs("forget sets for machine unlearning, written by the model that is to forget\n"
          ".SH SYNOPSIS\n.B biforget\n.I COMMAND\n[options]\n"
          ".SH DESCRIPTION\nA person names a domain; the target model itself, a GGUF file, writes the data that an "
          "unlearning\n"
          "method needs to remove it: seed\\-guided synthesis (Stage I), then membership inference and jailbreak "
          "probing\n"
          "(Stage II), after the method of BiForget (arXiv 2601.04278). A run is a folder. It can be interrupted at "
          "any moment\n"
          "and resumed. Where\n.B biforget doctor\ncalls a model stable, the same model file, options and seed give "
          "the same bytes.\n"
          ".PP\nResults go to standard output, everything else to standard error. Each command has\n.B \\-\\-help\n"
          "(the usual options) and\n.B \\-\\-help\\-all\n(all of them). An option without a value also has its "
          "opposite, as\n"
          ".BR \\-\\-no\\-filter\\-echo .\n",
          out);
    put_commands(out);
    fputs(".SH FILES\n.TP\n.I DIR/run.db\nthe run: every sample, kept or not, with its provenance (SQLite)\n"
          ".TP\n.I DIR/forget.jsonl\nthe finished forget set, variant both\n"
          ".TP\n.I DIR/retain.jsonl\nthe retain set, when one was asked for\n"
          ".TP\n.I DIR/report.html\nthe run as a page that opens offline\n"
          ".TP\n.I DIR/unlearned\\-METHOD.gguf, DIR/closed\\-loop.json\nwith\n.BR \\-\\-then :\n"
          "the model that forgot; what was done, and the numbers before and after\n"
          ".TP\n.I DIR/run.lock\nheld by the process that writes the run\n"
          ".TP\n.I \\(ti/.cache/biforget\nmodels by name and the built engine\n"
          ".SH ENVIRONMENT\n.TP\n.B BIFORGET_CACHE\nthe cache folder; without it\n.I "
          "$XDG_CACHE_HOME/biforget\nis used, if that is set\n"
          ".TP\n.B BIFORGET_API_KEY\nthe key for the server of\n.B \\-\\-api\n"
          ".TP\n.B GOMP_SPINCOUNT, OMP_WAIT_POLICY\nhow long threads spin at a barrier; without either the program "
          "sets the first to 5000, which keeps it\nusable on a machine that has other work\n"
          ".TP\n.B NO_COLOR\nno colour on the terminal\n"
          ".TP\n.B BIFORGET_TIMES\nprint where the time of a run went, as JSON on standard error\n"
          ".SH EXIT STATUS\n.TP\n.B 0\ndone, also when the reader of a pipe has gone\n.TP\n.B 2\nusage\n.TP\n.B 3\nbad "
          "input file\n.TP\n.B 4\nmodel or server, or a crash; where core dumps are on (ulimit \\-c) a crash ends with "
          "its signal\n"
          ".TP\n.B 5\nstore or disk\n"
          ".TP\n.B 6\nunlearn: no checkpoint keeps the limit of \\-\\-retain\\-accuracy\\-drop, no model is written\n"
          ".TP\n.B 130\ninterrupted by Ctrl\\-C, SIGTERM or a terminal that was closed "
          "(SIGHUP); the last line says how "
          "to resume. What was done is saved, but for\n"
          ".BR biforget\\-eval (1),\nwhich starts over\n"
          ".SH NOTES\nForget sets may hold private or hazardous text: run folders are readable by their owner only, "
          "and nothing is\n"
          "uploaded.\n"
          ".SH SEE ALSO\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++)
        put_page_name(out, bf_commands[i]->help.name, bf_commands[i + 1] ? "," : "");
}

static void each_name(FILE *out, const char *prefix, const char *separator)
{
    for (size_t i = 0; bf_commands[i]; i++)
        bf_print(out, "%s%s%s", i ? separator : "", prefix, bf_commands[i]->help.name);
}

/* "quick|paper" as the words of a shell. */
static void put_choices(FILE *out, const char *choices)
{
    for (const char *p = choices; *p; p++)
        fputc(*p == '|' ? ' ' : *p, out);
}

/* One command's options, and for those with a choice the words after them. */
static void bash_command(FILE *out, const struct bf_command *command)
{
    void *values = NULL;
    struct bf_opt *table = table_of(command, &values);
    bf_print(out, "            %s)\n                words=\"", command->help.name);
    for (const struct bf_opt *o = table; o->name; o++)
        bf_print(out, "--%s ", o->name);
    fputs("--help --help-all\"\n                case $previous in\n", out);
    for (const struct bf_opt *o = table; o->name; o++) {
        if (o->type != BF_OPT_CHOICE)
            continue;
        bf_print(out, "                    --%s", o->name);
        if (o->letter)
            bf_print(out, " | -%c", o->letter);
        fputs(") choices=\"", out);
        put_choices(out, o->choices);
        fputs("\" ;;\n", out);
    }
    fputs("                esac\n                ;;\n", out);
    free(table);
    free(values);
}

static void bash(FILE *out)
{
    fputs("# bash completion for biforget\n_biforget() {\n    local cur=${COMP_WORDS[COMP_CWORD]} "
          "previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local words= choices= commands=\"",
          out);
    each_name(out, "", " ");
    fputs("\"\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        choices=\"$commands --help --version\"\n    else\n"
          "        case ${COMP_WORDS[1]} in\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++)
        bash_command(out, bf_commands[i]);
    fputs("        esac\n    fi\n"
          "    if [ \"${COMP_WORDS[1]}\" = help ] && [ \"$COMP_CWORD\" -eq 2 ] && [ \"${cur#-}\" = \"$cur\" ]; then "
          "choices=$commands; fi\n"
          "    if [ -n \"$choices\" ]; then\n        COMPREPLY=($(compgen -W \"$choices\" -- \"$cur\"))\n"
          "    elif [ \"${cur#-}\" != \"$cur\" ]; then\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    else\n        COMPREPLY=()\n    fi\n}\ncomplete -o default -F _biforget biforget\n",
          out);
}

/* Text inside single quotes of a shell, which an apostrophe has to leave: '\''. What is `special` gets a backslash. */
static void put_quoted(FILE *out, const char *text, const char *special)
{
    for (const char *p = text; *p; p++) {
        if (strchr(special, *p))
            fputc('\\', out);
        if (*p == '\'')
            fputs("'\\''", out);
        else
            fputc(*p, out);
    }
}

/* zsh's _arguments reads a description to the next bracket; a backslash is one for fish even in single quotes. */
static const char zsh_special[] = "\\[]", fish_special[] = "\\";

static void zsh(FILE *out)
{
    fputs("#compdef biforget\n_biforget() {\n    local -a commands\n    commands=(\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        bf_print(out, "        '%s:", bf_commands[i]->help.name);
        put_quoted(out, bf_commands[i]->help.summary, "");
        fputs("'\n", out);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then _describe command commands; return; fi\n    case $words[2] in\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++) {
        void *values = NULL;
        struct bf_opt *table = table_of(bf_commands[i], &values);
        bf_print(out, "        %s) _arguments '*:file:_files'", bf_commands[i]->help.name);
        for (const struct bf_opt *o = table; o->name; o++) {
            bf_print(out, " '--%s[", o->name);
            put_quoted(out, o->help, zsh_special);
            if (o->type == BF_OPT_CHOICE) {
                fputs("]:value:(", out);
                put_choices(out, o->choices);
                fputs(")'", out);
            } else {
                fputs(o->type == BF_OPT_FLAG ? "]'" : "]:value:_files'", out);
            }
        }
        fputs(" ;;\n", out);
        free(table);
        free(values);
    }
    fputs("    esac\n}\n_biforget \"$@\"\n", out);
}

static void fish(FILE *out)
{
    fputs("# fish completion for biforget\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        const char *name = bf_commands[i]->help.name;
        bf_print(out, "complete -c biforget -n __fish_use_subcommand -a %s -d '", name);
        put_quoted(out, bf_commands[i]->help.summary, fish_special);
        fputs("'\n", out);
        void *values = NULL;
        struct bf_opt *table = table_of(bf_commands[i], &values);
        for (const struct bf_opt *o = table; o->name; o++) {
            bf_print(out, "complete -c biforget -n '__fish_seen_subcommand_from %s' -l %s", name, o->name);
            if (o->letter)
                bf_print(out, " -s %c", o->letter);
            if (o->type == BF_OPT_CHOICE) {
                fputs(" -x -a '", out);
                put_choices(out, o->choices);
                fputs("' -d '", out);
            } else {
                fputs(o->type == BF_OPT_FLAG ? " -d '" : " -r -d '", out);
            }
            put_quoted(out, o->help, fish_special);
            fputs("'\n", out);
        }
        free(table);
        free(values);
    }
}

void bf_completion(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(out);
    else
        fish(out);
}
