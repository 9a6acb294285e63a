/* Letters and their case, independent of the locale: Latin with diacritics, Greek, Cyrillic, Armenian. Other scripts
 * with case (Adlam, Deseret, ...) are treated as caseless: none of their letters is a capital. */
#ifndef BF_BASE_LETTER_CASE_H
#define BF_BASE_LETTER_CASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

bool bf_letter_is(uint32_t cp); /* a letter, or a mark that belongs to one; not a digit */
bool bf_letter_is_upper(uint32_t cp);
bool bf_letter_is_cased(uint32_t cp); /* is it in one of the scripts with case? */
/* Is it in a script without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Chinese characters. */
bool bf_letter_is_unspaced(uint32_t cp);
bool bf_letter_is_mark(uint32_t cp); /* combining diacritic, U+0300..036F */
/* A decimal digit of the common scripts: its value 0..9; else -1. */
int bf_letter_digit(uint32_t cp);
uint32_t bf_letter_lower(uint32_t cp); /* the code point itself when it has no lower case */
/* Append s folded for comparison: lower case, Latin diacritics and combining marks gone ("Zoë" and "Zoe" agree,
 * composed or not), final sigma as sigma, apostrophes plain. Invalid bytes are kept as they are. */
void bf_letter_fold(struct bf_buf *out, const char *s, size_t n);
/* Append the text in lower case (letters of scripts that have it). Invalid bytes stay. */
void bf_text_lower(struct bf_buf *out, const char *text, size_t n_bytes);

#endif
