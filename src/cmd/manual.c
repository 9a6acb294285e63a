#include "cmd/manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "base/banned.h"

/* The option table of a command without a call; free(). *values is what its targets point into; free(). */
static struct bf_opt *table_of(const struct bf_command *command, void **values)
{
    *values = bf_alloc(command->values_size);
    return command->options(*values);
}

/* Text into roff: hyphens and backslashes escaped, no line may begin with a control character. */
static void put_roff(FILE *out, const char *text)
{
    bool line_start = true;
    for (const char *p = text; *p; p++) {
        if (line_start && (*p == '.' || *p == '\''))
            fputs("\\&", out);
        if (*p == '\\')
            fputs("\\e", out);
        else if (*p == '-')
            fputs("\\-", out);
        else
            fputc(*p, out);
        line_start = *p == '\n';
    }
}

static void put_option(FILE *out, const struct bf_opt *o)
{
    fputs(".TP\n.B ", out);
    if (o->letter)
        fprintf(out, "\\-%c, ", o->letter);
    fputs("\\-\\-", out);
    put_roff(out, o->name);
    const char *value = o->type == BF_OPT_CHOICE ? o->choices : o->type == BF_OPT_FLAG ? NULL : o->value;
    if (value) {
        fputc(' ', out);
        put_roff(out, value);
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

static void put_command(FILE *out, const struct bf_command *command)
{
    void *values = NULL;
    struct bf_opt *table = table_of(command, &values);
    fputs(".SS ", out);
    put_roff(out, command->help.synopsis);
    fputc('\n', out);
    fputc(toupper((unsigned char)command->help.summary[0]), out);
    put_roff(out, command->help.summary + 1);
    fputs(".\n", out);
    if (command->help.details) {
        fputs(".PP\n", out);
        put_roff(out, command->help.details);
        fputc('\n', out);
    }
    fputs(".PP\n.EX\n", out);
    put_roff(out, command->help.examples);
    fputs(".EE\n", out);
    for (const struct bf_opt *o = table; o->name; o++)
        put_option(out, o);
    free(table);
    free(values);
}

void bf_manual(FILE *out)
{
    fprintf(out, ".TH BIFORGET 1 \"\" \"biforget %s\" \"User Commands\"\n", BF_VERSION);
    fputs(".SH NAME\nbiforget \\- forget sets for machine unlearning, written by the model that is to forget\n"
          ".SH SYNOPSIS\n.B biforget\n.I COMMAND\n[options]\n"
          ".SH DESCRIPTION\nA person names a domain; the target model itself, a GGUF file, writes the data that an unlearning\n"
          "method needs to remove it: seed\\-guided synthesis (Stage I), then membership inference and jailbreak probing\n"
          "(Stage II), after the method of BiForget (arXiv 2601.04278). A run is a folder. It can be interrupted at any moment\n"
          "and resumed; the same model, options and seed give the same bytes.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++)
        put_command(out, bf_commands[i]);
    fputs(".SH FILES\n.TP\n.I DIR/run.db\nthe run: every sample, kept or not, with its provenance (SQLite)\n"
          ".TP\n.I DIR/forget.jsonl\nthe finished forget set, variant both\n"
          ".TP\n.I ~/.cache/biforget\nmodels by name and the built engine\n"
          ".SH ENVIRONMENT\n.TP\n.B BIFORGET_CACHE\nanother cache folder\n.TP\n.B NO_COLOR\nno colour on the terminal\n"
          ".TP\n.B BIFORGET_TIMES\nprint where the time of a run went, as JSON on standard error\n"
          ".SH EXIT STATUS\n0 done; 2 usage; 3 bad input file; 4 model or server; 5 store or disk; 130 interrupted, everything\n"
          "saved.\n"
          ".SH NOTES\nForget sets may hold private or hazardous text: run folders are readable by their owner only, and nothing is\n"
          "uploaded.\n",
          out);
}

static void each_name(FILE *out, const char *prefix, const char *separator)
{
    for (size_t i = 0; bf_commands[i]; i++)
        fprintf(out, "%s%s%s", i ? separator : "", prefix, bf_commands[i]->help.name);
}

static void bash(FILE *out)
{
    fputs("# bash completion for biforget\n_biforget() {\n    local cur=${COMP_WORDS[COMP_CWORD]}\n    local words\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"",
          out);
    each_name(out, "", " ");
    fputs(" --help --version\"\n    else\n        case ${COMP_WORDS[1]} in\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        void *values = NULL;
        struct bf_opt *table = table_of(bf_commands[i], &values);
        fprintf(out, "            %s) words=\"", bf_commands[i]->help.name);
        for (const struct bf_opt *o = table; o->name; o++)
            fprintf(out, "--%s ", o->name);
        fputs("--help\" ;;\n", out);
        free(table);
        free(values);
    }
    fputs("        esac\n    fi\n    case $cur in\n        -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
          "        *) if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "           else COMPREPLY=($(compgen -f -- \"$cur\")); fi ;;\n    esac\n}\ncomplete -F _biforget biforget\n",
          out);
}

/* Text inside single quotes of a shell, without the characters that zsh's and fish's descriptions give a meaning. */
static void put_plain(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++)
        fputc(strchr("'[]:\\\"", *p) ? ' ' : *p, out);
}

static void zsh(FILE *out)
{
    fputs("#compdef biforget\n_biforget() {\n    local -a commands\n    commands=(\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        fprintf(out, "        '%s:", bf_commands[i]->help.name);
        put_plain(out, bf_commands[i]->help.summary);
        fputs("'\n", out);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then _describe command commands; return; fi\n    case $words[2] in\n", out);
    for (size_t i = 0; bf_commands[i]; i++) {
        void *values = NULL;
        struct bf_opt *table = table_of(bf_commands[i], &values);
        fprintf(out, "        %s) _arguments '*:file:_files'", bf_commands[i]->help.name);
        for (const struct bf_opt *o = table; o->name; o++) {
            fprintf(out, " '--%s[", o->name);
            put_plain(out, o->help);
            fputs(o->type == BF_OPT_FLAG ? "]'" : "]:value:_files'", out);
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
        fprintf(out, "complete -c biforget -n __fish_use_subcommand -a %s -d '", name);
        put_plain(out, bf_commands[i]->help.summary);
        fputs("'\n", out);
        void *values = NULL;
        struct bf_opt *table = table_of(bf_commands[i], &values);
        for (const struct bf_opt *o = table; o->name; o++) {
            fprintf(out, "complete -c biforget -n '__fish_seen_subcommand_from %s' -l %s", name, o->name);
            if (o->letter)
                fprintf(out, " -s %c", o->letter);
            fputs(o->type == BF_OPT_FLAG ? " -d '" : " -r -d '", out);
            put_plain(out, o->help);
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
