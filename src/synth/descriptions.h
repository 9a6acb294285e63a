/* What answers say about a name: whether two of them say the same, and whether one connects it with the domain. */
#ifndef BF_SYNTH_DESCRIPTIONS_H
#define BF_SYNTH_DESCRIPTIONS_H
#include <stdbool.h>

/* Do two answers about the same name say the same? They share at least two content words, and at least three tenths of
 * the shorter one's. Words of `question`, small and ordinary words do not count; a refusal agrees with nothing. */
bool bf_descriptions_agree(const char *question, const char *a, const char *b);

/* Has the topic words by which an answer can name it? "NBA" has none: words of three letters are in any text. */
bool bf_topic_has_words(const char *topic);
/* Does the name itself have all of the topic's words? "Solar System bodies" does not have to be asked about. */
bool bf_name_holds_topic(const char *topic, const char *name);
/* Has it one of the topic's words, in this form or a near one? "Greece" is a word of "Greek mythology". */
bool bf_name_shares_topic(const char *topic, const char *name);
/* Does an answer to a question about `name`, which does not mention the topic, name it? It has half of the topic's
 * words or more, in this form or a near one ("Greek", "Greece"). Words of the name do not count, nor near forms of
 * them; when it has some of the topic's words, the others are enough. A refusal names nothing. */
bool bf_description_names(const char *topic, const char *name, const char *answer);

#endif
