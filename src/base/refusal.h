/* Refusals of a model, by their beginnings. */
#ifndef BF_BASE_REFUSAL_H
#define BF_BASE_REFUSAL_H
#include <stdbool.h>

/* Is it a refusal: an apology or an inability at the start, or "as an AI"? In English, Spanish, French, German,
 * Portuguese, Italian, Russian, Chinese, Japanese, Korean, Arabic and Hindi. Reads the first 4 KiB. */
bool bf_is_refusal(const char *text);

#endif
