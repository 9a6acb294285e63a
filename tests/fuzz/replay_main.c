/* Runs a fuzz target without libFuzzer: on each file of the corpus folder given (none is fine), on every prefix of the
 * small ones, and on a built-in list of nasty inputs. So each fuzz target is an ordinary test too, and a crash once
 * found stays found. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MAX_FILE (1U << 20)
#define MAX_PREFIXES 512U

/* From an allocation of exactly n bytes, so that the address sanitizer sees a read past the end. */
static void run_one(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    if (n) {
        memcpy(copy, data, n);
    }
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

#define NASTY(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
static const struct {
    const char *data;
    size_t n;
} nasty[] = {
    NASTY(""),
    NASTY("\0"),
    NASTY("\0\0\0\0\0\0\0\0"),
    NASTY("\n\n\n"),
    NASTY("\r\n\r"),
    NASTY(" \t\v\f "),
    NASTY("\xEF\xBB\xBF"),                         /* a byte order mark alone */
    NASTY("\xC0\x80\xED\xA0\x80\xF4\x90\x80\x80"), /* overlong NUL, surrogate, beyond U+10FFFF */
    NASTY("\xE2\x82"),                             /* cut in the middle of a character */
    NASTY("\xFF\xFE\xFD"),
    NASTY("{"),
    NASTY("{}"),
    NASTY("[]"),
    NASTY("null"),
    NASTY("{\"text\":\"a\\u0000b\"}"),
    NASTY("{\"text\":\"a\",\"text\":\"b\"}"),
    NASTY("{\"text\":\"\\ud800\"}"),
    NASTY("{\"text\":1e999}"),
    NASTY("{\"n\":-9223372036854775809}"),
    NASTY("{\"question\":\"q\"}"),
    NASTY("\"unclosed"),
    NASTY("a,b\n\"c\"\"d\",\"e\nf\"\n\"g"),
    NASTY("a,,\n,,,\n"),
    NASTY("{point}{topic}{sentence}{unknown}{"),
    NASTY("%s%n%p%d"),
    NASTY("../../../etc/passwd"),
    NASTY("-1"),
    NASTY("18446744073709551616"),
    NASTY("nan inf -inf 0x1p-1074"),
    NASTY("1. \n2) \n- \n* \n\xE2\x80\xA2 \n"),
    NASTY("<|im_start|>user\n<|im_end|><s></s>[INST]"),
};

static size_t run_nasty(void)
{
    size_t count = sizeof nasty / sizeof nasty[0];
    for (size_t i = 0; i < count; i++) {
        run_one((const uint8_t *)nasty[i].data, nasty[i].n);
    }
    /* Deep nesting and long runs: stack use and caps. */
    static const char fills[] = {'[', '{', '"', '\\', 'a', ',', '\n', (char)0xFF};
    static uint8_t big[100000];
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(big, fills[i], sizeof big);
        run_one(big, sizeof big);
    }
    return count + sizeof fills;
}

/* Whole, and cut short at each place: what a crash in the middle of a write leaves. */
static size_t run_file(const char *path)
{
    size_t runs = 0;
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(MAX_FILE);
    if (!f || !data) {
        fprintf(stderr, "cannot read '%s'\n", path);
        exit(1);
    }
    size_t n = fread(data, 1, MAX_FILE, f);
    run_one(data, n);
    runs++;
    for (size_t cut = 0; n <= 4096 && cut < n && cut < MAX_PREFIXES; cut++) {
        run_one(data, cut);
        runs++;
    }
    free(data);
    (void)fclose(f);
    return runs;
}

static size_t run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t runs = 0;
    if (!dir) {
        if (errno == ENOENT) {
            return 0;
        }
        fprintf(stderr, "cannot read the folder '%s'\n", folder);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof path) {
            fprintf(stderr, "a path in '%s' is too long\n", folder);
            exit(1);
        }
        runs += run_file(path);
    }
    (void)closedir(dir);
    return runs;
}

int main(int argc, char **argv)
{
    size_t runs = run_nasty();
    for (int i = 1; i < argc; i++) {
        runs += run_folder(argv[i]);
    }
    printf("%zu inputs\n", runs);
    return 0;
}
