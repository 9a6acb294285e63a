/* What the fuzz targets of the instance formats share: any bytes as such a file. What is yielded is clean, the error
 * says where, and neither depends on how the bytes arrive. */
#ifndef BF_TESTS_INSTANCE_TARGET_H
#define BF_TESTS_INSTANCE_TARGET_H
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "request/instance_internal.h"

static inline void require(bool held)
{
    if (!held)
        abort();
}

static inline void require_clean(const char *text)
{
    size_t n = strlen(text), length;
    uint32_t cp = 0;

    require(n > 0);
    for (size_t i = 0; i < n; i += length) {
        length = bf_utf8_decode(text + i, n - i, &cp);
        require(length > 0 && (!bf_utf8_is_control(cp) || cp == '\n' || cp == '\t'));
        require(!bf_utf8_is_space(cp) || (i > 0 && i + length < n));
    }
}

/* The end of a reading: its numbers, its error, and a hash over what was yielded. */
struct reading {
    struct bf_instance_stats stats;
    enum bf_status status;
    char error[BF_ERR_TEXT_MAX];
    uint64_t hash;
};

static inline void read_instances(int fd, size_t chunk, const struct bf_instance_options *options, struct reading *out)
{
    struct bf_instance_file *file = NULL;
    struct bf_instance instance;
    struct bf_err err = BF_ERR_INIT;
    bool more = true;

    memset(out, 0, sizeof *out);
    require(lseek(fd, 0, SEEK_SET) == 0);
    require(bf_instance_file_from_fd(fd, "fuzz", chunk, options, &file, &err) == BF_OK);
    for (;;) {
        out->status = bf_instance_file_next(file, &instance, &more, &err);
        if (out->status != BF_OK || !more)
            break;
        require_clean(instance.text);
        require(strlen(instance.text) <= options->max_text);
        require(instance.index + 1 == bf_instance_file_stats(file)->n_good && instance.record > instance.index);
        require(instance.line >= 1 && (instance.question != NULL) == (instance.answer != NULL));
        if (instance.question) {
            require_clean(instance.question);
            require_clean(instance.answer);
        }
        out->hash = out->hash * 31 + bf_hash64(instance.text, strlen(instance.text)) + (uint64_t)instance.line;
    }
    out->stats = *bf_instance_file_stats(file);
    require(!more);
    require((out->status == BF_OK) == (err.status == BF_OK));
    if (out->status != BF_OK)
        require(out->status == BF_INPUT && err.text[0] != '\0' && bf_utf8_valid(err.text, strlen(err.text)));
    require((out->stats.n_bad > 0) == (out->stats.first_bad[0] != '\0'));
    memcpy(out->error, err.text, sizeof out->error);
    /* After the end it stays at the end. */
    if (out->status == BF_OK)
        require(bf_instance_file_next(file, &instance, &more, &err) == BF_OK && !more && !instance.text);
    bf_instance_file_close(file);
}

static inline void fuzz_instances(const uint8_t *data, size_t size, enum bf_instance_format format, bool paragraphs)
{
    struct bf_instance_options options = {
        .format = format, .paragraphs = paragraphs, .skip_bad = true, .max_text = 1000};
    struct reading whole, pieces, strict;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    read_instances(fd, BF_SOURCE_CHUNK, &options, &whole);
    read_instances(fd, 3 + (size > 0 ? data[size / 2] % 13U : 0), &options, &pieces);
    require(whole.status == pieces.status && whole.hash == pieces.hash && strcmp(whole.error, pieces.error) == 0);
    require(whole.stats.n_good == pieces.stats.n_good && whole.stats.n_bad == pieces.stats.n_bad);
    require(whole.stats.n_blank == pieces.stats.n_blank && whole.stats.n_pairs == pieces.stats.n_pairs);
    require(strcmp(whole.stats.first_bad, pieces.stats.first_bad) == 0);
    /* Without --skip-bad the reading ends at the first bad record, with its sentence. */
    options.skip_bad = false;
    read_instances(fd, BF_SOURCE_CHUNK, &options, &strict);
    if (whole.stats.n_bad > 0) {
        size_t n = strlen(whole.stats.first_bad);
        require(strict.status == BF_INPUT && strict.stats.n_bad == 1);
        require(strncmp(strict.error, whole.stats.first_bad, n < 900 ? n : 900) == 0);
    } else {
        require(strict.status == whole.status && strict.hash == whole.hash);
    }
    require(close(fd) == 0);
}

#endif
