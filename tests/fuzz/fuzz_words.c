/* Words of any bytes: bounded, and the same whatever the letter case of ASCII and the white space around. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_words words, again;
    char *changed = malloc(size + 2);

    require(changed != NULL);
    changed[0] = ' ';
    for (size_t i = 0; i < size; i++)
        changed[i + 1] = data[i] < 128 ? (char)toupper(data[i]) : (char)data[i];
    changed[size + 1] = '\n';
    bf_words_of(&words, (const char *)data, size);
    bf_words_of(&again, changed, size + 2);
    require(words.n <= 16384 && words.n <= size);
    require(words.n_letters <= words.n_points && words.n_points <= size);
    require(words.n <= words.n_letters);
    require(words.n == again.n && memcmp(words.hashes, again.hashes, words.n * sizeof *words.hashes) == 0);
    for (size_t n = 1; n <= 3; n++)
        for (size_t i = 0; i + n <= words.n && i < 100; i++)
            require(bf_words_gram(&words, i, n) == bf_words_gram(&again, i, n));
    bf_words_release(&words);
    bf_words_release(&again);
    free(changed);
    return 0;
}
